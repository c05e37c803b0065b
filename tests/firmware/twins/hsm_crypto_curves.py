# SPDX-License-Identifier: GPL-2.0-or-later
"""Short Weierstrass curves for the crypto twin: parameters, affine arithmetic.

Spec: [SEC2], [RFC5639]; ECDSA of [FIPS186-5] 6.4. Clear, not fast, not constant-time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

Point = tuple[int, int] | None
"""Affine coordinates; None is the neutral element."""


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 + ax + b over GF(p); generator `g` of prime order `n`, cofactor 1."""

    p: int
    a: int
    b: int
    g: tuple[int, int]
    n: int

    @property
    def field_bytes(self) -> int:
        return (self.p.bit_length() + 7) // 8

    @property
    def order_bytes(self) -> int:
        return (self.n.bit_length() + 7) // 8

    def encode(self, point: Point) -> bytes:
        """04 || X || Y."""
        assert point is not None
        width = self.field_bytes
        return b"\x04" + point[0].to_bytes(width, "big") + point[1].to_bytes(width, "big")

    def decode(self, data: bytes) -> Point:
        """The point of an uncompressed encoding, or None if it is not one of the curve."""
        width = self.field_bytes
        if len(data) != 1 + 2 * width or data[0] != 4:
            return None
        x, y = int.from_bytes(data[1 : 1 + width], "big"), int.from_bytes(data[1 + width :], "big")
        if max(x, y) >= self.p or (y * y - x * x * x - self.a * x - self.b) % self.p:
            return None
        return x, y

    def add(self, left: Point, right: Point) -> Point:
        if left is None or right is None:
            return left or right
        p = self.p
        if left[0] == right[0]:
            if (left[1] + right[1]) % p == 0:
                return None
            slope = (3 * left[0] * left[0] + self.a) * pow(2 * left[1], -1, p) % p
        else:
            slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, p) % p
        x = (slope * slope - left[0] - right[0]) % p
        return x, (slope * (left[0] - x) - left[1]) % p

    def multiply(self, scalar: int, point: Point) -> Point:
        total: Point = None
        while scalar:
            if scalar & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            scalar >>= 1
        return total

    def sign(
        self,
        d: int,
        hash: int,
        library_key: ec.EllipticCurvePrivateKey | None,
        draw: Callable[[int], bytes],
    ) -> tuple[int, int]:
        """(r, s) over the number `hash`; by the library where it has the curve.

        draw: gives so many random bytes.
        """
        if library_key is not None:
            # Any hash of the order's length signs as itself: hand the number over as a digest.
            size = next(s for s in (20, 28, 32, 48, 64) if s >= min(self.order_bytes, 64))
            if 8 * size == self.n.bit_length() and hash < 1 << (8 * size):
                chosen = _HASH_OF_SIZE[size]
                # RFC 6979: the same run makes the same flash contents, so that it can be repeated.
                scheme = ec.ECDSA(utils.Prehashed(chosen), deterministic_signing=True)
                signature = library_key.sign(hash.to_bytes(size, "big"), scheme)
                return utils.decode_dss_signature(signature)
        while True:
            k = 1 + int.from_bytes(draw(self.order_bytes + 8), "big") % (self.n - 1)
            point = self.multiply(k, self.g)
            assert point is not None
            r = point[0] % self.n
            s = pow(k, -1, self.n) * (hash + r * d) % self.n
            if r and s:
                return r, s

    def verify(self, public: Point, hash: int, r: int, s: int) -> bool:
        if not (0 < r < self.n and 0 < s < self.n):
            return False
        w = pow(s, -1, self.n)
        point = self.add(
            self.multiply(hash * w % self.n, self.g), self.multiply(r * w % self.n, public)
        )
        return point is not None and point[0] % self.n == r


_HASH_OF_SIZE = {
    20: hashes.SHA1(),
    28: hashes.SHA224(),
    32: hashes.SHA256(),
    48: hashes.SHA384(),
    64: hashes.SHA512(),
}


