# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Keys move to a second device, encrypted, when custodians bring the same shares to both.
Resource            ../resources/hsm.resource

Test Setup          Start With A Key Domain Of Two Custodians

Test Tags           backup


*** Test Cases ***
A Key Signs On The Other Device
    Generate Key    1    P-256
    Wrap Key    1
    Bring A Second Device With The Same Key Domain
    Unwrap Key    7
    Key Should Sign    7
    Power Cycle
    Sign With Key    7    refused=not logged in
    Log In
    Key Should Sign    7

An RSA Key Moves In Short Commands
    Generate Key    1    RSA-1024
    Wrap Key    1
    Bring A Second Device With The Same Key Domain
    Unwrap Key By File    7
    Key Should Sign    7
    Decipher With Key    7

An AES Key Moves There And Back
    Generate AES Key    1    AES-256
    Remember What Key Encrypts    1
    Wrap Key    1
    Bring A Second Device With The Same Key Domain
    Unwrap Key    7
    Key Should Encrypt As Remembered    7
    Wrap Key    7
    Take The First Device
    Unwrap Key    2
    Key Should Encrypt As Remembered    2
    Card Should List Keys    1    2

Both Devices Have The Same Check Value
    [Tags]    DOM-1
    Remember The Check Value
    Bring A Second Device With The Same Key Domain
    Check Value Should Be The Remembered One

Custodians May Come In Any Order And Without A Login
    [Tags]    DOM-1
    Remember The Check Value
    Bring A Second Device
    Set Up Key Domain For Shares    2
    Log Out
    Import Share Of    Bob
    Shares Missing Should Be    1
    Power Cycle
    Import Share Of    Alice
    Check Value Should Be The Remembered One
    Log In
    Check Value Should Be The Remembered One

One Custodian Alone Moves No Key
    [Tags]    DOM-1
    Generate Key    1    P-256
    Wrap Key    1
    Bring A Second Device
    Set Up Key Domain For Shares    2
    Import Share Of    Alice
    Shares Missing Should Be    1
    Unwrap Key    7    refused=wrong data
    Card Should Have No Keys

Other Custodians Move No Key
    Generate Key    1    P-256
    Wrap Key    1
    Bring A Second Device
    Set Up Key Domain For Shares    2
    Import Share Of    Alice    Mallory
    Unwrap Key    7    refused=wrong data
    Card Should Have No Keys

A Damaged Blob Changes Nothing
    Generate Key    1    P-256
    Wrap Key    1
    Damage The Blob
    Unwrap Key    1    refused=wrong data
    Key Should Sign    1
    Card Should List Keys    1

Nobody Wraps Without Login
    Generate Key    1    P-256
    Log Out
    Wrap Key    1    refused=not logged in

A Domain That Was Cleared Wraps Nothing
    Generate Key    1    P-256
    Clear The Key Domain
    Shares Missing Should Be    2
    Wrap Key    1    refused=never set
    Import Share Of    Alice    Bob
    Wrap Key    1

Shares Stand Nowhere In The Clear
    [Tags]    KEY-2
    Generate Key    1    P-256
    Wrap Key    1
    Blob Should Not Contain Share Of    Alice
    Clear The Key Domain
    Import Share Of    Bob
    Blob Should Not Contain Share Of    Bob


*** Keywords ***
Start With A Key Domain Of Two Custodians
    [Documentation]    The user is logged in, and Alice and Bob have brought their shares.
    Start With A User Logged In
    Set Up Key Domain For Shares    2
    Import Share Of    Alice    Bob

Bring A Second Device With The Same Key Domain
    [Documentation]    Its user is logged in, and it is at hand.
    Bring A Second Device
    Set Up Key Domain For Shares    2
    Import Share Of    Alice    Bob
