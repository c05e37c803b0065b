// The watchdog, armed: a chip that hangs where nothing else helps resets itself.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_SAFETY_NET_H
#define HSM_SAFETY_NET_H

// Arms the watchdog and keeps it content from an interrupt. Called once.
void safety_net_start(void);

#endif // HSM_SAFETY_NET_H
