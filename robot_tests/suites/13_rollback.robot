# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Somebody with a programmer puts old flash contents back: what the card notices, and what it cannot.
...
...                 ``docs/rollback.md`` says what comes of it on each board, and why; a card that does better than
...                 this fails here, too, so that the page stays true.
Resource            ../resources/hsm.resource
Resource            ../resources/rollback.resource

Test Setup          Start With A Card In The Middle Of Its Life

Test Tags           rollback


*** Test Cases ***
A Deleted Key Does Not Come Back
    [Tags]    LIVE-1    KEY-1
    Read Out The Flash
    Log In
    Delete Key    1
    Put Back The Sectors Where Something Was Destroyed
    Card Should Have Done What Is Documented    ${REVIVED_RECORD}
    Card Should Say That Its Store Is    damaged
    Log In Should Be Refused
    Card Should Start Anew Without Its Old Keys

A Replaced PIN Does Not Come Back
    [Tags]    PIN-1
    Read Out The Flash
    Change PIN    ${PIN}    ${NEW_PIN}
    Put Back The Sectors Where Something Was Destroyed
    Card Should Have Done What Is Documented    ${DEAD_RECORD}
    Verify PIN    ${PIN}    refused=2 tries left
    Verify PIN    ${NEW_PIN}

The Old Contents Of A Replaced File Do Not Come Back
    Read Out The Flash
    Log In
    Write File    public 1    300 bytes
    Put Back The Sectors Where Something Was Destroyed
    Card Should Have Done What Is Documented    ${DEAD_RECORD}
    File Should Be As Written    public 1

What Was Written Last Cannot Be Taken Away From What Was Destroyed For It
    [Tags]    LIVE-1
    Read Out The Flash
    Log In
    Write File    public 1    300 bytes
    Put Back The Sectors That Have Grown
    Card Should Have Done What Is Documented    ${MISSING_RECORD}

A Whole Old Flash Is Documented To Be Taken For The Present
    [Tags]    documented-limit
    Read Out The Flash
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Put Back The Whole Flash
    Card Should Have Done What Is Documented    ${WHOLE_OLD_FLASH}

A Deleted Key Is Documented To Come Back With A Whole Old Flash
    [Tags]    documented-limit
    Read Out The Flash
    Log In
    Delete Key    1
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Put Back The Whole Flash
    Card Should Have Done What Is Documented    ${WHOLE_OLD_FLASH}
    Log In
    Key Should Sign    1

A Try Is Documented To Come Back With The Sector That Counts It
    [Tags]    documented-limit
    Read Out The Flash
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Put Back The Only Sector That Changed
    Card Should Have Done What Is Documented    ${OLD_COUNTER}


*** Keywords ***
Start With A Card In The Middle Of Its Life
    [Documentation]    Key 1, public file 1, and so much else that the flash goes on in other sectors.
    Start With A User Logged In
    Generate Key    1    P-256
    Write File    public 1    300 bytes
    Write File    public 2    20 KB
    Log Out

Card Should Have Done What Is Documented
    [Documentation]    Compares with the row of the table in docs/rollback.md for this board.
    [Arguments]    ${documented}
    ${found}=    What The Card Makes Of It
    Should Be Equal    ${found}    ${documented}[${BOARD}]    docs/rollback.md says otherwise

Log In Should Be Refused
    [Documentation]    Neither the PIN opens anything nor does its counter move.
    Verify PIN    ${PIN}    refused=memory failure

Card Should Start Anew Without Its Old Keys
    [Documentation]    INITIALIZE is what remains, and it brings nothing back.
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}
    Card Should Have No Keys
    Sign With Key    1    refused=not found
