// MicroPython: started, given the heap, and made to run the frozen firmware.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_PYTHON_H
#define HSM_PYTHON_H

// Imports hsm.main and calls its run(). Whatever comes back out of it ends in a reset.
void python_run(void) __attribute__((noreturn));

#endif // HSM_PYTHON_H
