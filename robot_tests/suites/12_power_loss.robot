# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       The power fails at the flash operations of every command that changes something.
...
...                 Afterwards the card is as it was before the command, or as it is after it, never in between; what
...                 a boot has repaired, the next one leaves alone. A command that verifies a PIN may leave its try
...                 spent, and never gives one.
...
...                 ``nox -s powerloss`` tries every way to interrupt an operation; here the commonest stand for all.
Resource            ../resources/hsm.resource

Test Tags           power-loss    ATOM-1    BOOT-1    BOOT-2
Test Template       Card Is As Before Or After When Power Fails


*** Test Cases ***
A Wrong PIN Costs Its Try, Or Was Never Compared
    [Tags]    PIN-1    PIN-2
    before each flash operation of    verifying a wrong PIN
    halfway through each flash operation of    verifying a wrong PIN
    in scattered bits of each flash operation of    verifying a wrong PIN
    after the last flash operation of    verifying a wrong PIN

Cutting The Power After A Guess Gives No Guess More
    [Tags]    PIN-1    PIN-2
    [Setup]    Start With An Initialised Card
    [Template]    NONE
    Guess A Wrong PIN And Cut The Power Once The Try Is Spent
    Tries Left Should Be    2
    Guess A Wrong PIN And Cut The Power Once The Try Is Spent
    Tries Left Should Be    1
    Guess A Wrong PIN And Cut The Power Once The Try Is Spent
    User PIN Should Be Blocked
    Verify PIN    ${PIN}    refused=blocked

A Right PIN Gives The Tries Back, Or Costs One More
    [Tags]    PIN-1    PIN-2
    before each flash operation of    verifying the right PIN after a wrong one
    halfway through each flash operation of    verifying the right PIN after a wrong one
    in scattered bits of each flash operation of    verifying the right PIN after a wrong one
    after the last flash operation of    verifying the right PIN after a wrong one

A Right PIN On Its Last Try May Leave A Blocked Card, Never A Gained Try
    [Tags]    PIN-1    PIN-2
    before each flash operation of    verifying the right PIN on its last try
    halfway through each flash operation of    verifying the right PIN on its last try
    in scattered bits of each flash operation of    verifying the right PIN on its last try
    after the last flash operation of    verifying the right PIN on its last try

The Old PIN Or The New One, Never Both, Never None
    [Tags]    PIN-1
    before each flash operation of    changing the PIN
    halfway through each flash operation of    changing the PIN
    after the last flash operation of    changing the PIN

The Security Officer's New PIN Is Set, Or The Old One Stays
    [Tags]    PIN-1
    before each flash operation of    resetting the PIN
    halfway through each flash operation of    resetting the PIN
    after the last flash operation of    resetting the PIN

The SO PIN Is The Old One Or The New One
    [Tags]    PIN-1
    before each flash operation of    changing the SO PIN
    halfway through each flash operation of    changing the SO PIN
    after the last flash operation of    changing the SO PIN

A New Key Is There With All That Belongs To It, Or Nothing Of It Is
    before each flash operation of    making a key
    halfway through each flash operation of    making a key
    after the last flash operation of    making a key

A Replaced Key Is The Old One Or The New One
    halfway through each flash operation of    replacing a key
    after the last flash operation of    replacing a key

A Deleted Key Is Gone, Or Still Signs
    [Tags]    KEY-1
    before each flash operation of    deleting a key
    halfway through each flash operation of    deleting a key
    after the last flash operation of    deleting a key

A Use Is Counted, Or Was Not Made
    [Tags]    CTR-1
    before each flash operation of    signing with a counted key
    halfway through each flash operation of    signing with a counted key
    in scattered bits of each flash operation of    signing with a counted key
    after the last flash operation of    signing with a counted key

A New File Is Whole Or Absent
    before each flash operation of    writing a file
    halfway through each flash operation of    writing a file
    after the last flash operation of    writing a file

A Replaced File Has All Of The Old Contents, Or All Of The New
    halfway through each flash operation of    replacing a file
    after the last flash operation of    replacing a file

A Change In The Middle Is Whole Or Absent
    before each flash operation of    changing a file in its middle
    halfway through each flash operation of    changing a file in its middle
    after the last flash operation of    changing a file in its middle

A Deleted File Is Gone, Or Whole
    halfway through each flash operation of    deleting a file
    after the last flash operation of    deleting a file

The Label Is The Old One Or The New One
    before each flash operation of    setting the label
    halfway through each flash operation of    setting the label
    after the last flash operation of    setting the label

A Blank Device Is Blank Still, Or Initialised
    halfway through each flash operation of    initialising a blank device
    after the last flash operation of    initialising a blank device

A Used Device Keeps Its Old Life, Or Begins A New One
    halfway through each flash operation of    initialising a used device
    after the last flash operation of    initialising a used device

The Power May Fail Again While The Card Recovers
    [Template]    Card Is As Before Or After When Power Fails Twice
    halfway through each flash operation of    changing the PIN
    halfway through each flash operation of    making a key
    halfway through each flash operation of    deleting a key
