# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the tables of comb.h: sums of multiples of the generators.

For a comb of `teeth` teeth at a distance of `columns` bits, P(m) = 2^(columns m) G, row i is
P(teeth-1) plus, for each lower tooth m, P(m) where bit m of i is set and -P(m) where it is not.
Coordinates are as they are computed with: in Montgomery form, but plain modulo P-521's prime.
Run by the build: `comb_tables.py NIST_HEADER GENERIC_HEADER`.
"""

import sys
from pathlib import Path
from typing import NamedTuple

Point = tuple[int, int]
GROUP_WORDS = 8
"""CRYPTO_SELECT_GROUP_WORDS"""


class Curve(NamedTuple):
    """Domain parameters ([SP800-186] 3.2.1, [SEC2], [RFC5639]) and the comb."""

    name: str
    bits: int
    teeth: int
    prime: int
    a: int
    generator: Point
    order: int = 0

    @property
    def columns(self) -> int:
        """Bits between two teeth."""
        return -(-self.bits // self.teeth)

    @property
    def words(self) -> int:
        """Of a coordinate."""
        return -(-self.bits // 32)

    @property
    def form(self) -> int:
        """What coordinates are multiplied by."""
        return 1 if self.bits == 521 else 2**self.bits

    def add(self, p: Point, q: Point) -> Point:
        """p + q for points that are not each other's negative."""
        if p == q:
            slope = (3 * p[0] * p[0] + self.a) * pow(2 * p[1], -1, self.prime)
        else:
            slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, self.prime)
        x = (slope * slope - p[0] - q[0]) % self.prime
        return x, (slope * (p[0] - x) - p[1]) % self.prime


NIST = [
    Curve(
        "256",
        256,
        7,
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        -3,
        (
            0x6B17D1F2_E12C4247_F8BCE6E5_63A440F2_77037D81_2DEB33A0_F4A13945_D898C296,
            0x4FE342E2_FE1A7F9B_8EE7EB4A_7C0F9E16_2BCE3357_6B315ECE_CBB64068_37BF51F5,
        ),
    ),
    Curve(
        "384",
        384,
        8,
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        -3,
        (
            0xAA87CA22_BE8B0537_8EB1C71E_F320AD74_6E1D3B62_8BA79B98 << 192
            | 0x59F741E0_82542A38_5502F25D_BF55296C_3A545E38_72760AB7,
            0x3617DE4A_96262C6F_5D9E98BF_9292DC29_F8F41DBD_289A147C << 192
            | 0xE9DA3113_B5F0B8C0_0A60B1CE_1D7E819D_7A431D7C_90EA0E5F,
        ),
    ),
    Curve(
        "521",
        521,
        8,
        2**521 - 1,
        -3,
        (
            0xC6_858E06B7_0404E9CD_9E3ECB66_2395B442_9C648139_053FB521_F828AF60 << 288
            | 0x6B4D3DBA_A14B5E77_EFE75928_FE1DC127_A2FFA8DE_3348B3C1_856A429B_F97E7E31_C2E5BD66,
            0x118_39296A78_9A3BC004_5C8A5FB4_2C7D1BD9_98F54449_579B4468_17AFBD17 << 288
            | 0x273E662C_97EE7299_5EF42640_C550B901_3FAD0761_353C7086_A272C240_88BE9476_9FD16650,
        ),
    ),
]

