// `import` for an image whose modules are all frozen or built in: no paths, no files.
// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "frozen_import.h"
#include "py/builtin.h"
#include "py/emitglue.h"
#include "py/nlr.h"
#include "py/objmodule.h"
#include "py/runtime.h"

// Written by frozen_modules.py; entry n belongs to mp_frozen_mpy_content[n].
static const struct {
    uint16_t name;
    uint16_t parent; // the package it is in, or MP_QSTRnull
    uint16_t leaf; // its name there
    bool is_package;
} modules[] = {
#include "frozen_table.inc"
};

extern const mp_frozen_module_t *const mp_frozen_mpy_content[];

static NORETURN void not_found(void) {
    mp_raise_type(&mp_type_ImportError);
}

static mp_obj_t loaded(qstr name) {
    mp_map_elem_t *element =
        mp_map_lookup(&MP_STATE_VM(mp_loaded_modules_dict).map, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
    return element ? element->value : MP_OBJ_NULL;
}

static mp_obj_t built_in(qstr name) {
    mp_obj_t module = mp_module_get_builtin(name, false);
    return module != MP_OBJ_NULL ? module : mp_module_get_builtin(name, true);
}

// Executes the module's code in its own namespace.
static void execute(mp_module_context_t *module, const mp_frozen_module_t *frozen) {
    mp_obj_dict_t *globals = mp_globals_get();
    mp_obj_dict_t *locals = mp_locals_get();
    mp_globals_set(module->module.globals);
    mp_locals_set(module->module.globals);
    module->constants = frozen->constants;
    nlr_buf_t nlr;
    bool raised = nlr_push(&nlr) != 0;
    if (!raised) {
        mp_call_function_0(mp_make_function_from_proto_fun(frozen->proto_fun, module, NULL));
        nlr_pop();
    }
    mp_globals_set(globals);
    mp_locals_set(locals);
    if (raised) {
        // Half a module must not be found by the next import.
        mp_map_lookup(&MP_STATE_VM(mp_loaded_modules_dict).map,
            mp_obj_dict_get(MP_OBJ_FROM_PTR(module->module.globals), MP_OBJ_NEW_QSTR(MP_QSTR___name__)),
            MP_MAP_LOOKUP_REMOVE_IF_FOUND);
        nlr_jump(nlr.ret_val);
    }
}

static mp_obj_t import_module(qstr name);

static mp_obj_t load(size_t index) {
    mp_obj_t parent = MP_OBJ_NULL;
    if (modules[index].parent != MP_QSTRnull) {
        parent = import_module(modules[index].parent);
        mp_obj_t module = loaded(modules[index].name);
        if (module != MP_OBJ_NULL) {
            return module; // its package has imported it just now
        }
    }
    mp_obj_t module = mp_obj_new_module(modules[index].name);
    if (modules[index].is_package) {
        // What the interpreter knows a package by; where it lies has no meaning here.
        mp_store_attr(module, MP_QSTR___path__, MP_OBJ_NEW_QSTR(MP_QSTR_));
    }
    execute(MP_OBJ_TO_PTR(module), mp_frozen_mpy_content[index]);
    if (parent != MP_OBJ_NULL) {
        mp_store_attr(parent, modules[index].leaf, module);
    }
    return module;
}

static mp_obj_t import_module(qstr name) {
    mp_obj_t module = loaded(name);
    if (module != MP_OBJ_NULL) {
        return module;
    }
    for (size_t index = 0; index < MP_ARRAY_SIZE(modules); index++) {
        if (modules[index].name == name) {
            return load(index);
        }
    }
    module = built_in(name);
    if (module == MP_OBJ_NULL) {
        not_found();
    }
    return module;
}

mp_obj_t frozen_import(size_t argument_count, const mp_obj_t *arguments) {
    mp_obj_t from_list = argument_count >= 4 ? arguments[3] : mp_const_none;
    if (argument_count >= 5 && arguments[4] != MP_OBJ_NEW_SMALL_INT(0)) {
        not_found(); // relative imports
    }
    qstr name = mp_obj_str_get_qstr(arguments[0]);
    mp_obj_t module = import_module(name);
    const char *dot = strchr(qstr_str(name), '.');
    if (from_list == mp_const_none && dot != NULL) {
        // `import a.b` binds a.
        return import_module(qstr_from_strn(qstr_str(name), (size_t)(dot - qstr_str(name))));
    }
    return module;
}
