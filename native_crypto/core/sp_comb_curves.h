// SPDX-License-Identifier: GPL-2.0-or-later
// The combs of sp_comb.h over the library's points; included after the library's source.

#define COMB_BITS 256
#define COMB_WORDS 8
#include "sp_comb_curve.h"

#define COMB_BITS 384
#define COMB_WORDS 12
#include "sp_comb_curve.h"

#define COMB_BITS 521
#define COMB_WORDS 17
#include "sp_comb_curve.h"
