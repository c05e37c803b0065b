# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Keys that encrypt, authenticate, agree and derive; the host computes everything once more.
Resource            ../resources/hsm.resource

Test Setup          Start With A User Logged In

Test Tags           keys


*** Test Cases ***
AES Keys Of All Sizes Encrypt And Decrypt
    [Template]    A New AES Key Encrypts
    AES-128
    AES-192
    AES-256

An AES Key Opens Only What It Sealed
    Generate AES Key    1    AES-256
    Card Should Open Only What It Sealed    1

A Key For XTS Is Kept
    Generate AES Key    1    AES-512
    Card Should List Keys    1

An AES Key With Two Uses Encrypts Twice
    [Tags]    CTR-1
    Generate AES Key    1    AES-256    uses=2
    Encrypt With Key    1
    Power Cycle
    Log In
    Encrypt With Key    1
    Encrypt With Key    1    refused=uses exhausted
    Key Should Have Uses Left    1    0

Without Login Nothing Is Encrypted
    Generate AES Key    1    AES-128
    Log Out
    Encrypt With Key    1    refused=not logged in
    Generate AES Key    2    AES-128    refused=not logged in

Edwards Keys Sign
    [Template]    A New Edwards Key Signs
    Ed25519
    Ed448

Montgomery Keys Agree With The Host
    [Template]    A New Montgomery Key Agrees
    X25519
    X448

Keys On Other Curves Agree With The Host, Too
    [Template]    A New EC Key Agrees
    P-256
    brainpoolP384r1

A Derived Key Is Another One And Lives On
    Generate Key    1    P-256
    Derive Key    1    2
    Derived Key Should Be Another One    2    1
    Delete Key    1
    Power Cycle
    Log In
    Card Should List Keys    2

A Derived Key Takes One Use Of Its Parent
    [Tags]    CTR-1
    Generate Key    1    P-256    uses=2
    Derive Key    1    2
    Key Should Have Uses Left    1    1
    Key Should Have Uses Left    2    1
    Derive Key    1    3
    Derive Key    1    4    refused=uses exhausted
    Card Should List Keys    1    2    3

A Key Of Another Kind Takes The Place Of One
    Generate Key    1    P-256
    Generate AES Key    1    AES-256
    Card Should Decrypt What It Encrypted    1
    Sign With Key    1    refused=not possible


*** Keywords ***
A New AES Key Encrypts
    [Documentation]    It is the same key after a power cycle.
    [Arguments]    ${kind}
    Generate AES Key    1    ${kind}
    Card Should Decrypt What It Encrypted    1
    Remember What Key Encrypts    1
    Power Cycle
    Log In
    Key Should Encrypt As Remembered    1

A New Edwards Key Signs
    [Documentation]    Before and after a power cycle.
    [Arguments]    ${curve}
    Generate Key On    ${curve}    1
    Edwards Key Should Sign    1
    Power Cycle
    Log In
    Edwards Key Should Sign    1

A New Montgomery Key Agrees
    [Documentation]    Before and after a power cycle.
    [Arguments]    ${curve}
    Generate Key On    ${curve}    1
    Montgomery Key Should Agree With The Host    1
    Power Cycle
    Log In
    Montgomery Key Should Agree With The Host    1

A New EC Key Agrees
    [Documentation]    Before and after a power cycle.
    [Arguments]    ${kind}
    Generate Key    1    ${kind}
    EC Key Should Agree With The Host    1
    Power Cycle
    Log In
    EC Key Should Agree With The Host    1
