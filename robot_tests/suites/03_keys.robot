# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Keys are made, used, limited and deleted in the card; the host's own library checks every signature.
Resource            ../resources/hsm.resource

Test Setup          Start With A User Logged In

Test Tags           keys


*** Test Cases ***
Keys On Every Curve Sign
    [Template]    A New Key Signs
    P-256    ECDSA SHA-256
    P-384    ECDSA SHA-384
    P-521    ECDSA SHA-512
    secp256k1    ECDSA SHA-256
    brainpoolP256r1    ECDSA SHA-256
    brainpoolP384r1    ECDSA SHA-384
    brainpoolP512r1    ECDSA SHA-512

RSA Keys Sign With Both Paddings And Decipher
    [Template]    A New RSA Key Signs And Deciphers
    RSA-1024
    RSA-2048

Any Hash Can Be Signed
    [Setup]    Start With Key 1 On P-256
    [Template]    Sign With Key
    1    ECDSA SHA-1
    1    ECDSA SHA-224
    1    ECDSA SHA-256
    1    ECDSA SHA-384
    1    ECDSA SHA-512

Keys Outlive The Power
    [Setup]    Start With Key 1 On P-256
    Power Cycle
    Log In
    Key Should Sign    1
    Card Should List Keys    1

Without Login No Key Is Made, Used Or Deleted
    [Setup]    Start With Key 1 On P-256
    Log Out
    Generate Key    2    P-256    refused=not logged in
    Sign With Key    1    refused=not logged in
    Delete Key    1    refused=not logged in
    Card Should List Keys    1
    Log In
    Key Should Sign    1

A Key Cannot Be Used For What Another Kind Does
    [Setup]    Start With Key 1 On P-256
    Sign With Key    1    RSA PKCS1 SHA-256    refused=not possible
    Decipher With Key    1    refused=not possible

The Device's Own Key Signs Nothing And Stays
    Sign With Key    0    refused=not found
    Delete Key    0    refused=not logged in

A Deleted Key Signs No More, Others Do
    [Setup]    Start With Key 1 On P-256
    Generate Key    2    P-256
    Delete Key    1
    Sign With Key    1    refused=not found
    Key Should Sign    2
    Power Cycle
    Log In
    Sign With Key    1    refused=not found
    Key Should Sign    2
    Card Should List Keys    2

Of A Deleted Key Nothing Is Left In The Flash
    [Tags]    KEY-1
    Remember The Flash
    Generate Key    1    P-256
    Flash Should Hold Something New
    Delete Key    1
    Delete Description Of Key    1
    Delete Certificate Of Key    1
    Flash Should Hold Nothing Of What Was New

A New Key Replaces The One With The Same Number
    [Setup]    Start With Key 1 On P-256
    Remember Public Key    1
    Generate Key    1    P-256
    Public Key Should Be Another One    1
    Key Should Sign    1
    Card Should List Keys    1

A Key Of A Replaced Kind Is The New Kind
    [Setup]    Start With Key 1 On P-256
    Generate Key    1    P-384
    Sign With Key    1    ECDSA SHA-384
    Power Cycle
    Log In
    Sign With Key    1    ECDSA SHA-384

A Key With Three Uses Signs Three Times
    [Tags]    CTR-1
    Generate Key    1    P-256    uses=3
    Key Should Have Uses Left    1    3
    Key Should Sign    1
    Key Should Sign    1
    Power Cycle
    Key Should Have Uses Left    1    1
    Log In
    Key Should Sign    1
    Sign With Key    1    refused=uses exhausted
    Power Cycle
    Log In
    Sign With Key    1    refused=uses exhausted
    Key Should Have Uses Left    1    0

Making A Key Again Gives It New Uses
    Generate Key    1    P-256    uses=1
    Key Should Sign    1
    Generate Key    1    P-256    uses=2
    Key Should Have Uses Left    1    2

A Key For One Algorithm Does Nothing Else, And That Costs No Use
    Generate Key    1    P-256    uses=1    only=ECDSA SHA-384
    Sign With Key    1    ECDSA SHA-256    refused=conditions not satisfied
    Key Should Have Uses Left    1    1
    Sign With Key    1    ECDSA SHA-384

Fifty Keys With Certificates Are Listed And Read
    Generate Keys    1    50    P-256
    Issue Certificates For Keys    1    50
    Power Cycle
    Card Should List Keys From To    1    50
    Certificates Should Be As Issued    1    50
    Log In
    Every Key Should Sign    1    50

The Card Keeps 255 Keys
    [Tags]    limit    CAP-1
    Generate Keys    1    255    P-256
    Power Cycle
    Card Should List Keys From To    1    255
    Log In
    Key Should Sign    1
    Key Should Sign    128
    Key Should Sign    255
    Delete Key    128
    Generate Key    128    P-256
    Key Should Sign    128


*** Keywords ***
Start With Key 1 On P-256
    [Documentation]    The user is logged in, and key 1 is there.
    Start With A User Logged In
    Generate Key    1    P-256

A New Key Signs
    [Documentation]    Before and after a power cycle.
    [Arguments]    ${kind}    ${algorithm}
    Generate Key    1    ${kind}
    Sign With Key    1    ${algorithm}
    Power Cycle
    Log In
    Sign With Key    1    ${algorithm}

A New RSA Key Signs And Deciphers
    [Documentation]    With both paddings, before and after a power cycle.
    [Arguments]    ${kind}
    Generate Key    1    ${kind}
    Sign With Key    1    RSA PKCS1 SHA-256
    Sign With Key    1    RSA PSS SHA-256
    Decipher With Key    1
    Power Cycle
    Sign With Key    1    RSA PSS SHA-256    refused=not logged in
    Log In
    Sign With Key    1    RSA PSS SHA-256
    Decipher With Key    1
