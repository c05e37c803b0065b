# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Seeds become trees of keys, as the standards publish them, and the card shows none that is private.
Resource            ../resources/hsm.resource

Test Setup          Start With A User Logged In

Test Tags           wallet


*** Variables ***
${SEED}             000102030405060708090a0b0c0d0e0f
# Test vectors 1 of BIP32 and SLIP-0010, at m/0'/1.
${K1_CHAIN_CODE}    2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19
${K1_KEY}           03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c
${R1_CHAIN_CODE}    4187afff1aafa8445010097fb99d23aee9f599450c7bd140b6826ac22ba21d0c
${R1_KEY}           03526c63f8d0b4bbbf9c80df553fe66742df4676b241dabefdef67733e070f6844


*** Test Cases ***
The Tree On Secp256k1 Is The Published One
    Import Seed    0    secp256k1    ${SEED}
    Public Part Should Be    0/0'/1    ${K1_CHAIN_CODE}    ${K1_KEY}

The Tree On P-256 Is The Published One
    Import Seed    0    P-256    ${SEED}
    Public Part Should Be    0/0'/1    ${R1_CHAIN_CODE}    ${R1_KEY}

A Selected Node Signs Once
    [Tags]    CTR-1
    Import Seed    0    secp256k1    ${SEED}
    Select Node    0/44'/0'/0'/0/5
    Selected Node Should Sign    0/44'/0'/0'/0/5    secp256k1
    Sign With The Selected Node    refused=conditions not satisfied

A Selected Node Is Forgotten With The Session
    Import Seed    0    P-256    ${SEED}
    Select Node    0/1'
    Log Out
    Log In
    Sign With The Selected Node    refused=conditions not satisfied

Seeds Outlive The Power
    Make A Random Seed    3    secp256k1
    Remember The Public Part    3/7'
    Power Cycle
    Log In
    Public Part Should Be The Remembered One    3/7'

Nothing Is Shown Without Login
    Import Seed    0    secp256k1    ${SEED}
    Log Out
    Show Public Part    0/0'    refused=not possible
    Import Seed    0    secp256k1    ${SEED}    refused=not logged in

A New Life Has No Seeds
    Import Seed    0    secp256k1    ${SEED}
    Initialise The Device    ${PIN}    ${SO_PIN}
    Show Public Part    0/0'    refused=not possible

Under Press To Confirm A Node Wants A Press
    Import Seed    0    secp256k1    ${SEED}
    Set Option    press to confirm
    Select Node    0/1'
    Sign With The Selected Node    refused=nobody pressed
