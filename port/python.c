// MicroPython: started, given the heap, and made to run the frozen firmware.
// SPDX-License-Identifier: GPL-2.0-or-later
#include "python.h"

#include "fatal.h"
#include "py/builtin.h"
#include "py/gc.h"
#include "py/objexcept.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/runtime/gchelper.h"

// C code called from Python (the crypto library) needs the part of the stack that Python may not use.
#define STACK_KEPT_FOR_C_BYTES (7 * 1024)

// From the linker script.
extern uint8_t __heap_start[];
extern uint8_t __heap_end[];
extern uint8_t __StackTop[];
extern uint8_t __StackBottom[];

static void report_exception(mp_obj_t exception) {
    size_t entries;
    size_t *trace;
    mp_obj_exception_get_traceback(exception, &entries, &trace);
    // Entries are (file, line, block), the innermost last.
    uint32_t line = entries >= 3 ? (uint32_t)trace[entries - 2] : 0;
    fatal_reset(FATAL_PYTHON, line << 16 | mp_obj_get_type(exception)->name);
}

static void run_main(void) {
    mp_obj_t package = mp_import_name(MP_QSTR_hsm_dot_main, mp_const_true, MP_OBJ_NEW_SMALL_INT(0));
    mp_call_function_0(mp_load_attr(package, MP_QSTR_run));
}

void python_run(void) {
    mp_stack_set_top(__StackTop);
    mp_stack_set_limit((mp_uint_t)(__StackTop - __StackBottom) - STACK_KEPT_FOR_C_BYTES);
    gc_init(__heap_start, __heap_end);
    mp_init();
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        run_main();
        nlr_pop();
    } else {
        report_exception(MP_OBJ_FROM_PTR(nlr.ret_val));
    }
    fatal_reset(FATAL_EXIT, 0);
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

void nlr_jump_fail(void *value) {
    (void)value;
    fatal_reset(FATAL_JUMP, 0);
}
