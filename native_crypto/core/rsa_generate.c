// SPDX-License-Identifier: GPL-2.0-or-later
// RSA key generation: probable primes ([FIPS186-5] A.1.3) found by an incremental sieve.
//
// Where this leaves A.1.3: candidates are not drawn one by one, but are the odd numbers that follow a random
// start and have no factor below 2^16. The library draws each candidate and divides by 256 primes, so
// that 54 candidates reach Miller-Rabin per prime of 1024 bits; after this sieve 36 do.
#include <string.h>

#include "crypto_host.h"
#include "drbg.h"
#include "number.h"
#include "pool.h"
#include "rsa_key.h"
#include "wipe.h"

#define SMALL_PRIME_LIMIT 65536u
#define WINDOW_ODDS 4096u // odd numbers per start; the mean distance of primes of 2048 bits is 710 odds
#define STARTS_MAX 64
#define WITNESS_TRIES_MAX 64

// One search for one prime. Numbers marked (wide) have room for a power's intermediate values.
typedef struct {
    unsigned bits; // of the prime
    uint32_t exponent;
    const mp_int *other; // the prime already found, or NULL
    mp_int *start;
    mp_int *candidate;
    mp_int *minus_one;
    mp_int *odd_part;
    mp_int *witness;
    mp_int *power; // (wide)
    uint8_t *bytes;
    uint32_t *composite; // bit i: start + 2 i has a small factor
} search_t;

// --- The sieve -------------------------------------------------------------------------------------

static bool get_bit(const uint32_t *bits, uint32_t index) {
    return (bits[index / 32] >> (index % 32)) & 1;
}

static void set_bit(uint32_t *bits, uint32_t index) {
    bits[index / 32] |= 1u << (index % 32);
}

// Eratosthenes over the odd numbers below 2^16: bit i set says that 2 i + 1 is not a prime. 4 KiB.
static uint32_t *small_primes_new(void) {
    uint32_t *composite = crypto_pool_alloc(SMALL_PRIME_LIMIT / 2 / 8);
    if (composite == NULL) {
        return NULL;
    }
    set_bit(composite, 0);
    for (uint32_t odd = 3; odd * odd < SMALL_PRIME_LIMIT; odd += 2) {
        if (!get_bit(composite, odd / 2)) {
            for (uint32_t multiple = odd * odd; multiple < SMALL_PRIME_LIMIT; multiple += 2 * odd) {
                set_bit(composite, multiple / 2);
            }
        }
    }
    return composite;
}

// Montgomery reduction with 16-bit digits: value / 2^16 mod prime, below 2 * prime for value < 2^16 * prime.
// Two 32-bit multiplications and no division: the RP2040's processor has no divide instruction.
static inline uint32_t reduce16(uint32_t value, uint32_t prime, uint32_t minus_inverse) {
    uint32_t factor = (value * minus_inverse) & 0xFFFF;
    // The low halves of both terms add up to 0 or 2^16; added separately, nothing overflows.
    uint32_t carry = ((value & 0xFFFF) + 0xFFFF) >> 16;
    return (value >> 16) + ((factor * prime) >> 16) + carry;
}

// number mod prime, for an odd prime below 2^16. `number->used * 32` is `bits`.
static uint32_t residue(const mp_int *number, uint32_t bits, uint32_t prime) {
    // -1/prime mod 2^16 by Newton: each step doubles the correct bits (3, 6, 12, 24).
    uint32_t inverse = prime;
    inverse *= 2 - prime * inverse;
    inverse *= 2 - prime * inverse;
    inverse *= 2 - prime * inverse;
    uint32_t minus_inverse = (0u - inverse) & 0xFFFF;

    // number / 2^bits mod prime, low digits first.
    uint32_t rest = 0;
    for (unsigned i = 0; i < number->used; i++) {
        uint32_t word = number->dp[i];
        rest = reduce16(rest + (word & 0xFFFF), prime, minus_inverse);
        rest = reduce16(rest + (word >> 16), prime, minus_inverse);
    }
    // 2^bits, in Montgomery form: bits = odd * 2^squarings.
    uint32_t odd = bits;
    unsigned squarings = 0;
    while (odd % 2 == 0) {
        odd /= 2;
        squarings++;
    }
    uint32_t power = ((1u << 16) % prime << odd) % prime;
    while (squarings-- > 0) {
        power = reduce16(power * power, prime, minus_inverse);
        power = power >= prime ? power - prime : power;
    }
    rest = rest >= prime ? rest - prime : rest;
    rest = reduce16(rest * power, prime, minus_inverse);
    return rest >= prime ? rest - prime : rest;
}

