// SPDX-License-Identifier: GPL-2.0-or-later
// Montgomery reductions of whole blocks of four words for Cortex-M0+, row by row.
//
// A product of two words takes four multiplications of halves. Per word of a row 30 cycles, where the library's
// loops take 37 to 56. No branch and no address depends on the numbers, only on their lengths.

    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .text.crypto_rows, "ax", %progbits

// (r8, [r0]) = [r1] * (r7 << 16 | r6) + [r0] + r8; both pointers go on by a word. Changes r2-r5.
.macro WORD
    ldm r1!, {r2}
    uxth r3, r2
    lsrs r2, r2, #16
    movs r4, r3
    muls r4, r6             // low product
    muls r3, r7
    movs r5, r2
    muls r5, r6
    muls r2, r7             // high product
    adds r3, r5             // the middle: 33 bits
    movs r5, #0
    adcs r5, r5
    lsls r5, r5, #16
    adds r2, r5
    lsls r5, r3, #16
    lsrs r3, r3, #16
    adds r4, r5
    adcs r2, r3
    ldr r3, [r0]
    mov r5, r8
    adds r4, r3
    movs r3, #0
    adcs r2, r3
    adds r4, r5
    adcs r2, r3
    mov r8, r2
    stm r0!, {r4}
.endm

// sum += x * r6 for all words of x up to r9, a multiple of 4. r0: sum; r1: x. Leaves r0 behind the words that are
// stored, and the word above them in r2 and r8, where what was stored in the sum is not added.
    .type add_row, %function
    .thumb_func
    .align 2
add_row:
    lsrs r7, r6, #16
    uxth r6, r6
    movs r2, #0
    mov r8, r2
1:
    WORD
    WORD
    WORD
    WORD
    cmp r1, r9
    bne 1b
    bx lr
    .size add_row, . - add_row

// crypto_word_t crypto_rows_add(crypto_word_t *sum, const crypto_word_t *number, crypto_word_t factor, size_t words)
    .global crypto_rows_add
    .type crypto_rows_add, %function
    .thumb_func
    .align 2
crypto_rows_add:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    push {r4, r5}
    lsls r3, r3, #2
    adds r3, r1
    mov r9, r3
    movs r6, r2
    bl add_row
    movs r0, r2
    pop {r4, r5}
    mov r8, r4
    mov r9, r5
    pop {r4-r7, pc}
    .size crypto_rows_add, . - crypto_rows_add

// crypto_word_t crypto_rows_reduce(crypto_word_t *a, const crypto_word_t *m, crypto_word_t minus_inverse, size_t words)
    .global crypto_rows_reduce
    .type crypto_rows_reduce, %function
    .thumb_func
    .align 2
crypto_rows_reduce:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    lsls r3, r3, #2
    adds r4, r1, r3
    mov r9, r4              // end of m
    mov r10, r1
    adds r4, r0, r3
    mov r11, r4             // end of the lower half
    movs r3, #0
    mov r12, r3             // carry above the sum
    push {r0, r2}           // [sp]: a + i; 4: minus_inverse
4:
    ldr r0, [sp]
    ldr r6, [sp, #4]
    ldr r2, [r0]
    mov r1, r10
    muls r6, r2             // the multiple of m that clears the lowest word
    bl add_row
    ldr r3, [r0]
    movs r4, #0
    adds r2, r3
    adcs r4, r4
    mov r3, r12
    movs r5, #0
    adds r2, r3
    adcs r4, r5
    str r2, [r0]
    mov r12, r4
    ldr r0, [sp]
    adds r0, #4
    str r0, [sp]
    cmp r0, r11
    bne 4b
    mov r0, r12
    add sp, #8
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .size crypto_rows_reduce, . - crypto_rows_reduce
