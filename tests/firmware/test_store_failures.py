# SPDX-License-Identifier: GPL-2.0-or-later
"""The store when an operation fails: what was acknowledged stays (FAIL-1).

The rest never appears. Each flash operation of each change fails once, with no, half or full
effect: the change is made elsewhere, and the sector is never used again. Memory runs out; the flash
fails for good; a record is too long.
"""

import itertools
from collections.abc import Callable

import pytest
from hsm import limits
from hsm.store import Store, StoreDamaged, StoreFailure, StoreFull, counters, field, record, settle
from hsm.store import store as store_module
from nor_flash import NorFlash, Tear, tear_full, tear_none, tear_prefix
from store_twin import (
    KIND,
    SCRATCH,
    Seal,
    check_settled,
    contents,
    delete,
    fresh,
    mounted,
    objects,
    put,
)
from test_store_cuts import CHANGES, SECTORS, nearly_compacting, operations_of, prepared

EFFECTS = (tear_none, tear_prefix, tear_full)
ERRORS = (OSError, MemoryError)


# --- Failed operations --------------------------------------------------------------------------


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("prepare", [prepared, nearly_compacting])
@pytest.mark.parametrize("change", CHANGES)
def test_every_failure_of_every_change(prepare, change: Callable[[Store], None], error) -> None:
    image = prepare().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change(mounted(flash))
    after = objects(mounted(flash))
    for at in range(operations_of(image, change)):
        for effect in EFFECTS:
            flash = NorFlash(SECTORS, image)
            store = mounted(flash)
            flash.arm(at, effect, error)
            expected = after
            try:
                change(store)
            except MemoryError:
                assert error is MemoryError
                expected = before
            assert not flash.armed()
            assert not any(SCRATCH)
            path = f"{at}.{effect.__name__}"
            assert store.state == store_module.READY, path
            assert objects(store) == expected, path
            again = check_lifetime(flash, store, int(error is OSError))
            put(again, 7, b"goes on")
            assert objects(again) == objects(mounted(flash)) == expected | {7: b"goes on"}, path


def check_lifetime(flash: NorFlash, store: Store, retired: int) -> Store:
    """What the next boot makes of it: BOOT-2, CAP-1, and as many retired sectors."""
    assert store.lifetime()[2] == retired
    operations = flash.operations
    again = mounted(flash)
    assert flash.operations == operations
    assert again.lifetime() == store.lifetime()
    assert again.capacity() == store.capacity()
    check_settled(store)
    check_settled(again)
    return again


@pytest.mark.parametrize("error", ERRORS)
def test_every_failure_of_the_first_transaction(error) -> None:
    flash, store = fresh(SECTORS)
    put(store, 1, b"one")
    for at in range(flash.operations):
        for effect in EFFECTS:
            flash, store = fresh(SECTORS)
            flash.arm(at, effect, error)
            try:
                put(store, 1, b"one")
            except MemoryError:
                assert error is MemoryError
                assert store.state == mounted(flash).state == store_module.BLANK
                store.format(b"R" * 33)
                put(store, 1, b"again")
                assert objects(mounted(flash)) == {1: b"again"}
            else:
                assert objects(store) == objects(mounted(flash)) == {1: b"one"}


def test_leaving_a_transaction_fails() -> None:
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    for at in range(6):
        for effect in EFFECTS:
            flash = NorFlash(SECTORS, image)
            store = mounted(flash)
            with store.transaction() as change:
                change.put(1, KIND, b"UNCOMMITTED")
                change.put(8, KIND, b"UNCOMMITTED")
                flash.arm(at, effect, OSError)
            flash.disarm()
            put(store, 7, b"goes on")
            assert objects(store) == objects(mounted(flash)) == before | {7: b"goes on"}
            assert b"UNCOMMITTED" not in flash.image()


@pytest.mark.parametrize("prepare", [prepared, nearly_compacting])
@pytest.mark.parametrize("call", range(4))
def test_memory_runs_out_in_a_commit(prepare, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("commit_check", "encode_header", "decode_header", "record_bytes"):
        flash = NorFlash(SECTORS, prepare().image())
        store = mounted(flash)
        before = objects(store)
        real = getattr(record, name)
        calls = [0]

        def fails(*arguments, real=real, calls=calls):
            calls[0] += 1
            if calls[0] == call + 1:
                raise MemoryError
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(record, name, fails)
            try:
                put(store, 1, b"one more")
            except MemoryError:
                expected = before
            else:
                expected = before | {1: b"one more"}
        assert objects(store) == expected
        put(store, 7, b"goes on")
        assert objects(store) == objects(mounted(flash)) == expected | {7: b"goes on"}


def test_memory_runs_out_in_a_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    flash = prepared()
    image = flash.image()

    def fails(*_arguments):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Seal, "fold_each", fails)
        store = mounted(flash)
    assert store.state == store_module.DAMAGED
    assert store.seal is None
    assert flash.image() == image
    store.mount()
    assert store.state == store_module.READY


