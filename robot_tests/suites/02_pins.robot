# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       User PIN and SO-PIN: what opens the card, what closes it, what a wrong guess costs.
Resource            ../resources/hsm.resource

Test Setup          Start With An Initialised Card

Test Tags           pins


*** Test Cases ***
The Right PIN Opens The Card Until It Is Selected Again
    Verify PIN    ${PIN}
    User Should Be Logged In
    Log Out
    User Should Be Logged Out

The Right PIN Opens The Card Until The Power Goes
    Verify PIN    ${PIN}
    Power Cycle
    User Should Be Logged Out

A Wrong PIN Costs A Try, And A Power Cycle Does Not Give It Back
    [Tags]    PIN-1
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Tries Left Should Be    2
    Power Cycle
    Tries Left Should Be    2
    Verify PIN    ${WRONG_PIN}    refused=1 try left
    Power Cycle
    Tries Left Should Be    1

A Wrong PIN Ends The Session Of The Right One
    Verify PIN    ${PIN}
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    User Should Be Logged Out

The Right PIN Gives All Tries Back
    [Tags]    PIN-1
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Verify PIN    ${WRONG_PIN}    refused=1 try left
    Verify PIN    ${PIN}
    Log Out
    Tries Left Should Be    3
    Power Cycle
    Tries Left Should Be    3

Three Wrong PINs Block The Card, For The Right PIN Too
    [Tags]    PIN-1
    Verify Wrong PIN Until Blocked    3
    Verify PIN    ${PIN}    refused=blocked
    Power Cycle
    Verify PIN    ${PIN}    refused=blocked
    User PIN Should Be Blocked

A PIN That Nobody Can Have Costs No Try
    [Template]    A PIN Of The Wrong Length Is Refused Without Costing A Try
    ${TOO_SHORT_PIN}
    ${TOO_LONG_PIN}

A Long PIN Is Compared To Its End
    Change PIN    ${PIN}    ${LONGEST_PIN}
    Log Out
    Verify PIN    ${SHORTEST_PIN}    refused=2 tries left
    Verify PIN    ${LONGEST_PIN}[:-1]    refused=1 try left
    Verify PIN    ${LONGEST_PIN}

Changing The PIN Replaces It
    Change PIN    ${PIN}    ${NEW_PIN}
    User Should Be Logged In
    Log Out
    Verify PIN    ${PIN}    refused=2 tries left
    Verify PIN    ${NEW_PIN}
    Power Cycle
    Verify PIN    ${NEW_PIN}

A PIN Can Be Changed To One Of Any Allowed Length
    Change PIN    ${PIN}    ${LONGEST_PIN}
    Change PIN    ${LONGEST_PIN}    ${SHORTEST_PIN}
    Power Cycle
    Verify PIN    ${SHORTEST_PIN}

Changing The PIN Needs The Old One
    [Tags]    PIN-1
    Change PIN    ${WRONG_PIN}    ${NEW_PIN}    refused=2 tries left
    Verify PIN    ${NEW_PIN}    refused=1 try left
    Verify PIN    ${PIN}

The New PIN Must Have An Allowed Length
    Change PIN    ${PIN}    ${TOO_SHORT_PIN}    refused=wrong length
    Change PIN    ${PIN}    ${TOO_LONG_PIN}    refused=wrong length
    Tries Left Should Be    3
    Verify PIN    ${PIN}

Keys And Files Outlive A Change Of The PIN
    Log In
    Generate Key    1    P-256
    Write File    private 1    20 bytes
    Change PIN    ${PIN}    ${NEW_PIN}
    Power Cycle
    Verify PIN    ${NEW_PIN}
    Key Should Sign    1
    File Should Be As Written    private 1

The Security Officer Unblocks The Card With A New PIN
    Log In
    Generate Key    1    P-256
    Verify Wrong PIN Until Blocked    3
    Reset PIN    ${SO_PIN}    ${NEW_PIN}
    Verify PIN    ${NEW_PIN}
    Key Should Sign    1
    Log Out
    Verify PIN    ${PIN}    refused=2 tries left

The Security Officer Can Give The Tries Back And Leave The PIN
    Verify Wrong PIN Until Blocked    3
    Give Tries Back    ${SO_PIN}
    Tries Left Should Be    3
    Verify PIN    ${PIN}

Resetting The PIN Logs Nobody In
    Reset PIN    ${SO_PIN}    ${NEW_PIN}
    User Should Be Logged Out

A Wrong SO PIN Costs One Of Fifteen Tries And Resets Nothing
    [Tags]    PIN-1
    Verify Wrong PIN Until Blocked    3
    Reset PIN    ${WRONG_SO_PIN}    ${NEW_PIN}    refused=14 tries left
    Power Cycle
    SO Tries Left Should Be    14
    User PIN Should Be Blocked

The SO PIN Opens No Keys
    Log In
    Generate Key    1    P-256
    Log Out
    Verify SO PIN    ${SO_PIN}
    Sign With Key    1    refused=not logged in

The SO PIN Can Be Changed
    Change SO PIN    ${SO_PIN}    ${NEW_SO_PIN}
    Power Cycle
    Verify SO PIN    ${SO_PIN}    refused=14 tries left
    Verify SO PIN    ${NEW_SO_PIN}
    Reset PIN    ${NEW_SO_PIN}    ${NEW_PIN}
    Verify PIN    ${NEW_PIN}

Fifteen Wrong SO PINs Block It For Good
    [Tags]    PIN-1
    Verify Wrong SO PIN Until Blocked    15
    Power Cycle
    Verify SO PIN    ${SO_PIN}    refused=blocked
    Reset PIN    ${SO_PIN}    ${NEW_PIN}    refused=blocked
    Verify PIN    ${PIN}

A Transport PIN Must Be Changed Before It Opens The Card
    [Setup]    Start With A Blank Device
    Initialise The Device    ${PIN}    ${SO_PIN}    options=transport PIN
    Log Out
    Verify PIN    ${PIN}    refused=not usable yet
    Power Cycle
    User PIN Should Not Be Usable Yet
    Change PIN    ${PIN}    ${NEW_PIN}
    Power Cycle
    Verify PIN    ${NEW_PIN}

Without The Option Nobody Resets The PIN
    [Setup]    Start With A Blank Device
    Initialise The Device    ${PIN}    ${SO_PIN}    options=no PIN reset
    Log Out
    Reset PIN    ${SO_PIN}    ${NEW_PIN}    refused=not allowed
    Give Tries Back    ${SO_PIN}    refused=not allowed
    Verify PIN    ${PIN}

An Option Allows Giving Tries Back But No New PIN
    [Setup]    Start With A Blank Device
    Initialise The Device    ${PIN}    ${SO_PIN}    options=PIN reset, tries only
    Log Out
    Verify Wrong PIN Until Blocked    3
    Reset PIN    ${SO_PIN}    ${NEW_PIN}    refused=not allowed
    Give Tries Back    ${SO_PIN}
    Verify PIN    ${PIN}

Every Correct PIN Is Correct For A Long Time
    [Documentation]    More logins than one retry counter has room for: the card writes the counter anew and goes on.
    [Tags]    PIN-1    WEAR-1
    Log In And Out    200 times
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Power Cycle
    Tries Left Should Be    2


*** Keywords ***
A PIN Of The Wrong Length Is Refused Without Costing A Try
    [Documentation]    No card has such a PIN, so that nobody learns anything from the answer.
    [Arguments]    ${pin}
    Verify PIN    ${pin}    refused=wrong length
    Tries Left Should Be    3
