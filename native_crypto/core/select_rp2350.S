// SPDX-License-Identifier: GPL-2.0-or-later
// One row of a secret number out of a table for Cortex-M33: all rows are read, one is kept.
//
// Eight sums stay in registers while the rows pass; every word costs a load and a multiplication by 0 or -1.

    .syntax unified
    .cpu cortex-m33
    .thumb
    .section .text.crypto_select, "ax", %progbits

// void crypto_select_row(crypto_word_t *row, const crypto_word_t *table, size_t rows, size_t groups,
//                        crypto_word_t index)
    .global crypto_select_row
    .type crypto_select_row, %function
    .thumb_func
    .align 2
crypto_select_row:
    push {r4-r11, lr}
    push {r0, r2, r3}       // [sp]: row; 4: rows; 8: groups left; 48: index
1:
    ldr r2, [sp, #4]
    ldr lr, [sp, #48]
    mov r4, #0
    mov r5, #0
    mov r6, #0
    mov r7, #0
    mov r8, #0
    mov r9, #0
    mov r10, #0
    mov r11, #0
2:
    // r3: -1 where the count down from index borrows, at its row alone.
    ldr r0, [r1], #32
    subs lr, lr, #1
    ldr r12, [r1, #-28]
    sbc r3, r3, r3
    mls r4, r0, r3, r4
    ldr r0, [r1, #-24]
    mls r5, r12, r3, r5
    ldr r12, [r1, #-20]
    mls r6, r0, r3, r6
    ldr r0, [r1, #-16]
    mls r7, r12, r3, r7
    ldr r12, [r1, #-12]
    mls r8, r0, r3, r8
    ldr r0, [r1, #-8]
    mls r9, r12, r3, r9
    ldr r12, [r1, #-4]
    mls r10, r0, r3, r10
    subs r2, r2, #1
    mls r11, r12, r3, r11
    bne 2b
    ldr r0, [sp]
    ldr r3, [sp, #8]
    stm r0!, {r4-r11}
    str r0, [sp]
    subs r3, r3, #1
    str r3, [sp, #8]
    bne 1b
    add sp, sp, #12
    pop {r4-r11, pc}
    .size crypto_select_row, . - crypto_select_row