class DyingFlash(NorFlash):
    """From operation `dies_at` on, everything fails without effect."""

    dies_at = 1 << 30

    def _apply(self, kind: str, offset: int, before: bytes, after: bytes) -> None:
        if self.operations >= self.dies_at:
            raise OSError(5, "EIO")
        super()._apply(kind, offset, before, after)


@pytest.mark.parametrize("prepare", [prepared, nearly_compacting])
@pytest.mark.parametrize("change", CHANGES)
def test_a_flash_that_fails_for_good(prepare, change: Callable[[Store], None]) -> None:
    image = prepare().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change(mounted(flash))
    after = objects(mounted(flash))
    for at in range(operations_of(image, change)):
        flash = DyingFlash(SECTORS, image)
        store = mounted(flash)
        flash.dies_at = flash.operations + at
        expected = after
        try:
            change(store)
        except StoreFailure:
            expected = before
        assert not any(SCRATCH)
        dead = flash.image()
        # LIFE-1: all that was committed can be read, nothing can be changed.
        assert objects(store) == expected
        with pytest.raises(StoreFailure):
            put(store, 7, b"goes on")
        assert flash.image() == dead
        assert objects(store) == objects(mounted(flash)) == expected
        assert flash.image() == dead
        assert objects(mounted(NorFlash(SECTORS, dead))) == expected


class FaultsThenDyingFlash(DyingFlash):
    """Operations fail as `faults` says, {operation: (effect, error)}; in between all goes well."""

    def __init__(self, sectors: int, image: bytes) -> None:
        super().__init__(sectors, image)
        self.faults: dict[int, tuple[Tear, type[BaseException]]] = {}

    def _apply(self, kind: str, offset: int, before: bytes, after: bytes) -> None:
        if fault := self.faults.pop(self.operations, None):
            self.arm(0, *fault)
        super()._apply(kind, offset, before, after)


@pytest.mark.parametrize("change", CHANGES)
def test_faults_and_then_the_flash_dies(change: Callable[[Store], None]) -> None:
    """A move that committed says nothing about the transaction before it."""
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change(mounted(flash))
    after = objects(mounted(flash))
    outcomes = set()
    for at in range(operations_of(image, change)):
        for gap, alive in itertools.product(range(4), range(40)):
            flash = FaultsThenDyingFlash(SECTORS, image)
            store = mounted(flash)
            first = flash.operations + at
            flash.faults = {first: (tear_full, MemoryError), first + gap: (tear_none, OSError)}
            flash.dies_at = first + gap + alive
            expected = after
            try:
                change(store)
            except (MemoryError, StoreFailure):
                expected = before
            assert objects(store) == expected, (at, gap, alive)
            assert objects(mounted(flash)) == expected, (at, gap, alive)
            outcomes.add(expected == after)
    assert outcomes == {True, False}


