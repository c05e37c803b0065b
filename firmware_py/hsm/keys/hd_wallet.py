# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys: master nodes in the store, one node selected for one use.

Spec: [SCHSM] 22; [BIP32], [SLIP-0010], [SLIP-0021]. No command exports a master node or a private
node: the way to use one is to select it, and its use wipes it.
"""

from hsm_crypto import HD_SYMMETRIC, HdNode, reseed
from micropython import const

from hsm import limits
from hsm.encoding import ber_tlv
from hsm.files.object_ids import ID_MASTER_NODE, KIND_MASTER_NODE
from hsm.keys.key_store import WrongKeyKind
from hsm.security import access_rules
from hsm.store.record import FLAG_USER

_TAG_NUMBER = const(0x02)
_TAG_LABEL = const(0x04)
_SEED_ID_BYTES = const(1)
_INDEX_BYTES = const(4)


class InvalidPath(Exception):
    """The bytes are not a path: a seed, then levels."""


class NoMasterNode(Exception):
    """No seed has the number that the path begins with."""


class WrongLevel(Exception):
    """The path has a label in a tree on a curve, or an index in a symmetric one."""


class NothingSelected(Exception):
    """No node is selected, or the one that was has been used."""


class HdWallet:
    """Master nodes by the number of their seed, 0 to MASTER_NODES_MAX - 1."""

    def __init__(self, store, status, presence):
        self._store = store
        self._status = status
        self._presence = presence

    def put_seed(self, number, scheme, seed):
        """Make the master node of `seed`, or of a random one if it is empty, durably.

        One that had the number is replaced; what was selected is forgotten. AccessDenied.
        """
        access_rules.check_user(self._status)
        self._status.wipe_selected()
        if seed:
            node = HdNode.from_seed(scheme, seed)
        else:
            reseed()
            node = HdNode.generate(scheme)
        with node, self._store.transaction() as change:
            change.put_object(ID_MASTER_NODE + number, KIND_MASTER_NODE, node, FLAG_USER)
            change.commit()

    def public(self, path):
        """What may be shown of the node at `path`: 78 bytes, 77 of a symmetric one.

        AccessDenied, NoMasterNode, InvalidPath, WrongLevel.
        """
        with self._open(path) as node:
            return node.public()

    def select(self, path):
        """Keep the node at `path` for one use in this session; errors as of `public`."""
        self._status.wipe_selected()
        self._status.select(self._open(path))

    def take_selected(self, schemes):
        """The selected node, which is of one of `schemes`; the caller wipes it. It is used up.

        AccessDenied, NothingSelected, WrongKeyKind, PresenceTimeout.
        """
        access_rules.check_user(self._status)
        node = self._status.take_selected()
        if node is None:
            raise NothingSelected
        try:
            if node.scheme not in schemes:
                raise WrongKeyKind
            self._presence.confirm()
            access_rules.check_user(self._status)
        except Exception:
            node.wipe()
            raise
        return node

    def _open(self, path):
        number, levels = _parse(path)
        access_rules.check_user(self._status)
        if number >= limits.MASTER_NODES_MAX or not self._store.contains(ID_MASTER_NODE + number):
            raise NoMasterNode
        node = self._store.open_object(ID_MASTER_NODE + number)
        for tag, value in levels:
            with node:
                child = _child(node, tag, value)
            node = child
        return node


def _parse(path):
    # (number of the seed, levels): all of the path is read before a key is touched.
    levels = list(ber_tlv.objects(path))
    if not levels or len(levels) - 1 > limits.PATH_LEVELS_MAX:
        raise InvalidPath
    tag, number = levels.pop(0)
    if tag != _TAG_NUMBER or len(number) != _SEED_ID_BYTES:
        raise InvalidPath
    for tag, value in levels:
        if tag == _TAG_NUMBER:
            fits = len(value) == _INDEX_BYTES
        else:
            fits = tag == _TAG_LABEL and len(value) <= limits.LABEL_BYTES_MAX
        if not fits:
            raise InvalidPath
    return number[0], levels


def _child(node, tag, value):
    if (node.scheme == HD_SYMMETRIC) != (tag == _TAG_LABEL):
        raise WrongLevel
    if tag == _TAG_LABEL:
        return node.labelled_child(value)
    return node.child(int.from_bytes(value, "big"))
