// SPDX-License-Identifier: GPL-2.0-or-later
// The library's record of a curve, for the core's own files.
#ifndef CRYPTO_CURVES_LIBRARY_H
#define CRYPTO_CURVES_LIBRARY_H

#include "library.h"

// NULL if there is no such curve.
const ecc_set_type *crypto_library_curve(int curve);

#endif // CRYPTO_CURVES_LIBRARY_H
