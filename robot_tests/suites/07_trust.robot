# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       The PIN alone opens no key where custodians must sign first.
Resource            ../resources/hsm.resource

Test Setup          Start With Three Custodians Of Whom Two Must Sign

Test Tags           trust


*** Test Cases ***
Two Of Three Custodians Open The Keys
    Log In Anew
    Generate Key    1    P-256    refused=not logged in
    Ask For A Challenge
    Custodian Signs    Alice
    Generate Key    1    P-256    refused=not logged in
    Custodian Signs    Carol
    Custodians Should Be    registered=3    signed=2
    Generate Key    1    P-256
    Key Should Sign    1

Custodians Alone Open Nothing
    Power Cycle
    Ask For A Challenge
    Custodian Signs    Alice    Bob
    Generate Key    1    P-256    refused=not logged in

One Custodian Does Not Count Twice
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice
    Custodian Signs    Alice    refused=conditions not satisfied
    Generate Key    1    P-256    refused=not logged in

Who Is No Custodian Cannot Sign For One
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice
    Stranger Signs For Custodian    Bob    refused=conditions not satisfied
    Generate Key    1    P-256    refused=not logged in
    Custodian Signs    Mallory    refused=never set

Logging Out Ends What The Custodians Allowed
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice    Bob
    Generate Key    1    P-256
    Log In Anew
    Sign With Key    1    refused=not logged in
    Custodians Should Be    registered=3    signed=0

A Challenge Is Signed Once
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice    Bob
    Custodian Signs    Carol    refused=conditions not satisfied

Custodians Outlive The Power
    Power Cycle
    Custodians Should Be    registered=3    signed=0

Nobody Is Registered Whom The Trusted Device Does Not Know
    [Setup]    Start With A Card For Custodians    2    1
    Trust The Custodians Device
    Register Custodian By A Stranger    Alice    refused=conditions not satisfied
    Register Custodian    Alice
    Register Custodian    Alice    refused=conditions not satisfied
    Custodians Should Be    registered=1    signed=0

A Custodian Can Be Replaced
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice    Bob
    Replace Custodian    0    Dora
    Log In Anew
    Ask For A Challenge
    Custodian Signs    Alice    refused=never set
    Custodian Signs    Bob    Dora
    Generate Key    1    P-256


*** Keywords ***
Start With Three Custodians Of Whom Two Must Sign
    [Documentation]    The user is logged in.
    Start With A Card For Custodians    3    2
    Trust The Custodians Device
    Register Custodian    Alice
    Register Custodian    Bob
    Register Custodian    Carol

Log In Anew
    [Documentation]    A new session of the user alone.
    Log Out
    Log In
