# SPDX-License-Identifier: GPL-2.0-or-later
# The MicroPython module `hsm_crypto`: bindings only; link hsm_crypto_core beside it.
add_library(usermod_hsm_crypto INTERFACE)
target_sources(usermod_hsm_crypto INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/binding/aes_key.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/ec_key.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/edwards_key.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/functions.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/handle.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/hd_node.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/module.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/montgomery_key.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/rsa_key.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/secret.c
    ${CMAKE_CURRENT_LIST_DIR}/binding/secure_channel.c
)
target_include_directories(usermod_hsm_crypto INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/binding
    ${CMAKE_CURRENT_LIST_DIR}/core
)
target_link_libraries(usermod INTERFACE usermod_hsm_crypto)
