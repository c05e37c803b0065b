// SPDX-License-Identifier: GPL-2.0-or-later
// The curves: their numbers and domain parameters ([SEC2], [RFC5639], [RFC7748], [RFC8032]; [SCHSM] 27, 30).
#include "curves.h"

#include "curves_edwards.h"
#include "curves_library.h"
#include "wipe.h"

static const ecc_curve_id library_ids[] = {
    [CRYPTO_CURVE_SECP192R1] = ECC_SECP192R1,
    [CRYPTO_CURVE_SECP256R1] = ECC_SECP256R1,
    [CRYPTO_CURVE_SECP384R1] = ECC_SECP384R1,
    [CRYPTO_CURVE_SECP521R1] = ECC_SECP521R1,
    [CRYPTO_CURVE_SECP192K1] = ECC_SECP192K1,
    [CRYPTO_CURVE_SECP256K1] = ECC_SECP256K1,
    [CRYPTO_CURVE_BRAINPOOLP256R1] = ECC_BRAINPOOLP256R1,
    [CRYPTO_CURVE_BRAINPOOLP384R1] = ECC_BRAINPOOLP384R1,
    [CRYPTO_CURVE_BRAINPOOLP512R1] = ECC_BRAINPOOLP512R1,
};

const ecc_set_type *crypto_library_curve(int curve) {
    if (curve < CRYPTO_CURVE_SECP192R1 || curve > CRYPTO_CURVE_WEIERSTRASS_LAST) {
        return NULL;
    }
    return wc_ecc_get_curve_params(wc_ecc_get_curve_idx(library_ids[curve]));
}

size_t crypto_curve_bytes(int curve) {
    const ecc_set_type *set = crypto_library_curve(curve);
    return set != NULL ? (size_t)set->size : 0;
}

size_t crypto_curve_order_bits(int curve) {
    // P-521 is the only order that does not fill its bytes.
    return curve == CRYPTO_CURVE_SECP521R1 ? 521 : 8 * crypto_curve_bytes(curve);
}

static uint8_t nibble(char digit) {
    return digit <= '9' ? digit - '0' : (digit & 0x0F) + 9;
}

void crypto_curve_parameter(int curve, crypto_curve_parameter_t parameter, uint8_t *out) {
    const ecc_set_type *set = crypto_library_curve(curve);
    const char *const texts[] = {
        [CRYPTO_CURVE_PRIME] = set->prime,    [CRYPTO_CURVE_A] = set->Af,
        [CRYPTO_CURVE_B] = set->Bf,           [CRYPTO_CURVE_GENERATOR_X] = set->Gx,
        [CRYPTO_CURVE_GENERATOR_Y] = set->Gy, [CRYPTO_CURVE_ORDER] = set->order,
    };
    const char *text = texts[parameter];
    size_t digits = strlen(text);
    size_t length = (size_t)set->size;
    memset(out, 0, length);
    // The library writes numbers without a fixed width: fill from the end.
    for (size_t i = 0; i < digits && i < 2 * length; i++) {
        uint8_t value = nibble(text[digits - 1 - i]);
        out[length - 1 - i / 2] |= i % 2 == 0 ? value : (uint8_t)(value << 4);
    }
}

// [SCHSM] 13.1
static int tell_from_generator(int edwards, int montgomery, const uint8_t *generator, size_t length) {
    const crypto_edwards_curve_t *curve = crypto_edwards_curve(montgomery);
    bool is_montgomery = length == curve->generator.length && generator[0] == curve->generator.bytes[0];
    return is_montgomery ? montgomery : edwards;
}

int crypto_curve_from_prime(const uint8_t *prime, size_t length, const uint8_t *generator, size_t generator_length) {
    uint8_t candidate[CRYPTO_POINT_MAX_BYTES];
    while (length > 0 && prime[0] == 0) {
        prime++;
        length--;
    }
    for (int curve = CRYPTO_CURVE_SECP192R1; curve <= CRYPTO_CURVE_LAST; curve++) {
        // No prime here starts with a zero byte, P-521 included (01FF...).
        size_t candidate_length = crypto_curve_encoded(curve, CRYPTO_CURVE_PRIME, candidate);
        if (candidate_length != length || !crypto_equal(candidate, prime, length)) {
            continue;
        }
        if (curve == CRYPTO_CURVE_ED25519) {
            return tell_from_generator(curve, CRYPTO_CURVE_X25519, generator, generator_length);
        }
        if (curve == CRYPTO_CURVE_ED448) {
            return tell_from_generator(curve, CRYPTO_CURVE_X448, generator, generator_length);
        }
        return curve;
    }
    return 0;
}

// --- Any curve -------------------------------------------------------------------------------------

static size_t encoded_edwards(const crypto_edwards_curve_t *curve, crypto_curve_parameter_t parameter, uint8_t *out) {
    const crypto_curve_part_t *part = parameter == CRYPTO_CURVE_PRIME   ? &curve->prime
                                      : parameter == CRYPTO_CURVE_A     ? &curve->a
                                      : parameter == CRYPTO_CURVE_B     ? &curve->b
                                      : parameter == CRYPTO_CURVE_ORDER ? &curve->order
                                                                        : &curve->generator;
    memcpy(out, part->bytes, part->length);
    return part->length;
}

size_t crypto_curve_encoded(int curve, crypto_curve_parameter_t parameter, uint8_t out[CRYPTO_POINT_MAX_BYTES]) {
    const crypto_edwards_curve_t *edwards = crypto_edwards_curve(curve);
    size_t length = crypto_curve_bytes(curve);
    if (edwards != NULL) {
        return encoded_edwards(edwards, parameter, out);
    }
    if (length == 0) {
        return 0;
    }
    if (parameter != CRYPTO_CURVE_GENERATOR) {
        crypto_curve_parameter(curve, parameter, out);
        return length;
    }
    out[0] = 0x04;
    crypto_curve_parameter(curve, CRYPTO_CURVE_GENERATOR_X, out + 1);
    crypto_curve_parameter(curve, CRYPTO_CURVE_GENERATOR_Y, out + 1 + length);
    return 1 + 2 * length;
}

unsigned crypto_curve_cofactor(int curve) {
    const crypto_edwards_curve_t *edwards = crypto_edwards_curve(curve);
    return edwards != NULL ? edwards->cofactor : 1;
}
