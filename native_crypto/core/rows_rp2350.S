// SPDX-License-Identifier: GPL-2.0-or-later
// Products and Montgomery reductions of whole blocks of four words for Cortex-M33, four rows at a time.
//
// Both add x * y to a sum, for y of four words (four rows of the schoolbook method). UMAAL adds two words to
// a product without overflow; a column takes four of them, two loads and one store, where one row at a time takes
// two loads and a store per UMAAL. No branch and no address depends on the numbers, only on their lengths.

    .syntax unified
    .cpu cortex-m33
    .thumb
    .section .text.crypto_rows, "ax", %progbits

// One column: add y * x[j] to the sum from word j on. w0..w3: the sum above word j so far; in: `carry` is word j
// of the sum as stored, `x` is x[j]; out: word j stored, `carry` is the new top word. Meanwhile the next word of x
// is loaded, and the next of the sum into w0, so that no instruction waits for the one before it.
.macro COLUMN w0, w1, w2, w3, carry, x, next_x, last=0
    umaal \w0, \carry, r4, \x
    ldr \next_x, [r1], #4
    umaal \w1, \carry, r5, \x
    str \w0, [r0], #4
    umaal \w2, \carry, r6, \x
    .if \last == 0
    ldr \w0, [r0]
    .endif
    umaal \w3, \carry, r7, \x
.endm

// sum += x * y for all r3 words of x, a multiple of 4. r0: sum; r1: x; r4-r7: y. Leaves r0 behind the words that
// are stored, and the four words above them in r8-r11, where what was stored in the sum is not added.
// Reads one word behind x and does not use it. Changes r1-r3, r8-r12, lr.
.macro ADD_ROWS
    ldr r2, [r1], #4
    ldr r12, [r0]
    mov r8, #0
    mov r9, #0
    mov r10, #0
    mov r11, #0
1:
    COLUMN r8, r9, r10, r11, r12, r2, lr
    COLUMN r9, r10, r11, r12, r8, lr, r2
    COLUMN r10, r11, r12, r8, r9, r2, lr
    COLUMN r11, r12, r8, r9, r10, lr, r2, last=1
    // The registers have moved on by four of five: back by one.
    mov r11, r10
    mov r10, r9
    mov r9, r8
    mov r8, r12
    ldr r12, [r0]
    subs r3, r3, #4
    bne 1b
.endm

// void crypto_rows_product(crypto_word_t *r, const crypto_word_t *a, const crypto_word_t *b, size_t words)
    .global crypto_rows_product
    .type crypto_rows_product, %function
    .thumb_func
    .align 2
crypto_rows_product:
    push {r4-r11, lr}
    push {r0-r3, r12}       // [sp]: r + 4 i; 4: a; 8: b + 4 i; 12: words; 16: words - 4 i
    str r3, [sp, #16]
    movs r4, #0
    movs r5, #0
    movs r6, #0
    movs r7, #0
2:
    stm r0!, {r4-r7}
    subs r3, r3, #4
    bne 2b
3:
    ldrd r0, r1, [sp]
    ldrd r2, r3, [sp, #8]
    ldm r2!, {r4-r7}
    str r2, [sp, #8]
    ADD_ROWS
    stm r0, {r8-r11}
    ldr r0, [sp]
    ldr r3, [sp, #16]
    adds r0, #16
    str r0, [sp]
    subs r3, r3, #4
    str r3, [sp, #16]
    bne 3b
    add sp, sp, #20
    pop {r4-r11, pc}
    .size crypto_rows_product, . - crypto_rows_product

// crypto_word_t crypto_rows_reduce(crypto_word_t *a, const crypto_word_t *m, crypto_word_t minus_inverse, size_t words)
    .global crypto_rows_reduce
    .type crypto_rows_reduce, %function
    .thumb_func
    .align 2
crypto_rows_reduce:
    push {r4-r11, lr}
    movs r4, #0
    mov r5, r3
    push {r0-r5}            // [sp]: a + 4 i; 4: m; 8: minus_inverse; 12: words; 16: carry; 20: words - 4 i
4:
    // r4-r7: the multiple of m that clears the lowest four words, whose carries among each other are needed for it.
    ldrd r0, r1, [sp]
    ldm r0, {r8-r11}
    ldm r1, {r2, r3, r12, lr}
    ldr r1, [sp, #8]
    mul r4, r8, r1
    mov r0, #0
    umaal r8, r0, r4, r2
    umaal r9, r0, r4, r3
    mla r11, r4, lr, r11
    umaal r10, r0, r4, r12
    mul r5, r9, r1
    add r11, r11, r0
    mov r0, #0
    umaal r9, r0, r5, r2
    mla r11, r5, r12, r11
    umaal r10, r0, r5, r3
    mul r6, r10, r1
    add r11, r11, r0
    mov r0, #0
    mla r11, r6, r3, r11
    umaal r10, r0, r6, r2
    add r11, r11, r0
    mul r7, r11, r1
    ldrd r0, r1, [sp]
    ldr r3, [sp, #12]
    ADD_ROWS
    ldr r3, [sp, #16]
    ldm r0, {r4-r7}
    lsrs r3, r3, #1
    adcs r4, r4, r8
    adcs r5, r5, r9
    adcs r6, r6, r10
    adcs r7, r7, r11
    mov r3, #0
    adc r3, r3, #0
    stm r0, {r4-r7}
    str r3, [sp, #16]
    ldr r0, [sp]
    ldr r3, [sp, #20]
    adds r0, #16
    str r0, [sp]
    subs r3, r3, #4
    str r3, [sp, #20]
    bne 4b
    ldr r0, [sp, #16]
    add sp, sp, #24
    pop {r4-r11, pc}
    .size crypto_rows_reduce, . - crypto_rows_reduce

// crypto_word_t crypto_rows_add(crypto_word_t *sum, const crypto_word_t *number, crypto_word_t factor, size_t words)
    .global crypto_rows_add
    .type crypto_rows_add, %function
    .thumb_func
    .align 2
crypto_rows_add:
    push {r4-r8, lr}
    mov r12, #0             // the word above so far
5:
    ldm r1!, {r4, r5}
    ldrd r6, r7, [r0]
    umaal r6, r12, r4, r2
    ldm r1!, {r4, lr}
    umaal r7, r12, r5, r2
    ldrd r5, r8, [r0, #8]
    umaal r5, r12, r4, r2
    strd r6, r7, [r0], #8
    umaal r8, r12, lr, r2
    subs r3, r3, #4
    strd r5, r8, [r0], #8
    bne 5b
    mov r0, r12
    pop {r4-r8, pc}
    .size crypto_rows_add, . - crypto_rows_add
