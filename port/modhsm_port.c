// The module `hsm_port`: what port/stubs/hsm_port.pyi promises to the firmware.
// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "py/mperrno.h"
#include "py/objarray.h"
#include "py/objstr.h"
#include "py/runtime.h"

// The scan for names preprocesses this file without the SDK's headers.
#ifndef NO_QSTR
#include "alarm.h"
#include "bootsel.h"
#include "button.h"
#include "fatal.h"
#include "flash.h"
#include "hsm_board.h"
#include "identity.h"
#include "led.h"
#include "memory.h"
#include "usb_ccid.h"
#include "usb_descriptors.h"
#endif

#if PICO_RP2040
#define CHIP_NAME MP_QSTR_rp2040
#else
#define CHIP_NAME MP_QSTR_rp2350
#endif

#define COMMAND_DATA_MAX_BYTES 4096
#define RESPONSE_DATA_MAX_BYTES 4096
#define RESPONSE_MIN_BYTES 2
#define ATR_MIN_BYTES 2
#define BUILD_INFO_MAX_BYTES 64
#define SLEEP_MAX_MS 1000
#define TEXT(number) #number
#define VERSION_TEXT(major, minor) TEXT(major) "." TEXT(minor)
#define BUILD_VERSION VERSION_TEXT(HSM_VERSION_MAJOR, HSM_VERSION_MINOR)

static uint8_t chain[COMMAND_DATA_MAX_BYTES] MEMORY_WIPED(chain);

static NORETURN void invalid_argument(void) {
    mp_raise_OSError(MP_EINVAL);
}

static mp_obj_t writable_view(void *begin, size_t length) {
    return mp_obj_new_memoryview('B' | MP_OBJ_ARRAY_TYPECODE_FLAG_RW, length, begin);
}

static size_t checked_integer(mp_obj_t object, size_t minimum, size_t maximum) {
    if (!mp_obj_is_small_int(object)) {
        invalid_argument();
    }
    mp_int_t value = MP_OBJ_SMALL_INT_VALUE(object);
    if (value < (mp_int_t)minimum || value > (mp_int_t)maximum) {
        invalid_argument();
    }
    return (size_t)value;
}

// --- Flash ---------------------------------------------------------------------------------------

static mp_obj_t port_flash_view(void) {
    return mp_obj_new_memoryview('B', HSM_FLASH_DATA_SIZE_BYTES, (void *)(uintptr_t)flash_data());
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_flash_view_obj, port_flash_view);