def _curve(p: str, a: str, b: str, g: str, n: str) -> Curve:
    width = len(p)
    point = (int(g[2 : 2 + width], 16), int(g[2 + width :], 16))
    return Curve(int(p, 16), int(a, 16), int(b, 16), point, int(n, 16))


CURVES = {
    1: _curve(  # secp192r1
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFF"),
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFC"),
        ("64210519E59C80E70FA7E9AB72243049FEB8DEECC146B9B1"),
        (
            "04188DA80EB03090F67CBF20EB43A18800F4FF0AFD82FF101207192B95FFC8DA78631011"
            "ED6B24CDD573F977A11E794811"
        ),
        ("FFFFFFFFFFFFFFFFFFFFFFFF99DEF836146BC9B1B4D22831"),
    ),
    2: _curve(  # secp256r1
        ("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"),
        ("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"),
        ("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"),
        (
            "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342"
            "E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
        ),
        ("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"),
    ),
    3: _curve(  # secp384r1
        (
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF"
            "0000000000000000FFFFFFFF"
        ),
        (
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF"
            "0000000000000000FFFFFFFC"
        ),
        (
            "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D"
            "8A2ED19D2A85C8EDD3EC2AEF"
        ),
        (
            "04AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F2"
            "5DBF55296C3A545E3872760AB73617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A14"
            "7CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F"
        ),
        (
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB2"
            "48B0A77AECEC196ACCC52973"
        ),
    ),
    4: _curve(  # secp521r1
        (
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        ),
        (
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC"
        ),
        (
            "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E15619"
            "3951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00"
        ),
        (
            "0400C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA1"
            "4B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66011839296A"
            "789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF426"
            "40C550B9013FAD0761353C7086A272C24088BE94769FD16650"
        ),
        (
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA5186"
            "8783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409"
        ),
    ),
    5: _curve(  # secp192k1
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFEE37"),
        ("000000000000000000000000000000000000000000000000"),
        ("000000000000000000000000000000000000000000000003"),
        (
            "04DB4FF10EC057E9AE26B07D0280B7F4341DA5D1B1EAE06C7D9B2F2F6D9C5628A7844163"
            "D015BE86344082AA88D95E2F9D"
        ),
        ("FFFFFFFFFFFFFFFFFFFFFFFE26F2FC170F69466A74DEFD8D"),
    ),
    6: _curve(  # secp256k1
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F"),
        ("0000000000000000000000000000000000000000000000000000000000000000"),
        ("0000000000000000000000000000000000000000000000000000000000000007"),
        (
            "0479BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798483ADA"
            "7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8"
        ),
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141"),
    ),
    7: _curve(  # brainpoolP256r1
        ("A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377"),
        ("7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9"),
        ("26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6"),
        (
            "048BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262547EF8"
            "35C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997"
        ),
        ("A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7"),
    ),
    8: _curve(  # brainpoolP384r1
        (
            "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729"
            "901D1A71874700133107EC53"
        ),
        (
            "7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A"
            "503AD4EB04A8C7DD22CE2826"
        ),
        (
            "04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB43902"
            "95DBC9943AB78696FA504C11"
        ),
        (
            "041D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E0"
            "3436D646AAEF87B2E247D4AF1E8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC58"
            "64E19C054FF99129280E4646217791811142820341263C5315"
        ),
        (
            "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF"
            "6B7FC3103B883202E9046565"
        ),
    ),
    9: _curve(  # brainpoolP512r1
        (
            "AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B00"
            "9BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3"
        ),
        (
            "7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5A"
            "A8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA"
        ),
        (
            "3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9"
            "E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723"
        ),
        (
            "0481AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F"
            "78E2D0D48D50D1687B93B97D5F7C6D5047406A5E688B352209BCB9F8227DDE385D566332"
            "ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4B"
            "D88A2763AED1CA2B2FA8F0540678CD1E0F3AD80892"
        ),
        (
            "AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C41"
            "4CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069"
        ),
    ),
}
