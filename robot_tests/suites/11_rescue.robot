# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       The board itself: its name, its clock, its attestation key, without a login and without any key.
Resource            ../resources/hsm.resource

Test Setup          Start With A Rescue Application

Test Tags           rescue


*** Test Cases ***
A Name Is Kept When The Button Was Pressed
    Name The Board    Key of Rose    refused=nobody pressed
    Name Of The Board Should Be    ${EMPTY}
    Press The Button When Asked
    Name The Board    Key of Rose
    Power Cycle
    Select The Rescue Application
    Name Of The Board Should Be    Key of Rose

A Blank Board Can Be Named
    [Setup]    Start With A Blank Device
    Select The Rescue Application
    Attestation Should Be    refused=conditions not satisfied
    Press The Button When Asked
    Name The Board    Key of Rose
    Power Cycle
    Select The Rescue Application
    Name Of The Board Should Be    Key of Rose
    Log Out
    User PIN Should Be Unset

Name And Attestation Key Outlive The User's Data
    Press The Button When Asked
    Name The Board    Key of Rose
    Remember The Attestation Key
    Log Out
    Initialise The Device    ${NEW_PIN}    ${SO_PIN}
    Power Cycle
    Select The Rescue Application
    Name Of The Board Should Be    Key of Rose
    Attestation Key Should Be The Remembered One

The Attestation Key Signs Without A Login
    Attestation Key Should Sign
    Power Cycle
    Select The Rescue Application
    Attestation Key Should Sign

The Clock Runs Until The Power Goes
    Clock Should Not Be Set
    Set The Clock    1795183200
    Clock Should Be About    1795183200
    Power Cycle
    Select The Rescue Application
    Clock Should Not Be Set

Keys Are Out Of Reach And The Session Has Ended
    [Setup]    Start With A User Logged In
    Generate Key    1    P-256
    Select The Rescue Application
    Keys Should Be Out Of Reach
    Log Out
    User Should Be Logged Out
    Sign With Key    1    refused=not logged in


*** Keywords ***
Start With A Rescue Application
    [Documentation]    An initialised card; the rescue application is selected.
    Start With An Initialised Card
    Select The Rescue Application
