# SPDX-License-Identifier: GPL-2.0-or-later
"""The store against a dictionary: any sequence of changes, cuts and failures."""

from hsm.store import StoreFailure, StoreFull, counters, record
from hsm.store import store as store_module
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from nor_flash import TEARS, NorFlash, PowerCut
from store_twin import KIND, SCRATCH, delete, fresh, mounted, objects, put

IDS = st.integers(1, 6)
SIZES = st.one_of(st.integers(0, 40), st.integers(900, 1100), st.integers(2000, 3100))
FAULTS = st.sampled_from((PowerCut, OSError, MemoryError))
COUNTER_ID = 9


class StoreMachine(RuleBasedStateMachine):
    """`model`: what the objects must be; after a cut inside a change, either of two."""

    def __init__(self) -> None:
        super().__init__()
        self.flash, self.store = fresh(12)
        put(self.store, COUNTER_ID, b"", record.FLAG_FIELD)
        self.model: dict[int, bytes] = {}
        self.tries = 0
        self.fill = 0

    def data(self, size: int) -> bytes:
        self.fill = (self.fill + 1) % 251
        return bytes([self.fill]) * size

    def change(self, after: dict[int, bytes], action) -> None:
        try:
            action()
        except (StoreFull, StoreFailure, MemoryError):
            # FAIL-1: nothing was acknowledged.
            assert not any(SCRATCH)
            return
        except PowerCut:
            assert not any(SCRATCH)
            self.store = mounted(self.flash)
            self.model = min(
                (self.model, after), key=lambda state: state != self.visible(), default=after
            )
            return
        self.model = after

    def visible(self) -> dict[int, bytes]:
        found = objects(self.store)
        found.pop(COUNTER_ID)
        return found

    @rule(id=IDS, size=SIZES)
    def replace(self, id: int, size: int) -> None:
        data = self.data(size)
        self.change(self.model | {id: data}, lambda: put(self.store, id, data))

    @rule(id=IDS)
    def delete(self, id: int) -> None:
        after = {key: value for key, value in self.model.items() if key != id}
        self.change(after, lambda: delete(self.store, id))

    @precondition(lambda self: self.model)
    @rule(draw=st.data(), size=st.integers(1, 1500))
    def write(self, draw: st.DataObject, size: int) -> None:
        id = draw.draw(st.sampled_from(sorted(self.model)))
        old = self.model[id]
        offset = draw.draw(st.integers(0, len(old)))
        data = self.data(size)
        new = old[:offset] + data + old[offset + size :]

        def action() -> None:
            with self.store.transaction() as transaction:
                transaction.write(id, KIND, offset, data, 0, SCRATCH)
                transaction.commit()

        self.change(self.model | {id: new}, action)

    @rule()
    def spend_try(self) -> None:
        if self.tries < 15:
            counters.spend_try(self.store, COUNTER_ID)
            self.tries += 1

    @rule()
    def restore_tries(self) -> None:
        if counters.restore_tries(self.store, COUNTER_ID):
            put(self.store, COUNTER_ID, b"", record.FLAG_FIELD)
        self.tries = 0

    @rule()
    def power_cycle(self) -> None:
        self.store = mounted(self.flash)

    @rule(after=st.integers(0, 30), tear=st.sampled_from(TEARS), fault=FAULTS)
    def arm(self, after: int, tear, fault) -> None:
        id, data = 1, self.data(700)
        self.flash.arm(after, tear, fault)
        self.change(self.model | {id: data}, lambda: put(self.store, id, data))
        self.flash.disarm()

    @invariant()
    def agrees(self) -> None:
        assert self.store.state == store_module.READY
        assert self.visible() == self.model
        assert counters.tries_spent(self.store, COUNTER_ID) == self.tries
        image = self.flash.image()
        again = mounted(NorFlash(12, image))
        assert objects(again) == objects(self.store)
        assert again.capacity() == self.store.capacity()
        assert again.log.flash.image() == image, "BOOT-2"


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, report_multiple_bugs=False
)
