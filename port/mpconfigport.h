// MicroPython as this image needs it: an interpreter for frozen code and nothing else.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_MPCONFIGPORT_H
#define HSM_MPCONFIGPORT_H

#include <stdint.h>

// Everything that is not named below is off: no compiler, REPL, file system, machine, float, stdio.
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_MINIMUM)

// Frozen code only. "External import" lets packages have submodules; the import itself is the port's.
#define MICROPY_ENABLE_COMPILER (0)
#define MICROPY_MODULE_FROZEN_MPY (1)
#define MICROPY_ENABLE_EXTERNAL_IMPORT (1)
#define mp_builtin___import__ frozen_import
#define MICROPY_QSTR_EXTRA_POOL mp_qstr_frozen_const_pool
#define MICROPY_QSTR_BYTES_IN_HASH (1)

// Memory. The finaliser is what wipes a key whose last reference went away.
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_FINALISER (1)
#define MICROPY_STACK_CHECK (1)
// The smallest blocks: functions and short tuples have this size, and RP2040 is short of heap, not of time.
#define MICROPY_BYTES_PER_GC_BLOCK (16)
#define MICROPY_ALLOC_PATH_MAX (64)
// As many names as most modules have, and as many modules as there are: tables that grow are made anew each time,
// which was a third of a boot.
#define MICROPY_MODULE_DICT_SIZE (17)
#define MICROPY_LOADED_MODULES_DICT_SIZE (73)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (256)

// Exceptions carry no text: nothing that a command worked on can end up in a message. Line
// numbers stay, because the simulator shows them when the image stops (port/fatal.c).
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_NONE)
#define MICROPY_ENABLE_SOURCE_LINE (1)
#define MICROPY_WARNINGS (0)

// Speed.
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_OPT_LOAD_ATTR_FAST_PATH (1)
#define MICROPY_OPT_MAP_LOOKUP_CACHE (1)
// The linker may put the two halves of nlr_push further apart than a short branch reaches.
#define MICROPY_NLR_THUMB_USE_LONG_JUMP (1)

// Language.
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_LONGLONG)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_NONE)
#define MICROPY_CPYTHON_COMPAT (1)
#define MICROPY_FULL_CHECKS (1)
#define MICROPY_BUILTIN_METHOD_CHECK_SELF_ARG (1)
#define MICROPY_MODULE_GETATTR (0)
#define MICROPY_PY_BUILTINS_BYTEARRAY (1)
#define MICROPY_PY_BUILTINS_MEMORYVIEW (1)
#define MICROPY_PY_BUILTINS_SLICE (1)
#define MICROPY_PY_BUILTINS_PROPERTY (1)
#define MICROPY_PY_BUILTINS_ENUMERATE (1)
#define MICROPY_PY_BUILTINS_REVERSED (1)
#define MICROPY_PY_BUILTINS_MIN_MAX (1)
#define MICROPY_PY_BUILTINS_SET (1)
#define MICROPY_PY_BUILTINS_STR_UNICODE (0)
#define MICROPY_PY_BUILTINS_RANGE_ATTRS (0)
#define MICROPY_PY_ARRAY (1)
#define MICROPY_PY_ARRAY_SLICE_ASSIGN (1)
#define MICROPY_PY_STRUCT (1)
#define MICROPY_PY_GC (1)
#define MICROPY_PY_MICROPYTHON (1)
#define MICROPY_PY_ERRNO (1)
#define MICROPY_PY_ERRNO_ERRORCODE (0)
#define MICROPY_PY_SYS (0)

// There is nowhere to print to.
#define MP_PLAT_PRINT_STRN(text, length) ((void)(text), (void)(length))

#define MICROPY_HW_BOARD_NAME "hsm"
#define MICROPY_HW_MCU_NAME "hsm"

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;

#include <alloca.h>

#define MP_STATE_PORT MP_STATE_VM

#endif // HSM_MPCONFIGPORT_H
