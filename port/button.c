// BOOTSEL as a button: the flash's chip select, read while it floats.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The button pulls QSPI SS to ground through a resistor. To see it the pin's output is switched off
// for a moment; the flash is out of reach meanwhile, so the code is in SRAM with interrupts off.
#include "button.h"

#include "hardware/structs/io_qspi.h"
#include "hardware/structs/sio.h"
#include "hardware/sync.h"
#include "pico.h"

#define SS_PIN_INDEX 1 // of IO_QSPI
#define SETTLE_TURNS 1000 // the pull-up needs microseconds to win

#if PICO_RP2040
#define SS_INPUT_BITS (1u << 1) // of GPIO_HI_IN
#else
#define SS_INPUT_BITS SIO_GPIO_HI_IN_QSPI_CSN_BITS
#endif

static void __no_inline_not_in_flash_func(override_output_enable)(uint32_t value) {
    hw_write_masked(&io_qspi_hw->io[SS_PIN_INDEX].ctrl, value << IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_LSB,
        IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_BITS);
}

bool __no_inline_not_in_flash_func(button_is_pressed)(void) {
    uint32_t state = save_and_disable_interrupts();
    override_output_enable(IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_VALUE_DISABLE);
    for (volatile int i = 0; i < SETTLE_TURNS; i++) {
    }
    bool high = sio_hw->gpio_hi_in & SS_INPUT_BITS;
    override_output_enable(IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_VALUE_NORMAL);
    restore_interrupts(state);
    return !high;
}