// Mark every start + 2 i that a small prime divides.
static void sieve(const search_t *search, const uint32_t *small_composite) {
    memset(search->composite, 0, WINDOW_ODDS / 8);
    for (uint32_t prime = 3; prime < SMALL_PRIME_LIMIT; prime += 2) {
        if (get_bit(small_composite, prime / 2)) {
            continue;
        }
        uint32_t rest = residue(search->start, search->bits, prime);
        // 2 i = -rest mod prime
        uint32_t twice = rest == 0 ? 0 : prime - rest;
        uint32_t first = (twice % 2 == 0 ? twice : twice + prime) / 2;
        for (uint32_t i = first; i < WINDOW_ODDS; i += prime) {
            set_bit(search->composite, i);
        }
    }
}

// A random odd start with the two top bits set (so that p * q has full length and p >= sqrt(2) * 2^(bits-1)),
// and its window sieved.
static crypto_result_t new_start(search_t *search) {
    size_t length = search->bits / 8;
    crypto_result_t result = crypto_random(search->bytes, length);
    if (result != CRYPTO_OK) {
        return result;
    }
    search->bytes[0] |= 0xC0;
    search->bytes[length - 1] |= 0x01;
    uint32_t *small_composite = small_primes_new();
    if (small_composite == NULL) {
        return CRYPTO_MEMORY;
    }
    int error = mp_read_unsigned_bin(search->start, search->bytes, (word32)length);
    if (error == 0) {
        sieve(search, small_composite);
    }
    crypto_pool_free(small_composite);
    return crypto_from_library(error);
}

// --- Miller-Rabin ([FIPS186-5] B.3.1) --------------------------------------------------------------

// Table B.1 for primes of 1024 bits and more; the two sizes below its range get the 7 rounds that
// [FIPS186-4] table C.3 gave for 2^-100.
static unsigned rounds_for(unsigned prime_bits) {
    return prime_bits >= 1536 ? 4 : prime_bits >= 1024 ? 5 : 7;
}

static crypto_result_t draw_witness(search_t *search) {
    for (int i = 0; i < WITNESS_TRIES_MAX; i++) {
        crypto_result_t result = crypto_random(search->bytes, search->bits / 8);
        if (result != CRYPTO_OK) {
            return result;
        }
        if (mp_read_unsigned_bin(search->witness, search->bytes, search->bits / 8) != 0) {
            return CRYPTO_FAILED;
        }
        if (mp_cmp_d(search->witness, 1) == MP_GT && mp_cmp(search->witness, search->minus_one) == MP_LT) {
            return CRYPTO_OK;
        }
    }
    return CRYPTO_ENTROPY;
}

// One round; `*passed` tells whether the candidate may still be prime.
static crypto_result_t round_passes(search_t *search, int twos, bool *passed) {
    *passed = false;
    crypto_result_t result = draw_witness(search);
    if (result != CRYPTO_OK) {
        return result;
    }
    int error = mp_exptmod(search->witness, search->odd_part, search->candidate, search->power);
    if (error == 0 && mp_isone(search->power)) {
        *passed = true;
        return CRYPTO_OK;
    }
    for (int i = 0; error == 0 && i < twos; i++) {
        if (mp_cmp(search->power, search->minus_one) == MP_EQ) {
            *passed = true;
            break;
        }
        error = mp_sqrmod(search->power, search->candidate, search->power);
    }
    return crypto_from_library(error);
}

// The exponent of 2 in an even number.
static int count_twos(const mp_int *number) {
    int twos = 0;
    while (!get_bit((const uint32_t *)number->dp, (uint32_t)twos)) {
        twos++;
    }
    return twos;
}

// Test one candidate that the sieve let through: one round sorts almost every composite out, a survivor
// gets the rest. Kept as a function of its own: how often it runs is what a key costs.
__attribute__((noinline)) crypto_result_t crypto_rsa_test_candidate(search_t *search, bool *is_prime) {
    *is_prime = false;
    int error = mp_sub_d(search->candidate, 1, search->minus_one);
    int twos = error == 0 ? count_twos(search->minus_one) : 0;
    if (error == 0) {
        error = mp_div_2d(search->minus_one, twos, search->odd_part, NULL);
    }
    if (error != 0) {
        return crypto_from_library(error);
    }
    bool passed = true;
    for (unsigned round = 0; passed && round < rounds_for(search->bits); round++) {
        crypto_result_t result = round_passes(search, twos, &passed);
        if (result != CRYPTO_OK) {
            return result;
        }
    }
    *is_prime = passed;
    return CRYPTO_OK;
}

// --- Conditions on p and q -------------------------------------------------------------------------

