# SPDX-License-Identifier: GPL-2.0-or-later
"""A campaign's own part of a page: renewed, and nothing else touched."""

from __future__ import annotations

from pathlib import Path

from campaigns.generated_section import renew, section


def test_only_the_section_is_renewed(tmp_path: Path):
    page = tmp_path / "page.md"
    old = section("wear", ["| old |"])
    page.write_text(f"# Head\n\n{section('rollback', ['other'])}\n\n{old}\n\nTail\n")
    renew(page, section("wear", ["| new |", "| newer |"]))
    assert page.read_text() == (
        f"# Head\n\n{section('rollback', ['other'])}\n\n"
        f"{section('wear', ['| new |', '| newer |'])}\n\nTail\n"
    )
