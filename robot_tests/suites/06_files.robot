# SPDX-License-Identifier: GPL-2.0-or-later
*** Settings ***
Documentation       Files of any size, written and read in pieces of any size; private ones only for the user.
Resource            ../resources/hsm.resource

Test Setup          Start With A User Logged In

Test Tags           files


*** Test Cases ***
A File Reads As Written, Before And After A Power Cycle
    Write File    public 1    20 bytes
    File Should Be As Written    public 1
    Power Cycle
    File Should Be As Written    public 1

Files Of Awkward Sizes Read As Written
    [Template]    A File Of Any Size Reads As Written
    0 bytes
    1 byte
    255 bytes
    256 bytes
    1023 bytes
    1024 bytes
    1025 bytes
    4096 bytes

Everybody Reads Public Files, Only The User Writes Them
    Write File    public 1    20 bytes
    Log Out
    File Should Be As Written    public 1
    Write File    public 1    20 bytes    refused=not logged in
    Delete File    public 1    refused=not logged in
    File Should Be As Written    public 1

Only The User Reads Private Files
    Write File    private 1    20 bytes
    Log Out
    Read File    private 1    refused=not logged in
    Delete File    private 1    refused=not logged in
    Log In
    File Should Be As Written    private 1

The Contents Of A Private File Do Not Stand In The Flash
    [Tags]    KEY-2
    Write File    private 1    3000 bytes
    Flash Should Not Contain File    private 1

120 KB In Odd Pieces: Written, Read, Changed In The Middle
    Write File    private 1    120 KB    chunks=997 bytes
    File Should Be As Written    private 1    chunks=1009 bytes
    Change File    private 1    at=60001    size=5003 bytes
    Power Cycle
    Log In
    File Should Be As Written    private 1    chunks=1531 bytes

A File Grows At Its End
    Write File    public 1    1500 bytes
    Change File    public 1    at=1500    size=700 bytes
    File Should Be As Written    public 1

A Shorter File Leaves Nothing Of The Longer One
    Write File    public 1    3000 bytes
    Write File    public 1    10 bytes
    File Should Be As Written    public 1

A File Has No Holes
    Write File    public 1    100 bytes
    Change File    public 1    at=102    size=10 bytes    refused=memory failure
    File Should Be As Written    public 1

Reading Ends Where The File Ends
    Write File    public 1    100 bytes
    Reading Should Give    public 1    at=90    expected=10 bytes
    Reading Should Give    public 1    at=100    expected=0 bytes
    Reading Should Give    public 1    at=101    refused=behind the end of the file

A Deleted File Is Gone, Others Stay
    Write File    public 1    2000 bytes
    Write File    private 1    2000 bytes
    Write File    public 2    20 bytes
    Delete File    public 1
    Delete File    private 1
    Delete File    public 1    refused=not found
    Power Cycle
    Log In
    File Should Be Absent    public 1
    File Should Be Absent    private 1
    File Should Be As Written    public 2

Of A Deleted File Nothing Is Left In The Flash
    [Tags]    KEY-1
    Remember The Flash
    Write File    private 1    5000 bytes
    Flash Should Hold Something New
    Delete File    private 1
    Flash Should Hold Nothing Of What Was New

No File Exceeds 256 KB
    [Tags]    limit
    Write File    public 1    20 bytes
    Change File    public 1    at=20    size=3000 bytes
    Write File    public 2    257 KB    chunks=3600 bytes    refused=no space left
    File Should Be As Written    public 1

A Full Card Says So And Keeps Everything
    [Documentation]    The fullest card reads, logs in, counts wrong PINs and deletes; what was deleted makes room.
    [Tags]    limit    CAP-1    LIFE-1
    Generate Key    1    P-256
    Write Files Until No Space Is Left    200 KB
    Files Should Hold At Least    ${LEAST_CAPACITY}
    Power Cycle
    Verify PIN    ${WRONG_PIN}    refused=2 tries left
    Log In
    All Files Should Be As Written
    Key Should Sign    1
    Delete File    public 1
    Write File    public 1    100 KB    chunks=3600 bytes
    File Should Be As Written    public 1    chunks=3600 bytes


*** Keywords ***
A File Of Any Size Reads As Written
    [Documentation]    A public and a private one, before and after a power cycle.
    [Arguments]    ${size}
    Write File    public 1    ${size}
    Write File    private 1    ${size}
    File Should Be As Written    public 1
    Power Cycle
    Log In
    File Should Be As Written    public 1
    File Should Be As Written    private 1
