// The crypto core's question whether the host still wants what it computes.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "crypto_host.h"
#include "usb_ccid.h"

bool crypto_host_cancelled(void) {
    return usb_ccid_is_cancelled();
}
