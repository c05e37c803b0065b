# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Erasing wears the flash out: the card erases rarely, tells how worn it is, lives with what fails.
Resource            ../resources/hsm.resource

Test Setup          Start With A User Logged In

Test Tags           wear


*** Test Cases ***
Logging In Erases Nothing
    [Tags]    WEAR-1
    Count Erases From Now
    Log In And Out    100 times
    Nothing Should Have Been Erased

Wrong PINs Erase Nothing
    [Tags]    WEAR-1
    Count Erases From Now
    Verify Wrong PIN Until Blocked    3
    Nothing Should Have Been Erased

Using A Key With A Counter Erases Nothing
    [Tags]    WEAR-1    CTR-1
    Generate Key    1    P-256    uses=50
    Count Erases From Now
    Repeat Keyword    20 times    Key Should Sign    1
    Nothing Should Have Been Erased
    Key Should Have Uses Left    1    30

Writing One File Over And Over Wears Many Sectors A Little
    [Tags]    WEAR-1
    Count Erases From Now
    Repeat Keyword    60 times    Write File    public 1    3000 bytes
    No Sector Should Have Been Erased More Often Than    1
    File Should Be As Written    public 1

The Card Tells How Worn Its Flash Is
    [Tags]    WEAR-1
    Write File    public 1    60 KB
    Card Should Tell The Wear That Its Flash Has
    Power Cycle
    Card Should Tell The Wear That Its Flash Has

Free Sectors That Fail Are Left, And Nothing Is Lost
    [Tags]    LIFE-1
    [Template]    Card Lives On When Every Third Free Sector Fails
    program clears only some bits
    erase leaves some bits 0
    cells hold garbage
    program changes nothing
    erase changes nothing

Sectors In Use That Fail Are Left, And Nothing Is Lost
    [Documentation]    Here the first thing that fails is the program that spends the try of a login.
    [Tags]    LIFE-1    PIN-2
    [Template]    Card Lives On When All Sectors In Use Fail
    program clears only some bits
    program changes nothing

At The End Of Its Life The Card Keeps What It Has
    [Tags]    LIFE-1
    [Template]    Card Keeps What It Has When All Free Sectors Fail
    program clears only some bits
    erase leaves some bits 0
    cells hold garbage
    program changes nothing
    erase changes nothing


*** Keywords ***
Card Lives On When Every Third Free Sector Fails
    [Documentation]    The card writes on, over the sectors that fail.
    [Arguments]    ${behaviour}
    Start With Something To Lose
    Every Third Free Sector Wears Out    ${behaviour}
    Card Should Live On

Card Lives On When All Sectors In Use Fail
    [Documentation]    The card moves what it has to sectors that work.
    [Arguments]    ${behaviour}
    Start With Something To Lose
    All Sectors In Use Wear Out    ${behaviour}
    Card Should Live On

Start With Something To Lose
    [Documentation]    Key 1 and public file 1; nobody is logged in.
    Start With A User Logged In
    Generate Key    1    P-256
    Write File    public 1    10 KB
    Log Out

Card Should Live On
    [Documentation]    Old and new things are as they should be, before and after a power cycle.
    Log In
    Write File    private 1    30 KB
    Write File    public 1    10 KB
    Generate Key    2    P-256
    All Files Should Be As Written
    Key Should Sign    1
    Key Should Sign    2
    Card Should Tell Of Retired Sectors
    Power Cycle
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Log In
    All Files Should Be As Written
    Key Should Sign    1
    Key Should Sign    2

Card Keeps What It Has When All Free Sectors Fail
    [Documentation]    Sooner or later a change is refused; what was there is there, and the PIN opens it.
    [Arguments]    ${behaviour}
    Start With Something To Lose
    All Free Sectors Wear Out    ${behaviour}
    Log In
    Write Files Until Refused    5 KB
    All Files Should Be As Written
    Key Should Sign    1
    Power Cycle
    All Files Should Be As Written
    Log In
    Key Should Sign    1
