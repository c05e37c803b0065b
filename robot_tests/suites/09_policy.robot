# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       The owner decides what a key's use takes beside the PIN: a press, a counter, the mask of a host.
Resource            ../resources/hsm.resource

Test Setup          Start With Key 1 On P-256

Test Tags           policy


*** Test Cases ***
Under The Lock The PIN Opens Nothing
    Lock The Device With The Mask Of    Office
    Key Should Sign    1
    Power Cycle
    Log In
    Sign With Key    1    refused=not logged in
    Unlock The Device With The Mask Of    Office
    Key Should Sign    1

Another Mask Opens Nothing
    Lock The Device With The Mask Of    Office
    Power Cycle
    Log In
    Unlock The Device With The Mask Of    Home    refused=wrong length
    Take The Lock Away With The Mask Of    Home    refused=wrong length
    Sign With Key    1    refused=not logged in

The Mask Without The PIN Opens Nothing
    Lock The Device With The Mask Of    Office
    Power Cycle
    Unlock The Device With The Mask Of    Office    refused=not logged in

Without The Lock The PIN Is Enough Again
    Lock The Device With The Mask Of    Office
    Power Cycle
    Log In
    Take The Lock Away With The Mask Of    Office
    Power Cycle
    Log In
    Key Should Sign    1

The Lock Outlives A New PIN
    Lock The Device With The Mask Of    Office
    Power Cycle
    Change PIN    ${PIN}    ${NEW_PIN}
    Sign With Key    1    refused=not logged in
    Reset PIN    ${SO_PIN}    ${PIN}
    Log In
    Sign With Key    1    refused=not logged in
    Unlock The Device With The Mask Of    Office
    Key Should Sign    1

A New Life Begins Without The Lock
    Lock The Device With The Mask Of    Office
    Initialise The Device    ${PIN}    ${SO_PIN}
    Power Cycle
    Log In
    Generate Key    1    P-256
    Key Should Sign    1

A Press Confirms Each Use Of A Key
    Set Option    press to confirm
    Press The Button When Asked
    Key Should Sign    1
    Sign With Key    1    refused=nobody pressed

A Press Is Wanted To Take The Option Away, Too
    Set Option    press to confirm
    Set Option    none    refused=nobody pressed
    Press The Button When Asked
    Set Option    none
    Key Should Sign    1

Where All Keys Have Counters A New One Has The Highest
    [Tags]    CTR-1
    Set Option    counters on all keys
    Generate Key    2    P-256
    Key Should Have Uses Left    2    4294967294
    Key Should Sign    2
    Key Should Have Uses Left    2    4294967293

Options Outlive The Power, And Nobody Changes Them Without Login
    Set Option    counters on all keys
    Power Cycle
    Set Option    none    refused=not logged in
    Log In
    Generate Key    2    P-256
    Key Should Have Uses Left    2    4294967294


*** Keywords ***
Start With Key 1 On P-256
    [Documentation]    The user is logged in, and key 1 is there.
    Start With A User Logged In
    Generate Key    1    P-256