static mp_obj_t port_flash_program(mp_obj_t offset_object, mp_obj_t data_object) {
    size_t offset = checked_integer(offset_object, 0, HSM_FLASH_DATA_SIZE_BYTES - 1);
    mp_buffer_info_t data;
    mp_get_buffer_raise(data_object, &data, MP_BUFFER_READ);
    if (data.len > FLASH_DATA_PAGE_BYTES - offset % FLASH_DATA_PAGE_BYTES) {
        invalid_argument();
    }
    if (data.len > 0 && !flash_data_program(offset, data.buf, data.len)) {
        mp_raise_OSError(MP_EIO);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(port_flash_program_obj, port_flash_program);

static mp_obj_t port_flash_erase(mp_obj_t offset_object) {
    size_t offset = checked_integer(offset_object, 0, HSM_FLASH_DATA_SIZE_BYTES - 1);
    if (offset % FLASH_DATA_SECTOR_BYTES != 0) {
        invalid_argument();
    }
    if (!flash_data_erase(offset)) {
        mp_raise_OSError(MP_EIO);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(port_flash_erase_obj, port_flash_erase);

static mp_obj_t port_flash_is_erased(mp_obj_t offset_object, mp_obj_t length_object) {
    size_t offset = checked_integer(offset_object, 0, HSM_FLASH_DATA_SIZE_BYTES);
    size_t length = checked_integer(length_object, 0, HSM_FLASH_DATA_SIZE_BYTES - offset);
    return mp_obj_new_bool(flash_data_is_erased(offset, length));
}
static MP_DEFINE_CONST_FUN_OBJ_2(port_flash_is_erased_obj, port_flash_is_erased);

// --- Transport -----------------------------------------------------------------------------------

static void wipe_response(void) {
    memory_wipe(usb_ccid_response(), CCID_RESPONSE_MAX_BYTES);
}

static bool started = false;

static mp_obj_t port_usb_identity(mp_obj_t vendor_object, mp_obj_t product_object, mp_obj_t name_object) {
    size_t vendor_id = checked_integer(vendor_object, 1, UINT16_MAX);
    size_t product_id = checked_integer(product_object, 0, UINT16_MAX);
    mp_buffer_info_t name;
    mp_get_buffer_raise(name_object, &name, MP_BUFFER_READ);
    if (started || name.len > USB_PRODUCT_MAX_BYTES) {
        invalid_argument();
    }
    usb_descriptors_identify((uint16_t)vendor_id, (uint16_t)product_id, name.buf, name.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(port_usb_identity_obj, port_usb_identity);

static mp_obj_t port_transport_start(mp_obj_t atr_object) {
    mp_buffer_info_t atr;
    mp_get_buffer_raise(atr_object, &atr, MP_BUFFER_READ);
    if (started || atr.len < ATR_MIN_BYTES || atr.len > CCID_ATR_MAX_BYTES) {
        invalid_argument();
    }
    started = true;
    usb_ccid_start(atr.buf, atr.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(port_transport_start_obj, port_transport_start);

static mp_obj_t port_transport_wait(void) {
    // What the boot, a command or the end of a session left: hash functions keep their state there.
    memory_wipe_unused_stack();
    uint8_t *apdu;
    size_t length;
    if (usb_ccid_wait(&apdu, &length) == CCID_TAKE_COMMAND) {
        return writable_view(apdu, length);
    }
    wipe_response();
    memory_wipe(chain, sizeof(chain));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_transport_wait_obj, port_transport_wait);

static mp_obj_t port_response_buffer(void) {
    return writable_view(usb_ccid_response(), CCID_RESPONSE_MAX_BYTES);
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_response_buffer_obj, port_response_buffer);

static mp_obj_t port_chain_buffer(void) {
    return writable_view(chain, sizeof(chain));
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_chain_buffer_obj, port_chain_buffer);

static mp_obj_t port_wipe_chain_buffer(void) {
    memory_wipe(chain, sizeof(chain));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_wipe_chain_buffer_obj, port_wipe_chain_buffer);

static mp_obj_t port_transport_respond(size_t count, const mp_obj_t *arguments) {
    size_t length = checked_integer(arguments[0], RESPONSE_MIN_BYTES, CCID_RESPONSE_MAX_BYTES);
    usb_ccid_respond(length, count > 1 && mp_obj_is_true(arguments[1]));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(port_transport_respond_obj, 1, 2, port_transport_respond);

static mp_obj_t port_wipe_response_buffer(void) {
    wipe_response();
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_wipe_response_buffer_obj, port_wipe_response_buffer);

// --- Identity, time, presence, reset ---------------------------------------------------------------

static mp_obj_t port_unique_id(void) {
    return mp_obj_new_bytes(identity(), IDENTITY_BYTES);
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_unique_id_obj, port_unique_id);

static mp_obj_t port_uptime_ms(void) {
    return MP_OBJ_NEW_SMALL_INT(alarm_uptime_ms());
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_uptime_ms_obj, port_uptime_ms);

static mp_obj_t port_uptime_s(void) {
    return MP_OBJ_NEW_SMALL_INT(alarm_uptime_s());
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_uptime_s_obj, port_uptime_s);

static mp_obj_t port_sleep_ms(mp_obj_t duration_object) {
    alarm_sleep_ms(checked_integer(duration_object, 1, SLEEP_MAX_MS));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(port_sleep_ms_obj, port_sleep_ms);

static mp_obj_t port_led(mp_obj_t state_object) {
    led_set((led_state_t)checked_integer(state_object, 0, LED_STATES - 1));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(port_led_obj, port_led);

static mp_obj_t port_led_configure(mp_obj_t gpio_object, mp_obj_t steady_object) {
    size_t gpio = checked_integer(gpio_object, 0, LED_GPIO_NONE);
    if (gpio > LED_GPIO_MAX && gpio != LED_GPIO_NONE) {
        invalid_argument();
    }
    led_configure(gpio, mp_obj_is_true(steady_object));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(port_led_configure_obj, port_led_configure);

static mp_obj_t port_button_pressed(void) {
    return mp_obj_new_bool(button_is_pressed());
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_button_pressed_obj, port_button_pressed);

static mp_obj_t port_command_cancelled(void) {
    return mp_obj_new_bool(usb_ccid_is_cancelled());
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_command_cancelled_obj, port_command_cancelled);

// Of the sources built in, the crypto library is what one asks for in the field.
static mp_obj_t port_build_info(void) {
    static const char sources[] = HSM_BUILD_INFO;
    vstr_t text;
    vstr_init(&text, BUILD_INFO_MAX_BYTES);
    vstr_add_str(&text, BUILD_VERSION " " HSM_BOARD_NAME);
    const char *library = strstr(sources, "wolfssl");
    if (library != NULL) {
        vstr_add_char(&text, ' ');
        vstr_add_str(&text, library);
    }
    return mp_obj_new_bytes((const byte *)text.buf, MIN(text.len, BUILD_INFO_MAX_BYTES));
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_build_info_obj, port_build_info);

static mp_obj_t port_reset(void) {
    fatal_reset(FATAL_REQUESTED, 0);
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_reset_obj, port_reset);

static mp_obj_t port_reset_to_bootsel(void) {
    bootsel_reset();
}
static MP_DEFINE_CONST_FUN_OBJ_0(port_reset_to_bootsel_obj, port_reset_to_bootsel);

static const MP_DEFINE_STR_OBJ(usb_product_obj, HSM_USB_PRODUCT);

// --- The module ------------------------------------------------------------------------------------

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_hsm_port) },
    { MP_ROM_QSTR(MP_QSTR_CHIP), MP_ROM_QSTR(CHIP_NAME) },
    { MP_ROM_QSTR(MP_QSTR_FLASH_SIZE_BYTES), MP_ROM_INT(HSM_FLASH_SIZE_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_FLASH_DATA_SIZE_BYTES), MP_ROM_INT(HSM_FLASH_DATA_SIZE_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_FLASH_PAGE_BYTES), MP_ROM_INT(FLASH_DATA_PAGE_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_FLASH_SECTOR_BYTES), MP_ROM_INT(FLASH_DATA_SECTOR_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_COMMAND_DATA_MAX), MP_ROM_INT(COMMAND_DATA_MAX_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_RESPONSE_DATA_MAX), MP_ROM_INT(RESPONSE_DATA_MAX_BYTES) },
    { MP_ROM_QSTR(MP_QSTR_LED_OFF), MP_ROM_INT(LED_OFF) },
    { MP_ROM_QSTR(MP_QSTR_LED_READY), MP_ROM_INT(LED_READY) },
    { MP_ROM_QSTR(MP_QSTR_LED_BUSY), MP_ROM_INT(LED_BUSY) },
    { MP_ROM_QSTR(MP_QSTR_LED_CONFIRM), MP_ROM_INT(LED_CONFIRM) },
    { MP_ROM_QSTR(MP_QSTR_LED_ERASE), MP_ROM_INT(LED_ERASE) },
    { MP_ROM_QSTR(MP_QSTR_LED_GPIO), MP_ROM_INT(HSM_LED_GPIO) },
    { MP_ROM_QSTR(MP_QSTR_LED_GPIO_MAX), MP_ROM_INT(LED_GPIO_MAX) },
    { MP_ROM_QSTR(MP_QSTR_LED_GPIO_NONE), MP_ROM_INT(LED_GPIO_NONE) },
    { MP_ROM_QSTR(MP_QSTR_USB_VENDOR_ID), MP_ROM_INT(HSM_USB_VENDOR_ID) },
    { MP_ROM_QSTR(MP_QSTR_USB_PRODUCT_ID), MP_ROM_INT(HSM_USB_PRODUCT_ID) },
    { MP_ROM_QSTR(MP_QSTR_USB_PRODUCT), MP_ROM_PTR(&usb_product_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_view), MP_ROM_PTR(&port_flash_view_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_program), MP_ROM_PTR(&port_flash_program_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_erase), MP_ROM_PTR(&port_flash_erase_obj) },
    { MP_ROM_QSTR(MP_QSTR_flash_is_erased), MP_ROM_PTR(&port_flash_is_erased_obj) },
    { MP_ROM_QSTR(MP_QSTR_usb_identity), MP_ROM_PTR(&port_usb_identity_obj) },
    { MP_ROM_QSTR(MP_QSTR_transport_start), MP_ROM_PTR(&port_transport_start_obj) },
    { MP_ROM_QSTR(MP_QSTR_transport_wait), MP_ROM_PTR(&port_transport_wait_obj) },
    { MP_ROM_QSTR(MP_QSTR_response_buffer), MP_ROM_PTR(&port_response_buffer_obj) },
    { MP_ROM_QSTR(MP_QSTR_chain_buffer), MP_ROM_PTR(&port_chain_buffer_obj) },
    { MP_ROM_QSTR(MP_QSTR_wipe_chain_buffer), MP_ROM_PTR(&port_wipe_chain_buffer_obj) },
    { MP_ROM_QSTR(MP_QSTR_transport_respond), MP_ROM_PTR(&port_transport_respond_obj) },
    { MP_ROM_QSTR(MP_QSTR_wipe_response_buffer), MP_ROM_PTR(&port_wipe_response_buffer_obj) },
    { MP_ROM_QSTR(MP_QSTR_unique_id), MP_ROM_PTR(&port_unique_id_obj) },
    { MP_ROM_QSTR(MP_QSTR_uptime_ms), MP_ROM_PTR(&port_uptime_ms_obj) },
    { MP_ROM_QSTR(MP_QSTR_uptime_s), MP_ROM_PTR(&port_uptime_s_obj) },
    { MP_ROM_QSTR(MP_QSTR_sleep_ms), MP_ROM_PTR(&port_sleep_ms_obj) },
    { MP_ROM_QSTR(MP_QSTR_led), MP_ROM_PTR(&port_led_obj) },
    { MP_ROM_QSTR(MP_QSTR_led_configure), MP_ROM_PTR(&port_led_configure_obj) },
    { MP_ROM_QSTR(MP_QSTR_button_pressed), MP_ROM_PTR(&port_button_pressed_obj) },
    { MP_ROM_QSTR(MP_QSTR_command_cancelled), MP_ROM_PTR(&port_command_cancelled_obj) },
    { MP_ROM_QSTR(MP_QSTR_build_info), MP_ROM_PTR(&port_build_info_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset), MP_ROM_PTR(&port_reset_obj) },
    { MP_ROM_QSTR(MP_QSTR_reset_to_bootsel), MP_ROM_PTR(&port_reset_to_bootsel_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t hsm_port_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_hsm_port, hsm_port_module);