GENERIC = [
    Curve(
        "secp256k1",
        256,
        6,
        2**256 - 2**32 - 977,
        0,
        (
            0x79BE667E_F9DCBBAC_55A06295_CE870B07_029BFCDB_2DCE28D9_59F2815B_16F81798,
            0x483ADA77_26A3C465_5DA4FBFC_0E1108A8_FD17B448_A6855419_9C47D08F_FB10D4B8,
        ),
        0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141,
    ),
    Curve(
        "brainpoolP256r1",
        256,
        6,
        0xA9FB57DB_A1EEA9BC_3E660A90_9D838D72_6E3BF623_D5262028_2013481D_1F6E5377,
        0x7D5A0975_FC2C3057_EEF67530_417AFFE7_FB8055C1_26DC5C6C_E94A4B44_F330B5D9,
        (
            0x8BD2AEB9_CB7E57CB_2C4B482F_FC81B7AF_B9DE27E1_E3BD23C2_3A4453BD_9ACE3262,
            0x547EF835_C3DAC4FD_97F8461A_14611DC9_C2774513_2DED8E54_5C1D54C7_2F046997,
        ),
        0xA9FB57DB_A1EEA9BC_3E660A90_9D838D71_8C397AA3_B561A6F7_901E0E82_974856A7,
    ),
    Curve(
        "brainpoolP384r1",
        384,
        6,
        0x8CB91E82_A3386D28_0F5D6F7E_50E641DF_152F7109_ED5456B4 << 192
        | 0x12B1DA19_7FB71123_ACD3A729_901D1A71_87470013_3107EC53,
        0x7BC382C6_3D8C150C_3C72080A_CE05AFA0_C2BEA28E_4FB22787 << 192
        | 0x139165EF_BA91F90F_8AA5814A_503AD4EB_04A8C7DD_22CE2826,
        (
            0x1D1C64F0_68CF45FF_A2A63A81_B7C13F6B_8847A3E7_7EF14FE3 << 192
            | 0xDB7FCAFE_0CBD10E8_E826E034_36D646AA_EF87B2E2_47D4AF1E,
            0x8ABE1D75_20F9C2A4_5CB1EB8E_95CFD552_62B70B29_FEEC5864 << 192
            | 0xE19C054F_F9912928_0E464621_77918111_42820341_263C5315,
        ),
        0x8CB91E82_A3386D28_0F5D6F7E_50E641DF_152F7109_ED5456B3 << 192
        | 0x1F166E6C_AC0425A7_CF3AB6AF_6B7FC310_3B883202_E9046565,
    ),
    Curve(
        "brainpoolP512r1",
        512,
        6,
        0xAADD9DB8_DBE9C48B_3FD4E6AE_33C9FC07_CB308DB3_B3C9D20E_D6639CCA_70330871 << 256
        | 0x7D4D9B00_9BC66842_AECDA12A_E6A380E6_2881FF2F_2D82C685_28AA6056_583A48F3,
        0x7830A331_8B603B89_E2327145_AC234CC5_94CBDD8D_3DF91610_A83441CA_EA9863BC << 256
        | 0x2DED5D5A_A8253AA1_0A2EF1C9_8B9AC8B5_7F1117A7_2BF2C7B9_E7C1AC4D_77FC94CA,
        (
            0x81AEE4BD_D82ED964_5A21322E_9C4C6A93_85ED9F70_B5D916C1_B43B62EE_F4D0098E << 256
            | 0xFF3B1F78_E2D0D48D_50D1687B_93B97D5F_7C6D5047_406A5E68_8B352209_BCB9F822,
            0x7DDE385D_566332EC_C0EABFA9_CF7822FD_F209F700_24A57B1A_A000C55B_881F8111 << 256
            | 0xB2DCDE49_4A5F485E_5BCA4BD8_8A2763AE_D1CA2B2F_A8F05406_78CD1E0F_3AD80892,
        ),
        0xAADD9DB8_DBE9C48B_3FD4E6AE_33C9FC07_CB308DB3_B3C9D20E_D6639CCA_70330870 << 256
        | 0x553E5C41_4CA92619_41866119_7FAC1047_1DB1D381_085DDADD_B5879682_9CA90069,
    ),
]


def rows(curve: Curve) -> list[Point]:
    """All 2^(teeth - 1) of them."""
    teeth = [curve.generator]
    for _ in range(curve.teeth - 1):
        point = teeth[-1]
        for _ in range(curve.columns):
            point = curve.add(point, point)
        teeth.append(point)
    sums = [teeth[-1]]
    for point in teeth[-2::-1]:
        negative = point[0], -point[1] % curve.prime
        sums = [curve.add(total, term) for total in sums for term in (negative, point)]
    return sums


def words(number: int, count: int) -> str:
    """Initializers of so many words, the lowest first."""
    return " ".join(f"0x{number >> 32 * word & 0xFFFFFFFF:08x}," for word in range(count))


def table(curve: Curve) -> list[str]:
    """The definition in C, for select.h; a row is x, then y, filled with zeros to whole groups."""
    packed = []
    for point in rows(curve):
        x, y = (number * curve.form % curve.prime for number in point)
        packed.append(x | y << 32 * curve.words)
    groups = -(-2 * curve.words // GROUP_WORDS)
    count = groups * len(packed) * GROUP_WORDS
    return [
        f"static const crypto_word_t comb_{curve.name}_table[{count}] = {{",
        *(
            f"    {words(row >> 32 * GROUP_WORDS * group, GROUP_WORDS)}"
            for group in range(groups)
            for row in packed
        ),
        "};",
    ]


def nist(curve: Curve) -> list[str]:
    """What sp_comb_curve.h needs."""
    name = f"COMB_{curve.name}"
    return [
        f"#define {name}_COLUMNS {curve.columns}",
        f"#define {name}_TEETH {curve.teeth}",
        *table(curve),
    ]


def constant(curve: Curve, name: str, number: int) -> list[str]:
    """A number of the curve, of as many words as a coordinate."""
    return [
        f"static const crypto_word_t {curve.name}_{name}[] = {{",
        f"    {words(number, curve.words)}",
        "};",
    ]


def generic(curve: Curve) -> list[str]:
    """What generator.c needs."""
    return [
        *table(curve),
        *constant(curve, "prime", curve.prime),
        *constant(curve, "order", curve.order),
        *constant(curve, "a", curve.a * curve.form % curve.prime),
        *constant(curve, "one", curve.form % curve.prime),
    ]


def record(curve: Curve) -> str:
    """An element of generator.c's list."""
    minus_inverse = -pow(curve.prime, -1, 2**32) % 2**32
    arrays = [f"{curve.name}_{name}" for name in ("prime", "order", "a", "one")]
    values = [*arrays, f"comb_{curve.name}_table", f"0x{minus_inverse:08x}"]
    return f"    {{{', '.join(values)}, {curve.words}, {curve.columns}, {curve.teeth}}},"


def main() -> None:
    """Writes both headers."""
    head = ["// Made by comb_tables.py; not to be edited."]
    lines = [line for curve in NIST for line in nist(curve)]
    Path(sys.argv[1]).write_text("\n".join([*head, *lines, ""]))
    lines = [line for curve in GENERIC for line in generic(curve)]
    lines += ["static const comb_curve_t comb_curves[] = {", *map(record, GENERIC), "};", ""]
    Path(sys.argv[2]).write_text("\n".join([*head, *lines]))


if __name__ == "__main__":
    main()
