# SPDX-License-Identifier: GPL-2.0-or-later
"""Every family of commands on a chip model, in the situations that take most."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import boards
from sim.apdu import command
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life import cvc
from sim.life.card import RESCUE_AID, Card, tlv
from sim.life.party import Party
from sim.life.secure_channel import SecureChannel
from tests.image import equipped_card
from tests.image.equipped_card import KEY_NEW, KEYS, PIN, SHARE, SO_PIN, Use, send
from tests.image.test_key_backup import join, started
from tests.image.test_public_key_authentication import (
    CUSTODIANS,
    DEVICE,
    ROOT,
    authenticate,
    do,
)
from tests.image.test_rescue_commands import SETTINGS, pressed
from tests.image.test_wallet import (
    HASH,
    K1,
    LABELS,
    PATH,
    PUBLIC,
    SEED,
    SELECT,
    SLIP_0011,
    SYMMETRIC,
    hd,
)

SECRET = 0x1234567890ABCDEF1234567890ABCDEF
LONG_BYTES = 3900
PRIVATE_FILE = 0xCD01
OPTION_SESSION_PIN = 0x0004
SIGN_P256 = bytes((0x80, 0x68, KEYS["P-256"], hsm.SIGN_ECDSA_SHA256))
Run = Callable[[], object]
# The uses that are not like others: by size and kind of their keys.
USES = (
    "VERIFY",
    *("SIGN P-256", "SIGN P-521", "SIGN brainpoolP512r1", "SIGN Ed25519", "SIGN Ed448"),
    *("SIGN RSA-2048", "SIGN RSA-3072", "SIGN RSA-4096", "SIGN RSA-2048, PSS, SHA-512"),
    *("DECIPHER RSA-2048, OAEP", "DECIPHER RSA-4096"),
    *("ECDH P-256", "ECDH P-521", "ECDH brainpoolP512r1", "ECDH X25519", "ECDH X448"),
    *("GENERATE P-256", "GENERATE brainpoolP512r1", "GENERATE Ed448", "GENERATE X448"),
    *("GENERATE AES-256", "DERIVE P-256"),
    *("WRAP brainpoolP512r1", "WRAP Ed448", "WRAP RSA-4096", "WRAP AES-256"),
    *("UNWRAP brainpoolP512r1", "UNWRAP Ed448", "UNWRAP RSA-3072", "UNWRAP RSA-4096"),
    *("UNWRAP RSA-4096 without CRT", "UNWRAP AES-256"),
    *("CIPHER AES-CBC encrypt", "CIPHER CMAC", "CIPHER AES-GCM", "CIPHER AES-XTS"),
    *("CIPHER HMAC SHA-512", "CIPHER HKDF SHA-512", "CIPHER X9.63 SHA-256"),
)
# Names of commands, where that of a use is shorter.
FAMILIES = {
    "GENERATE": "GENERATE KEY PAIR",
    "ECDH": "DECIPHER",
    "WRAP": "WRAP KEY",
    "UNWRAP": "UNWRAP KEY",
    "DERIVE": "DERIVE EC KEY",
}


@dataclass(frozen=True)
class Situation:
    """`prepare(device)` does what comes before, and returns what sends the command.

    `blank`: on a chip that was never initialised; else on an equipped card, user logged in.
    """

    family: str
    name: str
    prepare: Callable[[Device], Run]
    blank: bool = False


@dataclass(frozen=True)
class Bench:
    """A device and the two snapshots that situations begin at."""

    device: Device
    blank: DeviceSnapshot
    equipped: DeviceSnapshot

    def prepare(self, situation: Situation) -> Run:
        """Brings the device there; what is returned sends the command."""
        self.device.restore(self.blank if situation.blank else self.equipped)
        return situation.prepare(self.device)


def bench(device: Device) -> Bench:
    """For a device that has just been switched on for the first time."""
    card = _card(device)
    card.select()
    blank = device.snapshot()
    equipped_card.equip(card, hsm.PIN_ITERATIONS_MIN)
    return Bench(device, blank, device.snapshot())


def situations() -> list[Situation]:
    """All of them, in the order of INS; uses of keys and the rescue application last."""
    return [*_sessions(), *_files(), *_keys(), *_uses(), *_rescue()]


# --- Sessions -----------------------------------------------------------------------------------


def _sessions() -> list[Situation]:
    return [
        Situation("INITIALIZE DEVICE", "the first one", _initialize, blank=True),
        Situation("SELECT", "the applet", lambda device: _card(device).select),
        _of_card("CHANGE REFERENCE DATA", "user PIN", lambda card: card.change_pin(PIN, PIN)),
        _of_card(
            "RESET RETRY COUNTER", "a new PIN", lambda card: card.reset_retry_counter(SO_PIN, PIN)
        ),
        Situation("GENERATE SESSION PIN", "through the channel", _session_pin, blank=True),
        Situation("GENERAL AUTHENTICATE", "chip authentication", _open_channel),
        Situation("secure messaging", "SIGN P-256", _sign_in_channel),
        Situation("secure messaging", f"{LONG_BYTES} bytes", _write_in_channel),
        Situation("MANAGE SECURITY ENVIRONMENT", "a chain of four", _longest_chain),
        Situation("VERIFY CERTIFICATE", "an issuer", _verify_certificate, blank=True),
        Situation("PUBLIC KEY AUTHENTICATION", "register", _register, blank=True),
        Situation("EXTERNAL AUTHENTICATE", "a custodian", _authenticate, blank=True),
        _of_card("GET CHALLENGE", "1,024 bytes", lambda card: card.challenge(1024)),
        Situation("EXTRAS", "secure lock", _secure_lock),
    ]


def _of_card(family: str, name: str, run: Callable[[Card], object]) -> Situation:
    return Situation(family, name, lambda device: lambda: run(_card(device)))


def _initialize(device: Device) -> Run:
    return lambda: _card(device).initialize(
        PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, dkek_shares=1
    )


def _open_channel(device: Device) -> Run:
    return lambda: SecureChannel(device.transmit, SECRET)


def _channel(device: Device) -> SecureChannel:
    channel = SecureChannel(device.transmit, SECRET)
    channel.send("00200081", PIN, None)
    return channel


def _session_pin(device: Device) -> Run:
    options = hsm.OPTION_RESET_RETRY | OPTION_SESSION_PIN
    _card(device).initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, options=options)
    channel = _channel(device)
    return lambda: channel.send("805A0181", b"", 256)


def _sign_in_channel(device: Device) -> Run:
    channel = _channel(device)
    return lambda: channel.send(SIGN_P256, b"message", 256)


def _write_in_channel(device: Device) -> Run:
    channel = _channel(device)
    data = tlv(0x54, b"\0\0") + tlv(0x53, bytes(LONG_BYTES))

    def there_and_back() -> None:
        channel.send("00D7CD01", data)
        channel.send("00B1CD01", tlv(0x54, b"\0\0"))

    return there_and_back


def _longest_chain(device: Device) -> Run:
    chain = [ROOT] + [Party(b"UTISSUER0000%d" % number, 20 + number) for number in range(3)]
    card = _card(device)
    for number, party in enumerate(reversed(chain)):
        authority = chain[max(0, len(chain) - 2 - number)]
        certificate = tlv(cvc.CERTIFICATE, party.certificate(authority, 0xC0))
        card.write_file(0xCA00 + number, certificate)
    return lambda: do(device, "002281B6", tlv(0x83, chain[-1].name))


def _guarded(device: Device) -> None:
    """Wants two of three custodians; trusts ROOT."""
    data = tlv(0x80, b"\0\1") + tlv(0x81, PIN) + tlv(0x82, SO_PIN) + tlv(0x9E, b"\0\x10")
    do(device, "80500000", data + tlv(0x93, b"\x03\x02"))
    do(device, "002A00BE", ROOT.certificate(ROOT, 0xC0))
    do(device, "002281B6", tlv(0x83, ROOT.name))


def _verify_certificate(device: Device) -> Run:
    _guarded(device)
    return lambda: do(device, "002A00BE", DEVICE.certificate(ROOT, 0x00))


def _register(device: Device) -> Run:
    _verify_certificate(device)()
    return lambda: do(device, "80540000", CUSTODIANS[0].request(DEVICE), 256)


def _authenticate(device: Device) -> Run:
    _register(device)()
    for party in CUSTODIANS[1:]:
        do(device, "80540000", party.request(DEVICE), 256)
    card = _card(device)
    card.select()
    card.verify(PIN)
    challenge = do(device, "00840000", ne=8)
    return lambda: authenticate(device, CUSTODIANS[0], challenge)


def _secure_lock(device: Device) -> Run:
    private = ec.derive_private_key(12345, ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def lock(p2: int, data: bytes) -> bytes:
        return send(_card(device), command(0x80, 0x64, 0x3A, p2, data, 256))

    def enable() -> None:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), lock(1, point))
        shared = private.exchange(ec.ECDH(), peer)
        key = HKDF(hashes.SHA256(), 44, None, point).derive(shared)
        lock(
            2, ChaCha20Poly1305(key[12:]).encrypt(key[:12], hashlib.sha256(b"mask").digest(), point)
        )

    return enable


# --- Files --------------------------------------------------------------------------------------


def _files() -> list[Situation]:
    return [
        _of_card("ENUMERATE OBJECTS", f"{len(KEYS)} keys", lambda card: card.list_objects()),
        Situation("READ BINARY", f"{LONG_BYTES} private bytes", _read),
        Situation("UPDATE BINARY", f"{LONG_BYTES} private bytes", _update),
        Situation("UPDATE BINARY", f"{LONG_BYTES} bytes behind others", _append),
        _of_card(
            "DELETE FILE",
            "a key",
            lambda card: card.delete_file(hsm.KEY_PREFIX | KEYS["P-256"]),
        ),
    ]


def _update(device: Device) -> Run:
    contents = bytes(LONG_BYTES)
    return lambda: _card(device).write_file(PRIVATE_FILE, contents, LONG_BYTES)


def _append(device: Device) -> Run:
    _update(device)()
    contents = bytes(LONG_BYTES)
    card = _card(device)
    return lambda: card.update_binary(PRIVATE_FILE, LONG_BYTES, contents)


def _read(device: Device) -> Run:
    _update(device)()
    return lambda: _card(device).read_binary(PRIVATE_FILE, 0, LONG_BYTES)


# --- Keys ---------------------------------------------------------------------------------------


def _keys() -> list[Situation]:
    return [
        Situation("MANAGE KEY DOMAIN", "the last share", _import_share),
        Situation("DECIPHER", "XKEK", _exchange_key, blank=True),
        *(
            _of_card(
                "GENERATE KEY PAIR",
                f"RSA-{bits}",
                lambda card, bits=bits: card.generate_key_pair(KEY_NEW, hsm.rsa_key_template(bits)),
            )
            for bits in (1024, 2048)
        ),
        Situation("HIERARCHICAL KEYS", "a seed", _seed),
        Situation("HIERARCHICAL KEYS", "a public key", _node(PUBLIC, K1)),
        Situation("HIERARCHICAL KEYS", "select a key", _node(SELECT, K1)),
        Situation("HIERARCHICAL KEYS", "sign", _sign_with_node),
        Situation("HIERARCHICAL KEYS", "encrypt", _encrypt_with_node),
    ]


def _import_share(device: Device) -> Run:
    card = _card(device)
    card.clear_key_domain()
    return lambda: card.import_dkek_share(SHARE)


def _exchange_key(device: Device) -> Run:
    # The other card is a chip of the other kind: it has another name.
    peer = started(next(board for board in boards.names() if board != device.board.name))
    request = join(peer)
    join(device)
    certificate = _card(peer).read_file(hsm.EF_DEVICE_CERTIFICATE)
    do(device, "002A00BE", cvc.find(certificate, cvc.CERTIFICATE)[0])
    return lambda: do(device, "80620184", request)


def _seed(device: Device) -> Run:
    return lambda: hd(device, K1, 0, SEED)


def _node(p1: int, scheme: int, path: bytes = PATH) -> Callable[[Device], Run]:
    def prepare(device: Device) -> Run:
        hd(device, scheme, 1 if scheme == SYMMETRIC else 0, SEED)
        return lambda: hd(device, p1, 0, path)

    return prepare


def _sign_with_node(device: Device) -> Run:
    _node(SELECT, K1)(device)()
    return lambda: send(_card(device), command(0x80, 0x68, 0x00, 0xA0, HASH, 256))


def _encrypt_with_node(device: Device) -> Run:
    _node(SELECT, SYMMETRIC, LABELS)(device)()
    field = SLIP_0011 + tlv(0x81, bytes(32)) + tlv(0x83, b"a label")
    return lambda: send(_card(device), command(0x80, 0x78, 0x00, 0x51, field, 256))


def _uses() -> list[Situation]:
    return [_of_use(use) for use in equipped_card.all_uses() if use.name in USES]


def _of_use(use: Use) -> Situation:
    """The family is the command: the first word of the name."""
    family, _, name = use.name.partition(" ")
    return Situation(FAMILIES.get(family, family), name, lambda device: use.prepare(_card(device)))


def _card(device: Device) -> Card:
    return Card(device.transmit)


# --- Rescue application -------------------------------------------------------------------------


def _rescue() -> list[Situation]:
    apdus = {
        "attestation": command(0x80, 0x10, 0x01, 0x00, HASH, 256),
        "read settings": command(0x80, 0x1E, 0x01, 0x00, ne=256),
        "set time": command(0x80, 0x1C, 0x02, 0x02, bytes(4)),
        "state of the flash": command(0x80, 0x1E, 0x02, 0x01, ne=256),
    }
    return [
        *(Situation("rescue", name, _rescues(apdu)) for name, apdu in apdus.items()),
        Situation("rescue", "write settings", _write_settings),
    ]


def _selected(device: Device) -> Card:
    card = _card(device)
    send(card, command(0x00, 0xA4, 0x04, 0x00, RESCUE_AID, 256))
    return card


def _rescues(apdu: bytes) -> Callable[[Device], Run]:
    def prepare(device: Device) -> Run:
        card = _selected(device)
        return lambda: send(card, apdu)

    return prepare


def _write_settings(device: Device) -> Run:
    _selected(device)
    return lambda: pressed(device, command(0x80, 0x1C, 0x01, 0x00, SETTINGS))
