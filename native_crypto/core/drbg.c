// SPDX-License-Identifier: GPL-2.0-or-later
// Randomness: [SP800-90A] Hash_DRBG with SHA-256, seeded by the host's noise source.
#include "drbg.h"

#include <stdbool.h>

#include "crypto_host.h"
#include "library.h"
#include "pool.h"
#include "wipe.h"

// More than one call of the generator takes from the pool, a reseed with its hash in the port included.
#define WORK_BYTES 2048

// WC_RNG.status; the library's header does not name its values. Others: a continuous test failed.
#define LIBRARY_OK 1
#define LIBRARY_FAILED 2

// Security strength 256: entropy input of 256 bits plus half of it for the nonce ([SP800-90A] 8.6.7).
#define RESEED_BYTES 48

static WC_RNG generator;
static bool instantiated;

// Once a health test has failed, nothing that needs randomness works until reset.
static bool failed;

// The library answers a full pool like a broken generator. So it is not called then.
static bool has_room(void) {
    void *work = crypto_pool_alloc(WORK_BYTES);
    crypto_pool_free(work);
    return work != NULL;
}

// The library's seed hook (CUSTOM_RAND_GENERATE_SEED).
int crypto_seed(unsigned char *output, unsigned int length) {
    if (!has_room()) {
        return MEMORY_E; // says nothing about the noise source
    }
    if (failed || crypto_host_entropy(output, length) != 0) {
        failed = true;
        crypto_wipe(output, length);
        return RNG_FAILURE_E;
    }
    return 0;
}

static crypto_result_t instantiate(void) {
    if (failed) {
        return CRYPTO_ENTROPY;
    }
    if (!has_room()) {
        return CRYPTO_MEMORY;
    }
    if (instantiated && generator.status != LIBRARY_OK) {
        failed = generator.status != LIBRARY_FAILED;
        if (failed) {
            return CRYPTO_ENTROPY;
        }
        // It was called in the middle of an operation that had taken the pool: once more from fresh noise.
        wc_FreeRng(&generator);
        instantiated = false;
    }
    if (!instantiated) {
        int error = wc_InitRng(&generator);
        if (error != 0) {
            wc_FreeRng(&generator);
            // Out of memory says nothing about the noise source and may pass.
            failed = failed || error != MEMORY_E;
            return failed ? CRYPTO_ENTROPY : CRYPTO_MEMORY;
        }
        instantiated = true;
    }
    return CRYPTO_OK;
}

crypto_result_t crypto_random(uint8_t *out, size_t length) {
    crypto_result_t result = instantiate();
    if (result != CRYPTO_OK) {
        return result;
    }
    // No bytes may come without a buffer, which the library would answer as a failure of its own.
    if (length > 0 && wc_RNG_GenerateBlock(&generator, out, length) != 0) {
        failed = true;
        crypto_wipe(out, length);
        return CRYPTO_ENTROPY;
    }
    return CRYPTO_OK;
}

crypto_result_t crypto_reseed(void) {
    crypto_result_t result = instantiate();
    if (result != CRYPTO_OK) {
        return result;
    }
    uint8_t seed[RESEED_BYTES];
    bool mixed = crypto_seed(seed, sizeof(seed)) == 0 && wc_RNG_DRBG_Reseed(&generator, seed, sizeof(seed)) == 0;
    crypto_wipe(seed, sizeof(seed));
    failed = failed || !mixed;
    return mixed ? CRYPTO_OK : CRYPTO_ENTROPY;
}

crypto_result_t crypto_drbg_failure(void) {
    bool sound = !failed && (generator.status == LIBRARY_OK || generator.status == LIBRARY_FAILED);
    return sound ? CRYPTO_MEMORY : CRYPTO_ENTROPY;
}

crypto_result_t crypto_drbg(void **library_generator) {
    *library_generator = &generator;
    return instantiate();
}

crypto_result_t crypto_drbg_answer(const uint8_t *entropy, size_t entropy_length, const uint8_t *nonce,
                                   size_t nonce_length, const uint8_t *reseed_entropy, size_t reseed_length,
                                   uint8_t out[CRYPTO_DRBG_ANSWER_BYTES]) {
    int error = wc_RNG_HealthTest_ex(reseed_entropy != NULL, nonce, (word32)nonce_length, entropy,
                                     (word32)entropy_length, reseed_entropy, (word32)reseed_length, out,
                                     CRYPTO_DRBG_ANSWER_BYTES, NULL, INVALID_DEVID);
    return crypto_from_library(error);
}
