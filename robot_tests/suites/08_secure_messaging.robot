# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       What host and card say to each other is neither read nor changed on the way.
Resource            ../resources/hsm.resource

Test Setup          Start With Key 1 On P-256

Test Tags           channel


*** Test Cases ***
The PIN And A Key Are Used In The Channel
    Power Cycle
    Open A Secure Channel
    Sign In The Channel    1    refused=not logged in
    Verify PIN In The Channel    ${PIN}
    Sign In The Channel    1
    Sign In The Channel    1

A Wrong PIN Costs A Try In The Channel, Too
    [Tags]    PIN-1
    Power Cycle
    Open A Secure Channel
    Verify PIN In The Channel    ${WRONG_PIN}    refused=2 tries left
    Power Cycle
    Tries Left Should Be    2

A Changed Command Ends Channel And Session
    Open A Secure Channel
    Verify PIN In The Channel    ${PIN}
    Damage A Command In The Channel    refused=wrong check
    Channel Should Be Closed
    User Should Be Logged Out

A Command Beside The Channel Ends Channel And Session
    Open A Secure Channel
    Verify PIN In The Channel    ${PIN}
    User Should Be Logged Out
    Channel Should Be Closed

The Channel Ends With The Power
    Open A Secure Channel
    Power Cycle
    Channel Should Be Closed

A Session PIN Stands In For The User's
    [Setup]    Start With Session PINs
    Generate Session PIN
    Verify Session PIN In The Channel
    Sign In The Channel    1

A Session PIN Ends With The Session
    [Setup]    Start With Session PINs
    Generate Session PIN
    Power Cycle
    Verify Session PIN    refused=2 tries left

Nobody Gets A Session PIN Without A Channel
    [Setup]    Start With Session PINs
    Log Out
    Log In
    Ask For A Session PIN Without A Channel    refused=conditions not satisfied

Without The Option There Is No Session PIN
    Open A Secure Channel
    Verify PIN In The Channel    ${PIN}
    Generate Session PIN    refused=not supported


*** Keywords ***
Start With Key 1 On P-256
    [Documentation]    The user is logged in, and key 1 is there.
    Start With A User Logged In
    Generate Key    1    P-256

Start With Session PINs
    [Documentation]    The device allows them; the user is logged in, in a channel, and key 1 is there.
    Start With A Blank Device
    Initialise The Device    ${PIN}    ${SO_PIN}    options=session PIN
    Generate Key    1    P-256
    Open A Secure Channel
    Verify PIN In The Channel    ${PIN}
