// Noise of RP2350: its TRNG block at register level, all three health checks on ([RP2350] 12.12).
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The block samples a ring oscillator of its own, balances the bits (von Neumann), compares
// consecutive words (continuous test) and looks for autocorrelation. The SDK's pico_rand bypasses all
// three; here every bit passes them.
#include "alarm.h"
#include "hardware/irq.h"
#include "hardware/structs/trng.h"
#include "hardware/sync.h"
#include "noise.h"

#define EHR_WORDS 6 // 192 bits
#define EHR_BYTES (4 * EHR_WORDS)
_Static_assert(NOISE_BLOCK_BYTES % EHR_BYTES == 0, "whole samples");

// Cycles between raw samples: 6.7 us at 150 MHz. The reset value (65,535) would take a third of a second
// for each 192 bits.
#define SAMPLE_CYCLES 1000
// A sound source trips a check now and then; one that does so again and again is not.
#define FAILURES_MAX 3
// The balancer has no upper limit of its own; normal is 5 ms.
#define PATIENCE_MS 2000
// The block's reset takes a few cycles; a try takes more than one.
#define RESET_TRIES_MAX 1000

#define ISR_ALL_BITS \
    (TRNG_RNG_ISR_EHR_VALID_BITS | TRNG_RNG_ISR_AUTOCORR_ERR_BITS | TRNG_RNG_ISR_CRNGT_ERR_BITS | \
        TRNG_RNG_ISR_VN_ERR_BITS)

static void trng_interrupt(void) {
    trng_hw->rng_imr = ISR_ALL_BITS; // its work is to end a sleep
}

// False if the block does not come out of its reset.
static bool start(void) {
    trng_hw->rnd_source_enable = 0;
    trng_hw->trng_sw_reset = 1;
    unsigned tries = 0;
    do {
        if (tries++ == RESET_TRIES_MAX) {
            return false;
        }
        // Until the reset is over, writes are lost.
        trng_hw->sample_cnt1 = SAMPLE_CYCLES;
    } while (trng_hw->sample_cnt1 != SAMPLE_CYCLES);
    trng_hw->trng_debug_control = 0; // no check is bypassed
    trng_hw->rng_icr = ISR_ALL_BITS;
    trng_hw->rnd_source_enable = 1;
    return true;
}

// What the block says when it has something to say; 0 if it says nothing in time.
static uint32_t wait_for_sample(void) {
    uint32_t begin_ms = alarm_uptime_ms();
    uint32_t status;
    do {
        uint32_t state = save_and_disable_interrupts();
        trng_hw->rng_imr = 0;
        status = trng_hw->rng_isr & ISR_ALL_BITS;
        if (status == 0) {
            __dsb();
            __wfi();
        }
        restore_interrupts(state);
    } while (status == 0 && alarm_elapsed_ms(begin_ms) < PATIENCE_MS);
    return status;
}

static void read_sample(uint8_t *out) {
    for (size_t word = 0; word < EHR_WORDS; word++) {
        uint32_t value = trng_hw->ehr_data[word]; // reading the last word starts the next sample
        for (size_t byte = 0; byte < 4; byte++) {
            out[4 * word + byte] = (uint8_t)(value >> (8 * byte));
        }
    }
}

static bool collect(uint8_t *out) {
    unsigned failures = 0;
    size_t filled = 0;
    bool started = start();
    while (started && filled < NOISE_BLOCK_BYTES && failures < FAILURES_MAX) {
        if (wait_for_sample() == TRNG_RNG_ISR_EHR_VALID_BITS) {
            read_sample(out + filled);
            filled += EHR_BYTES;
        } else {
            failures++;
            started = start(); // an autocorrelation error ends only with a reset of the block
        }
    }
    return filled == NOISE_BLOCK_BYTES;
}

bool noise_collect(uint8_t *out) {
    irq_set_exclusive_handler(TRNG_IRQ, trng_interrupt);
    irq_set_priority(TRNG_IRQ, PICO_LOWEST_IRQ_PRIORITY);
    irq_set_enabled(TRNG_IRQ, true);
    bool sound = collect(out);
    trng_hw->rnd_source_enable = 0;
    irq_set_enabled(TRNG_IRQ, false);
    return sound;
}
