# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       A new device gets its PINs and an identity; a used one starts anew only for who knows its code.
Resource            ../resources/hsm.resource

Test Setup          Start With A Blank Device

Test Tags           initialise


*** Test Cases ***
A Blank Device Says That It Has No PINs
    User PIN Should Be Unset
    SO PIN Should Be Unset
    Verify PIN    ${PIN}    refused=never set

A Blank Device Makes No Keys And Keeps No Files
    Generate Key    1    P-256    refused=not logged in
    Write File    public 1    20 bytes    refused=not logged in
    Card Should Have No Keys

A Blank Device Touches Its Flash Only When It Is Initialised
    [Tags]    BOOT-2
    Power Cycle
    User PIN Should Be Unset
    Flash Should Not Have Changed Since Power On

Initialising Gives The Device An Identity That It Proves
    Initialise The Device    ${PIN}    ${SO_PIN}
    Device Certificate Should Be Genuine
    Device Should Have Free Memory
    Card Should Say That Its Store Is    usable

Who Initialises Is Logged In Until The Card Is Selected Again
    Initialise The Device    ${PIN}    ${SO_PIN}
    User Should Be Logged In
    Log Out
    User Should Be Logged Out
    Tries Left Should Be    3

The Label Is Kept
    Initialise The Device    ${PIN}    ${SO_PIN}
    Set Label    Treasury, room 4
    Power Cycle
    Label Should Be    Treasury, room 4

PINs At The Production Cost Work As Well
    [Documentation]    The other tests ask for the least stretching that the card allows, because they log in often.
    Initialise The Device    ${PIN}    ${SO_PIN}    cost=production
    Power Cycle
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Verify PIN    ${PIN}
    Reset PIN    ${SO_PIN}    ${NEW_PIN}
    Verify PIN    ${NEW_PIN}

The Number Of Tries Can Be Chosen
    [Template]    A Device With ${tries} Tries Blocks After That Many
    1
    2
    10

The Number Of Tries Has Limits
    [Template]    Initialise The Device
    ${PIN}    ${SO_PIN}    tries=0    refused=not possible
    ${PIN}    ${SO_PIN}    tries=11    refused=not possible

PINs Of The Wrong Length Are Refused
    [Template]    Initialise The Device
    ${TOO_SHORT_PIN}    ${SO_PIN}    refused=not possible
    ${TOO_LONG_PIN}    ${SO_PIN}    refused=not possible
    ${PIN}    ${TOO_SHORT_SO_PIN}    refused=not possible

A Refused Initialisation Leaves The Device Blank
    Initialise The Device    ${TOO_SHORT_PIN}    ${SO_PIN}    refused=not possible
    User PIN Should Be Unset
    Power Cycle
    User PIN Should Be Unset

A Used Device Starts Anew With Its Own Code
    [Setup]    Start With An Initialised Card
    Log In
    Generate Key    1    P-256
    Write File    public 1    20 bytes
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}
    Card Should Have No Keys
    File Should Be Absent    public 1
    Log Out
    Verify PIN    ${PIN}    refused=2 tries left
    Verify PIN    ${NEW_PIN}

A Used Device Keeps Its Identity
    [Setup]    Start With An Initialised Card
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}
    Device Certificate Should Be Unchanged

A Wrong Code Costs One Of Fifteen Tries And Changes Nothing
    [Tags]    PIN-1
    [Setup]    Start With An Initialised Card
    Log In
    Generate Key    1    P-256
    Initialise The Device    ${NEW_PIN}    ${WRONG_SO_PIN}    refused=14 tries left
    Power Cycle
    SO Tries Left Should Be    14
    Log In
    Key Should Sign    1

Fifteen Wrong Codes Leave The Device To Its User Alone
    [Tags]    PIN-1
    [Setup]    Start With An Initialised Card
    Device Must Be One That Can Be Put Back
    Log In
    Generate Key    1    P-256
    Try To Initialise With A Wrong Code Until Blocked
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}    refused=blocked
    Power Cycle
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}    refused=blocked
    Log In
    Key Should Sign    1

A Damaged Store Is Reported, Kept As It Is, And Starts Anew On Request
    [Tags]    BOOT-1    LIVE-1
    [Setup]    Start With An Initialised Card
    Log In
    Write File    public 1    20 KB
    Lose A Sector Of The Stored Data
    Card Should Say That Its Store Is    damaged
    Verify PIN    ${PIN}    refused=memory failure
    Flash Should Not Have Changed Since Power On
    Initialise The Device    ${NEW_PIN}    ${NEW_SO_PIN}
    Log Out
    Verify PIN    ${NEW_PIN}

A Store Of Another Format Version Is Reported, Kept As It Is, And Starts Anew On Request
    [Tags]    BOOT-1
    [Setup]    Start With An Initialised Card
    Mark The Stored Data As Of A Newer Format
    Card Should Say That Its Store Is    of another format
    Verify PIN    ${PIN}    refused=memory failure
    Flash Should Not Have Changed Since Power On
    Initialise The Device    ${NEW_PIN}    ${NEW_SO_PIN}
    Log Out
    Verify PIN    ${NEW_PIN}


*** Keywords ***
A Device With ${tries} Tries Blocks After That Many
    [Documentation]    From the choice at INITIALIZE to the last wrong PIN.
    Start With A Blank Device
    Initialise The Device    ${PIN}    ${SO_PIN}    tries=${tries}
    Log Out
    Tries Left Should Be    ${tries}
    Verify Wrong PIN Until Blocked    ${tries}
    Verify PIN    ${PIN}    refused=blocked

Try To Initialise With A Wrong Code Until Blocked
    [Documentation]    Each of the fifteen answers tells that there is one try less.
    FOR    ${left}    IN RANGE    14    0    -1
        Initialise The Device    ${NEW_PIN}    ${WRONG_SO_PIN}    refused=${left} tries left
    END
    Initialise The Device    ${NEW_PIN}    ${WRONG_SO_PIN}    refused=blocked
