# SPDX-License-Identifier: GPL-2.0-or-later
"""The store: sealed objects, counters and transactions in a log on NOR flash.

DEFINITIONS
  page         256 bytes, the unit of programming; sector: 4,096 bytes, the unit of erasing.
  record       header and payload, never across a sector end; layout: docs/flash-format.md.
  object       an id (16 bits), a kind, flags, and one or more parts; a part is one record.
  generation   number of the transaction that sealed a record; it stays when the record is moved.
  transaction  records that take effect together, by one commit record behind them.
  live         a record that the index points at; all others are dead.
  settled      no dead record holds contents: all were destroyed (payload zero, marked), or their
               sector was given back by clear() or retired. A store is settled before a transaction
               begins; only the last one can lack its commit.
  head         the sector that the log grows in; free: a sector that the log may open.
  failing      a sector where an operation failed; retired: one that was left for good.

OPERATIONS (class Store)
  mount()                        scan, finish what a power cut left, check the commit's MAC
  format(root)                   an empty log under a new root record
  contains, size, flags, ids     from the index
  read, read_into, open_object   open sealed contents
  transaction()                  Transaction: put, put_object, write, delete, clear, commit
  capacity()                     bytes for records: total, free
  lifetime()                     erases of the most worn sector and of all, retired, sectors
  counters.tries_spent, spend_try, restore_tries      retry counter of an object
  counters.uses_spent, spend_use                      use counter of an object

STATES: BLANK (nothing was ever committed), READY, DAMAGED (other bytes than were committed),
  OTHER_VERSION (of the format). Only format() leaves the last two, and nothing else writes there.

ASSUMPTIONS about the flash
  A program only clears bits, inside one page; an interrupted one cleared a subset of them.
  An interrupted erase leaves any bytes in its sector. After power-up cells read the same each time.
  The flash interface reads back and raises OSError when an operation did not do what was asked.
  Of the sectors that one transaction touches one begins to fail, not two: what makes a record dead
  may stand in the other.

INVARIANTS, named; tests refer to the names
  ATOM-1  after any cut the objects are those before or after the transaction, never a mix
  ATOM-2  after commit() returned, a cut leaves the state "after"
  FAIL-1  after an operation failed or memory ran out, an error means "before", no error "after"; if
          memory runs out for the mount that settles it, too, the store is damaged until the next
          mount
  BOOT-1  mount() ends on any bytes, within a bounded number of steps
  BOOT-2  a second mount() performs no flash operation, unless a failing sector could not be left
  PIN-1   tries never rise but by restore_tries or a new generation of the object
  PIN-2   spend_try returns only after the flash reads back one try fewer
  KEY-1   a deleted or replaced object's payload is zero in the raw flash when commit() returns,
          after recovery otherwise; a log under compaction keeps no second copy. Two exceptions,
          both sealed: what clear() deletes that is not vital, until its sector is used again; what
          stands in a retired sector that cannot be programmed, if it cannot be erased either or
          power fails before it was
  CTR-1   uses_spent never falls for one generation of an object
  CAP-1   capacity after mount() equals the capacity before; records up to it can always be put
  WEAR-1  sectors are taken in turn, those with contents that never change, too; their headers
          count erases
  LIVE-1  the commit record's MAC covers its number and the set of live records: a sector put back
          or a dead record revived is found at mount()
  LIFE-1  a sector that fails is left, unseen by the caller, while there are others. When the flash
          wears out, first nothing can grow (StoreFull), in the end nothing can change
          (StoreFailure); all that was committed stays readable

The payload of an object is sealed with AES-SIV under the key of its class, device or user; the
associated data bind format, kind, flags, id, part, length and generation. Counters are bit fields
behind the sealed bytes, cleared in place, without an erase in the attempt path.
"""

from hsm.store.errors import (
    NotFound,
    SealLocked,
    StoreDamaged,
    StoreError,
    StoreFailure,
    StoreFull,
)
from hsm.store.store import BLANK, DAMAGED, OTHER_VERSION, READY, Store

__all__ = (
    "BLANK",
    "DAMAGED",
    "OTHER_VERSION",
    "READY",
    "NotFound",
    "SealLocked",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreFailure",
    "StoreFull",
)
