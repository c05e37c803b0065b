# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       The life of an HSM, from the first power-on to the worn-out flash.
...
...                 Suites stand in the order of that life. Each test starts with a state of its own and leaves
...                 nothing to the next.
Resource            ../resources/hsm.resource

Suite Setup         Open The Bench
Suite Teardown      Close The Bench