def test_a_move_that_cannot_be_settled_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of a compaction holds, and there is no memory for the mount behind it."""
    image = nearly_compacting().image()
    flash = NorFlash(SECTORS, image)
    store = mounted(flash)

    def fails(*_arguments):
        raise MemoryError

    def settle_fails(*_arguments):
        monkeypatch.setattr(Seal, "fold_each", fails)
        raise StoreFailure

    with monkeypatch.context() as patch:
        patch.setattr(settle, "settle", settle_fails)
        with pytest.raises(StoreDamaged):
            store.transaction()
    monkeypatch.undo()
    assert store.state == store_module.DAMAGED
    assert objects(mounted(flash)) == objects(mounted(NorFlash(SECTORS, image)))


def test_a_remount_wipes_the_seal_and_ends_the_session() -> None:
    flash = prepared()
    ended = []
    store = Store(flash, Seal, lambda: ended.append(store.seal))
    store.mount()
    first = store.seal
    assert isinstance(first, Seal)
    flash.arm(0, tear_none, MemoryError)
    with pytest.raises(MemoryError):
        put(store, 1, b"new")
    assert ended == [first]
    assert first.wiped
    assert isinstance(store.seal, Seal)
    assert not store.seal.wiped


# --- Lengths ------------------------------------------------------------------------------------


def test_a_record_too_long_is_refused_before_it_is_written() -> None:
    flash, store = fresh()
    put(store, 1, b"one")
    longest = record.PAYLOAD_BYTES_MAX
    assert record.record_bytes(longest) == record.RECORD_BYTES_MAX
    for length in (longest + 1, longest + 8, 4087, 65535, 70000):
        image = flash.image()
        with pytest.raises(StoreFull):
            store.log.append(KIND, 0, 2, 0, 9, 9, bytes(length))
        with pytest.raises(StoreFull):
            store.log.append(KIND, 0, 2, 0, 9, 9, bytes(length - 64), 64)
        assert flash.image() == image
    store.log.append(KIND, 0, 2, 0, 9, 9, bytes(longest))
    mounted(flash)


def test_a_handle_takes_as_many_records_as_it_needs() -> None:
    flash, store = fresh()
    whole = record.PAYLOAD_BYTES_MAX - record.TAG_BYTES
    kept = {1: b"one"}
    put(store, 1, kept[1])
    for length in (0, whole, whole + 1, 1287, whole + record.PAYLOAD_BYTES_MAX, 5, 2000, 1):
        handle = bytes(range(251)) * 8
        with store.transaction() as change:
            change.put_object(2, KIND, handle[:length])
            change.commit()
        again = mounted(flash)
        assert again.open_object(2) == store.open_object(2) == handle[:length]
        assert contents(again, 1) == kept[1]
        assert again.capacity() == store.capacity()
    delete(store, 2)
    assert sum(1 for _ in mounted(flash).index.offsets()) == 2


def test_a_small_object_is_a_chunk_at_most() -> None:
    flash, store = fresh()
    put(store, 1, b"one")
    for flags in (0, record.FLAG_FIELD, record.FLAG_USER):
        with store.transaction() as change:
            with pytest.raises(StoreFull):
                change.put(2, KIND, bytes(limits.CHUNK_BYTES + 1), flags)
            with pytest.raises(StoreFull):
                change.put_plain(2, KIND, bytes(limits.CHUNK_BYTES + 1))
        with store.transaction() as change:
            longest = limits.CHUNK_BYTES - (record.FIELD_BYTES if flags & record.FLAG_FIELD else 0)
            with pytest.raises(StoreFull):
                change.put(2, KIND, bytes(longest + 1), flags)
        with store.transaction() as change:
            change.put(2, KIND, bytes(longest), flags)
            change.commit()
        assert mounted(flash).size(2) == longest
    assert objects(mounted(flash))[1] == b"one"


# --- What is left in the buffer -----------------------------------------------------------------


def test_private_contents_beyond_what_was_asked_for_are_wiped() -> None:
    _, store = fresh()
    data = bytes(range(1, 251)) * 10
    put(store, 1, data, record.FLAG_USER)
    for start, length in ((0, 5), (7, 1), (1000, 100), (0, 1024), (1023, 1100), (2499, 9), (0, 0)):
        out = bytearray(length + limits.CHUNK_BYTES)
        count = store.read_into(1, start, length, memoryview(out))
        assert out[:count] == data[start : start + length]
        assert not any(out[count:]), (start, length)


# --- The commit's MAC ---------------------------------------------------------------------------


def test_the_commit_is_compared_twice_by_the_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    flash = prepared()
    store = mounted(flash)
    assert isinstance(store.seal, Seal)
    assert store.seal.comparisons == 2
    for lie in range(2):
        # A glitch that turns one of the comparisons: the other one still tells.
        answers = [False, False]
        answers[lie] = True
        with monkeypatch.context() as patch:
            patch.setattr(Seal, "equal", lambda self, a, b, left=answers: left.pop(0))
            assert mounted(flash).state == store_module.DAMAGED


# --- Programs that do nothing -------------------------------------------------------------------


def test_a_counter_that_does_not_move_is_an_error() -> None:
    flash = prepared()
    store = mounted(flash)
    counters.spend_try(store, 3)
    flash.ignores_programs = True
    with pytest.raises(StoreFailure):
        counters.spend_try(store, 3)
    with pytest.raises(StoreFailure):
        counters.restore_tries(store, 3)
    with pytest.raises(StoreFailure):
        counters.spend_use(store, 3)
    assert counters.tries_spent(store, 3) == 1
    flash.ignores_programs = False
    counters.spend_try(store, 3)
    assert counters.tries_spent(mounted(flash), 3) == 2


@pytest.mark.parametrize(
    "spend, count", [("spend_try", "tries_spent"), ("spend_use", "uses_spent")]
)
def test_each_of_the_two_read_backs_of_a_counter(
    spend: str, count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash = prepared()
    store = mounted(flash)
    with monkeypatch.context() as patch:
        # The program and its read-back are skipped.
        patch.setattr(counters, "_mark", lambda *_: None)
        with pytest.raises(StoreFailure):
            getattr(counters, spend)(store, 3)
    with monkeypatch.context() as patch:
        # The slots are counted wrong.
        counts = [0, 1]
        patch.setattr(field, count, lambda bits: counts.pop(0))
        if spend == "spend_use":
            patch.setattr(field, "use_mark", lambda bits: (0, 0x7F))
        flash.ignores_programs = True
        with pytest.raises(StoreFailure):
            getattr(counters, spend)(store, 3)
    flash.ignores_programs = False
    assert getattr(counters, count)(store, 3) == 0
