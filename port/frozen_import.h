// `import` for an image whose modules are all frozen or built in: no paths, no files.
// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HSM_FROZEN_IMPORT_H
#define HSM_FROZEN_IMPORT_H

#include "py/obj.h"

// The arguments of __import__: name, globals, locals, names wanted, level. Absolute names only.
// Raises ImportError.
mp_obj_t frozen_import(size_t argument_count, const mp_obj_t *arguments);

#endif // HSM_FROZEN_IMPORT_H
