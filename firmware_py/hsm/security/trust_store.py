# SPDX-License-Identifier: GPL-2.0-or-later
"""The trust store: certificates on the card, and whom they vouch for.

Spec: [SCHSM] 14.4, 20. Roots are the self-signed certificates there: only who may write these files
makes one. A key is given out only after the signatures up to a root were verified. What was
verified is remembered until the session ends.
"""

from hsm_crypto import REASON_POINT, CryptoError

from hsm import limits
from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hsm.files import object_ids
from hsm.files.object_ids import EF_DEVICE_CERTIFICATE, KIND_FILE, PREFIX_CA_CERTIFICATE
from hsm.keys.cv_certificate import TAG_CERTIFICATE
from hsm.keys.cv_certificate_check import CvCertificate
from hsm.keys.public_key import InvalidSignature, MalformedCertificate
from hsm.store import NotFound

# [SCHSM] 14.4: the last ids are not for certificates.
_CA_FILES = 0xFE


class UnknownAuthority(Exception):
    """No trusted certificate has this holder reference."""


class TrustStoreFull(Exception):
    """As many certificates are known as can be."""


class TrustStore:
    """`store` has the files. Made anew for each session."""

    def __init__(self, store):
        self._store = store
        self._keys = {}
        self._places = None
        self._added = 0

    def find(self, reference):
        """The trusted PublicKey of a holder, or None."""
        return self._find(bytes(reference), limits.CERTIFICATE_CHAIN_MAX)

    def is_new_root(self, contents):
        """True if `contents`, the value of a 7F21, are a root that is not known yet."""
        certificate = CvCertificate(contents)
        return certificate.is_self_signed() and self.find(certificate.holder) is None

    def verify_and_add(self, contents, keep):
        """Trust the certificate whose 7F21 has the value `contents`; `keep`: durably, as a CA file.

        MalformedCertificate, InvalidSignature, UnknownAuthority, TrustStoreFull.
        """
        certificate = CvCertificate(contents)
        key = self._verify(certificate, limits.CERTIFICATE_CHAIN_MAX)
        known = self.find(certificate.holder)
        if known is not None:
            # A holder keeps his key: another one does not slip into his place.
            if known.encode() != key.encode():
                raise InvalidSignature
            return
        if len(self._load()) + self._added >= limits.TRUSTED_CERTIFICATES_MAX:
            raise TrustStoreFull
        if keep:
            self._keep(contents)
        self._added += 1
        self._keys[key.holder] = key

    def _find(self, holder, depth):
        key = self._keys.get(holder)
        if key is not None or not depth:
            return key
        for found, fid, offset, length in self._load():
            if found != holder:
                continue
            try:
                contents = self._read(fid, offset, length)
                _, start, end = ber_tlv.read(contents, 0)
                key = self._verify(CvCertificate(contents[start:end]), depth)
                self._keys[holder] = key
                return key
            except (InvalidSignature, MalformedCertificate, UnknownAuthority, NotFound, TlvError):
                # The last two: the file was deleted or rewritten in this session.
                continue
            except CryptoError as error:
                if error.args[0] != REASON_POINT:
                    raise
        return None

    def _verify(self, certificate, depth):
        if certificate.is_self_signed():
            return certificate.check_with_own_key()
        issuer = self._find(certificate.authority, depth - 1)
        if issuer is None:
            raise UnknownAuthority
        return certificate.check_with(issuer)

    def _load(self):
        # (holder, file, offset, length) of each certificate, in the files' order.
        if self._places is None:
            places = []
            self._scan(EF_DEVICE_CERTIFICATE, places)
            for number in range(_CA_FILES):
                self._scan(object_ids.fid(PREFIX_CA_CERTIFICATE, number), places)
            self._places = places
        return self._places

    def _scan(self, fid, places):
        # One certificate after the other; X.509 and whatever else is in a CA file ends it at once.
        if not self._store.contains(fid):
            return
        offset, size = 0, self._store.size(fid)
        while offset < size and len(places) < limits.TRUSTED_CERTIFICATES_MAX:
            data = self._read(fid, offset, limits.CV_CERTIFICATE_BYTES_MAX)
            try:
                tag, start, end = ber_tlv.read(data, 0)
                if tag != TAG_CERTIFICATE:
                    return
                holder = CvCertificate(data[start:end]).holder
            except (MalformedCertificate, TlvError):
                return
            places.append((holder, fid, offset, end))
            offset += end

    def _read(self, fid, offset, length):
        data = bytearray(length)
        count = self._store.read_into(fid, offset, length, memoryview(data))
        return memoryview(data)[:count]

    def _keep(self, contents):
        # From the last id down: hosts take the lowest one that they believe to be free.
        certificate = ber_tlv.encode(TAG_CERTIFICATE, contents)
        if len(certificate) > limits.CV_CERTIFICATE_BYTES_MAX:
            raise MalformedCertificate
        for number in range(_CA_FILES - 1, -1, -1):
            fid = object_ids.fid(PREFIX_CA_CERTIFICATE, number)
            if not self._store.contains(fid):
                with self._store.transaction() as change:
                    change.replace(fid, KIND_FILE, certificate)
                    change.commit()
                return
        raise TrustStoreFull
