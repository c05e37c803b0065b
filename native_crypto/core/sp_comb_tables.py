# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the tables of sp_comb.h: sums of multiples of the generators.

For a comb of `teeth` teeth at a distance of `columns` bits, P(m) = 2^(columns m) G, entry i is
P(teeth-1) plus, for each lower tooth m, P(m) where bit m of i is set and -P(m) where it is not.
Coordinates are as the library computes with them: in Montgomery form modulo the primes of P-256
and P-384, plain modulo P-521's. Run by the build: `sp_comb_tables.py OUTPUT`.
"""

import sys
from pathlib import Path
from typing import NamedTuple

Point = tuple[int, int]


class Curve(NamedTuple):
    """Domain parameters ([SP800-186] 3.2.1), the comb, and the factor of the form of numbers."""

    bits: int
    words: int
    teeth: int
    prime: int
    generator: Point
    form: int

    @property
    def columns(self) -> int:
        """Bits between two teeth."""
        return -(-self.bits // self.teeth)

    def add(self, p: Point, q: Point) -> Point:
        """p + q for points that are not each other's negative; a is -3."""
        if p == q:
            slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, self.prime)
        else:
            slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, self.prime)
        x = (slope * slope - p[0] - q[0]) % self.prime
        return x, (slope * (p[0] - x) - p[1]) % self.prime


CURVES = [
    Curve(
        256,
        8,
        7,
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        (
            0x6B17D1F2_E12C4247_F8BCE6E5_63A440F2_77037D81_2DEB33A0_F4A13945_D898C296,
            0x4FE342E2_FE1A7F9B_8EE7EB4A_7C0F9E16_2BCE3357_6B315ECE_CBB64068_37BF51F5,
        ),
        2**256,
    ),
    Curve(
        384,
        12,
        8,
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        (
            0xAA87CA22_BE8B0537_8EB1C71E_F320AD74_6E1D3B62_8BA79B98 << 192
            | 0x59F741E0_82542A38_5502F25D_BF55296C_3A545E38_72760AB7,
            0x3617DE4A_96262C6F_5D9E98BF_9292DC29_F8F41DBD_289A147C << 192
            | 0xE9DA3113_B5F0B8C0_0A60B1CE_1D7E819D_7A431D7C_90EA0E5F,
        ),
        2**384,
    ),
    Curve(
        521,
        17,
        8,
        2**521 - 1,
        (
            0xC6_858E06B7_0404E9CD_9E3ECB66_2395B442_9C648139_053FB521_F828AF60 << 288
            | 0x6B4D3DBA_A14B5E77_EFE75928_FE1DC127_A2FFA8DE_3348B3C1_856A429B_F97E7E31_C2E5BD66,
            0x118_39296A78_9A3BC004_5C8A5FB4_2C7D1BD9_98F54449_579B4468_17AFBD17 << 288
            | 0x273E662C_97EE7299_5EF42640_C550B901_3FAD0761_353C7086_A272C240_88BE9476_9FD16650,
        ),
        1,
    ),
]


def entries(curve: Curve) -> list[Point]:
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


def table(curve: Curve) -> str:
    """The definition in C; a row is x, then y, filled with zeros to a multiple of four words."""
    name = f"COMB_{curve.bits}"
    rows = 2 ** (curve.teeth - 1)
    row_words = -(-2 * curve.words // 4) * 4
    lines = [
        f"#define {name}_COLUMNS {curve.columns}",
        f"#define {name}_TEETH {curve.teeth}",
        f"static const sp_digit comb_{curve.bits}_table[{rows} * {row_words}] = {{",
    ]
    for point in entries(curve):
        numbers = [number * curve.form % curve.prime for number in point]
        row = numbers[0] | numbers[1] << 32 * curve.words
        words = [row >> 32 * index & 0xFFFFFFFF for index in range(row_words)]
        lines.append("    " + " ".join(f"0x{word:08x}," for word in words))
    return "\n".join([*lines, "};"])


def main() -> None:
    """Writes the header."""
    head = "// Made by sp_comb_tables.py; not to be edited.\n"
    Path(sys.argv[1]).write_text(head + "\n".join(map(table, CURVES)) + "\n")


if __name__ == "__main__":
    main()
