# SPDX-License-Identifier: GPL-2.0-or-later
# Sources of the self-test image, for whichever target runs them; link hsm_crypto_core beside them.
add_library(hsm_selftest_requests INTERFACE)
target_sources(hsm_selftest_requests INTERFACE
    ${CMAKE_CURRENT_LIST_DIR}/parts.c
    ${CMAKE_CURRENT_LIST_DIR}/serve.c
    ${CMAKE_CURRENT_LIST_DIR}/serve_ec.c
    ${CMAKE_CURRENT_LIST_DIR}/serve_edwards.c
    ${CMAKE_CURRENT_LIST_DIR}/serve_objects.c
    ${CMAKE_CURRENT_LIST_DIR}/serve_rsa.c
    ${CMAKE_CURRENT_LIST_DIR}/serve_symmetric.c
)
target_include_directories(hsm_selftest_requests INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(hsm_selftest_requests INTERFACE hsm_crypto_core)
