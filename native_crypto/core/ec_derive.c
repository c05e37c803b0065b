// SPDX-License-Identifier: GPL-2.0-or-later
// Keys made from a key: its scalar plus an offset ([SCHSM] 18; [SLIP-0010] children).
#include <string.h>

#include "curves_library.h"
#include "ec.h"
#include "number.h"
#include "pool.h"
#include "wipe.h"

// rest = offset mod n; the offset is public.
static crypto_result_t reduce(int curve, const uint8_t *offset, size_t offset_length, uint8_t *rest) {
    size_t length = crypto_curve_bytes(curve);
    uint8_t order[CRYPTO_FIELD_MAX_BYTES];
    crypto_curve_parameter(curve, CRYPTO_CURVE_ORDER, order);
    mp_int *n = crypto_number_new(8 * length);
    mp_int *number = crypto_number_new(8 * length + 64); // the library divides into two words more
    int error = n != NULL && number != NULL ? mp_read_unsigned_bin(n, order, (word32)length) : MP_MEM;
    if (error == 0) {
        error = mp_read_unsigned_bin(number, offset, (word32)offset_length);
    }
    if (error == 0) {
        error = mp_mod(number, n, number);
    }
    if (error == 0) {
        error = mp_to_unsigned_bin_len(number, rest, (int)length);
    }
    crypto_pool_free(number);
    crypto_pool_free(n);
    return crypto_from_library(error);
}

// sum = a + b mod n for a, b < n, in time that depends on the curve only. One bit of an order of 8 * length
// bits is lost by the addition: it counts as a sum that is not below n.
static void add(int curve, const uint8_t *a, const uint8_t *b, uint8_t *sum) {
    size_t length = crypto_curve_bytes(curve);
    uint8_t order[CRYPTO_FIELD_MAX_BYTES];
    uint8_t reduced[CRYPTO_FIELD_MAX_BYTES];
    crypto_curve_parameter(curve, CRYPTO_CURVE_ORDER, order);
    unsigned carry = 0;
    unsigned borrow = 0;
    for (size_t i = length; i-- > 0;) {
        carry += (unsigned)a[i] + b[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
        unsigned difference = (unsigned)sum[i] - order[i] - borrow;
        reduced[i] = (uint8_t)difference;
        borrow = (difference >> 8) & 1;
    }
    uint8_t keep = (uint8_t)(0u - (borrow & (carry ^ 1)));
    for (size_t i = 0; i < length; i++) {
        sum[i] = (sum[i] & keep) | (reduced[i] & (uint8_t)~keep);
    }
    crypto_wipe(reduced, sizeof(reduced));
}

crypto_result_t crypto_ec_derive(const crypto_ec_key_t *key, const uint8_t *offset, size_t offset_length,
                                 crypto_ec_key_t **derived) {
    uint8_t scalar[CRYPTO_FIELD_MAX_BYTES];
    if (offset_length == 0 || offset_length > crypto_curve_bytes(key->curve)) {
        return CRYPTO_ARGUMENT;
    }
    crypto_result_t result = crypto_ec_check(key);
    if (result == CRYPTO_OK) {
        result = reduce(key->curve, offset, offset_length, scalar);
    }
    if (result == CRYPTO_OK) {
        add(key->curve, key->private_key, scalar, scalar);
        result = crypto_ec_from_private(key->curve, scalar, derived);
        // What is refused is 0: the offset was the negative key.
        result = result == CRYPTO_ARGUMENT ? CRYPTO_FAILED : result;
    }
    crypto_wipe(scalar, sizeof(scalar));
    return result;
}