static uint32_t gcd_word(uint32_t a, uint32_t b) {
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// e must be invertible modulo candidate - 1.
static bool suits_exponent(const search_t *search) {
    mp_digit rest = 0;
    if (mp_mod_d(search->candidate, search->exponent, &rest) != 0 || rest == 0) {
        return false;
    }
    return gcd_word(search->exponent, rest - 1) == 1;
}

// |p - q| > 2^(bits - 100) ([FIPS186-5] A.1.3 5.4)
static bool is_far_from_other(search_t *search) {
    if (search->other == NULL) {
        return true;
    }
    bool larger = mp_cmp(search->candidate, search->other) == MP_GT;
    const mp_int *high = larger ? search->candidate : search->other;
    const mp_int *low = larger ? search->other : search->candidate;
    return mp_sub(high, low, search->power) == 0 && mp_count_bits(search->power) > (int)search->bits - 100;
}

// --- The search ------------------------------------------------------------------------------------

// Go through one window; CRYPTO_FAILED when it holds no prime.
static crypto_result_t search_window(search_t *search) {
    for (uint32_t i = 0; i < WINDOW_ODDS; i++) {
        if (get_bit(search->composite, i)) {
            continue;
        }
        if (crypto_host_cancelled()) {
            return CRYPTO_CANCELLED;
        }
        bool is_prime = false;
        if (mp_add_d(search->start, 2 * i, search->candidate) != 0 ||
            mp_count_bits(search->candidate) != (int)search->bits) {
            return CRYPTO_FAILED; // past 2^bits: a new start
        }
        if (suits_exponent(search)) {
            crypto_result_t result = crypto_rsa_test_candidate(search, &is_prime);
            if (result != CRYPTO_OK) {
                return result;
            }
        }
        if (is_prime && is_far_from_other(search)) {
            return CRYPTO_OK;
        }
    }
    return CRYPTO_FAILED;
}

static bool search_new(search_t *search) {
    search->start = crypto_number_new(search->bits);
    search->candidate = crypto_number_new(search->bits + 32);
    search->minus_one = crypto_number_new(search->bits + 32);
    search->odd_part = crypto_number_new(search->bits + 32);
    search->witness = crypto_number_new(search->bits);
    search->power = crypto_number_new(2 * search->bits + 32);
    search->bytes = crypto_pool_alloc(search->bits / 8);
    search->composite = crypto_pool_alloc(WINDOW_ODDS / 8);
    return search->start != NULL && search->candidate != NULL && search->minus_one != NULL &&
           search->odd_part != NULL && search->witness != NULL && search->power != NULL && search->bytes != NULL &&
           search->composite != NULL;
}

static void search_free(search_t *search) {
    crypto_pool_free(search->composite);
    crypto_pool_free(search->bytes);
    crypto_pool_free(search->power);
    crypto_pool_free(search->witness);
    crypto_pool_free(search->odd_part);
    crypto_pool_free(search->minus_one);
    crypto_pool_free(search->candidate);
    crypto_pool_free(search->start);
}

static crypto_result_t find_prime(const crypto_rsa_key_t *key, const mp_int *other, mp_int *prime) {
    search_t search = {.bits = key->bits / 2u, .exponent = key->exponent, .other = other};
    crypto_result_t result = search_new(&search) ? CRYPTO_FAILED : CRYPTO_MEMORY;
    for (int start = 0; result == CRYPTO_FAILED && start < STARTS_MAX; start++) {
        result = new_start(&search);
        if (result == CRYPTO_OK) {
            result = search_window(&search);
        }
    }
    if (result == CRYPTO_OK) {
        result = crypto_from_library(mp_copy(search.candidate, prime));
    }
    search_free(&search);
    return result;
}

crypto_result_t crypto_rsa_check_pair(crypto_rsa_key_t *key) {
    size_t length = key->bits / 8u;
    uint8_t *block = crypto_pool_alloc(length);
    if (block == NULL) {
        return CRYPTO_MEMORY;
    }
    crypto_result_t result = crypto_random(block, length);
    block[0] = 0x00; // below n, whose top bit is set
    if (result == CRYPTO_OK) {
        result = crypto_rsa_private(key, block, block);
    }
    crypto_pool_free(block);
    return result;
}

crypto_result_t crypto_rsa_generate(unsigned bits, uint32_t exponent, crypto_rsa_key_t **key) {
    crypto_result_t result = crypto_rsa_key_new(bits, exponent, key);
    if (result != CRYPTO_OK) {
        return result;
    }
    result = find_prime(*key, NULL, (*key)->p);
    if (result == CRYPTO_OK) {
        result = find_prime(*key, (*key)->p, (*key)->q);
    }
    if (result == CRYPTO_OK && mp_cmp((*key)->p, (*key)->q) == MP_LT) {
        mp_int *larger = (*key)->q;
        (*key)->q = (*key)->p;
        (*key)->p = larger;
    }
    if (result == CRYPTO_OK) {
        result = crypto_rsa_key_complete(*key);
        result = result == CRYPTO_ARGUMENT ? CRYPTO_FAILED : result;
    }
    if (result == CRYPTO_OK) {
        result = crypto_rsa_check_pair(*key);
    }
    if (result != CRYPTO_OK) {
        crypto_pool_free(*key);
    }
    return result;
}
