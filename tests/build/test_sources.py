# SPDX-License-Identifier: GPL-2.0-or-later
"""Sources: a wrong file is deleted, both hashes told; the mirror is found."""

import dataclasses
import hashlib
import subprocess
import tarfile

import pytest

from tools import apt, lock
from tools.errors import ToolError
from tools.lock import Lock, Package
from tools.sources import Sources, verify

CONTENTS = b"int main(void) { return 0; }\n"


class Mirror:
    """Stands for apt: writes the files it offers into the folder of a download."""

    def __init__(self, **offers: bytes) -> None:
        self.offers = {name.replace("__", "."): data for name, data in offers.items()}
        self.asked: list[tuple[str, str | None]] = []

    def download(self, kind, name, version, folder):
        self.asked.append((name, version))
        for file_name, data in self.offers.items():
            (folder / file_name).write_bytes(data)
        return "" if self.offers else "the mirror is not there"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def archive(tmp_path):
    """The bytes of a small upstream archive."""
    (tmp_path / "main.c").write_bytes(CONTENTS)
    path = tmp_path / "thing.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        tar.add(tmp_path / "main.c", "thing-1.0/main.c")
    return path.read_bytes()


@pytest.fixture
def make_sources(tmp_path):
    """Sources of one package, with a cache and a build folder of their own."""

    def make(mirror, files, **more):
        package = Package("thing", "source", "1.0-1", "MIT", files, **more)
        said: list[str] = []
        locked = Lock("trixie", 0, {"thing": package})
        sources = Sources(locked, tmp_path / "cache", tmp_path / "sources", said.append)
        sources.apt = mirror
        return sources, said

    return make


def test_the_lock_file_is_complete():
    packages = lock.load().packages
    assert set(packages) >= {"micropython", "pico-sdk-source", "tinyusb-source", "wolfssl"}
    assert all(package.files for package in packages.values())


def test_wrong_hash_deletes_the_file_and_tells_both(tmp_path):
    path = tmp_path / "thing.tar.xz"
    path.write_bytes(CONTENTS)
    wrong = "0" * 64
    with pytest.raises(ToolError, match=f"expected {wrong}, got {digest(CONTENTS)}") as caught:
        verify(path, wrong)
    assert caught.value.status == 2
    assert not path.exists()


def test_a_file_changed_in_the_cache_is_deleted(make_sources, archive):
    sources, _ = make_sources(Mirror(thing__tar__xz=archive), {"thing.tar.xz": digest(archive)})
    tree = sources.tree("thing")
    assert (tree.folder / "main.c").read_bytes() == CONTENTS
    cached = sources.cache / "thing.tar.xz"
    cached.write_bytes(archive + b"!")
    with pytest.raises(ToolError, match=f"expected {digest(archive)}, got"):
        sources.tree("thing")
    assert not cached.exists()


def test_a_wrong_download_never_reaches_the_cache(make_sources, archive):
    sources, _ = make_sources(Mirror(thing__tar__xz=b"evil"), {"thing.tar.xz": digest(archive)})
    with pytest.raises(ToolError, match=f"got {digest(b'evil')}"):
        sources.tree("thing")
    assert list(sources.cache.iterdir()) == []


def test_a_second_build_needs_no_network(make_sources, archive):
    files = {"thing.tar.xz": digest(archive)}
    make_sources(Mirror(thing__tar__xz=archive), files)[0].tree("thing")
    offline = Mirror()
    make_sources(offline, files)[0].tree("thing")
    assert offline.asked == []


def test_a_missing_file_is_one_line(make_sources):
    sources, _ = make_sources(Mirror(), {"thing.tar.xz": "0" * 64})
    with pytest.raises(ToolError, match=r"^cannot fetch thing.tar.xz .*mirror is not there$"):
        sources.tree("thing")


def test_an_unknown_package_is_one_line(make_sources):
    sources, _ = make_sources(Mirror(), {})
    with pytest.raises(ToolError, match="does not name other"):
        sources.tree("other")


def test_without_patches_the_build_goes_on_loudly(make_sources, archive):
    files = {"thing.tar.xz": digest(archive)}
    revision = {"thing_1.0-1.dsc": "0" * 64}
    mirror = Mirror(thing__tar__xz=archive)
    sources, said = make_sources(mirror, files, revision_files=revision)
    tree = sources.tree("thing")
    assert tree.version == "1.0 (unpatched)"
    assert "WITHOUT Debian's security patches" in said[-1]


def test_without_network_the_pinned_archive_is_built_loudly(make_sources, archive):
    files = {"thing.tar.xz": digest(archive)}
    make_sources(Mirror(thing__tar__xz=archive), files)[0].tree("thing")

    class NoNetwork(Mirror):
        def download(self, kind, name, version, folder):
            raise apt.AptError("no network")

    sources, said = make_sources(NoNetwork(), files, revision_files={"thing_1.0-1.dsc": "0" * 64})
    assert sources.tree("thing").version == "1.0 (unpatched)"
    assert any("no patches of thing can be had: no network" in line for line in said)
    sources, _ = make_sources(NoNetwork(), {"other.tar.xz": "0" * 64})
    with pytest.raises(ToolError, match="no network"):
        sources.tree("thing")


def test_a_planted_patch_archive_is_refused(make_sources, archive):
    files = {"thing.tar.xz": digest(archive)}
    revision = {"thing_1.0-1.dsc": "0" * 64}
    offers = {"thing_1__0-1__dsc": b"planted", "thing_1__0-1__debian__tar__xz": b"patches"}
    mirror = Mirror(thing__tar__xz=archive, **offers)
    sources, _ = make_sources(mirror, files, revision_files=revision)
    with pytest.raises(ToolError, match="thing_1.0-1.dsc: wrong SHA-256"):
        sources.tree("thing")


def test_a_later_revision_is_taken_and_recorded(make_sources, archive, monkeypatch):
    files = {"thing.tar.xz": digest(archive)}
    revision = {"thing_1.0-1.dsc": "0" * 64}
    offers = {"thing_1__0-2__dsc": b"later", "thing_1__0-2__debian__tar__xz": b"patches"}
    mirror = Mirror(thing__tar__xz=archive, **offers)
    sources, said = make_sources(mirror, files, revision_files=revision)
    package = sources.lock.packages["thing"]
    assert sources.fetch(package) == "1.0-2"
    assert "1.0-2 replaced 1.0-1" in said[-1]
    # What apt vouched for once stays fixed from then on.
    (sources.cache / "thing_1.0-2.dsc").write_bytes(b"changed")
    with pytest.raises(ToolError, match="wrong SHA-256"):
        sources.fetch(package)


def test_half_a_revision_is_none(make_sources, archive):
    files = {"thing.tar.xz": digest(archive)}
    mirror = Mirror(thing__tar__xz=archive, **{"thing_1__0-2__dsc": b"without its patches"})
    sources, _ = make_sources(mirror, files, revision_files={"thing_1.0-1.dsc": "0" * 64})
    assert sources.tree("thing").version == "1.0 (unpatched)"


@pytest.mark.parametrize(
    "broken",
    [
        '[package.x]\nkind = "source"\n',
        'suite = "trixie"\nsource_date_epoch = 0\n[package.x]\nkind = "source"\n',
        'suite = "trixie"\nsource_date_epoch = 0\n[package.x]\nkind = "binary"\nversion = "1-1"\n'
        'licence = "MIT"\nfiles = {"x.deb" = "abc"}\n',
        "not toml",
    ],
)
def test_a_broken_lock_file_is_one_line(broken, tmp_path):
    path = tmp_path / "third_party.lock"
    path.write_text(broken)
    with pytest.raises(ToolError, match="third_party.lock"):
        lock.load(path)


DEB822 = """Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
"""
SECURITY = "deb http://mirror.example/debian-security bookworm-security main\n"
DISABLED = DEB822.replace("mirror", "old") + "Enabled: no\n\n"


@pytest.mark.parametrize(
    ("file_name", "text"),
    [
        ("sources.list", SECURITY + "deb [arch=amd64] http://mirror.example/debian trixie main\n"),
        ("sources.list.d/debian.sources", DEB822),
        ("sources.list.d/debian.sources", DISABLED + DEB822),
        ("sources.list.d/own.list", "# deb http://x/y z main\ndeb-src http://mirror.example/debian"
         " stable main contrib # ours\n"),
    ],
)  # fmt: skip
def test_the_machines_mirror_is_found(file_name, text, tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / file_name).write_text(text)
    assert apt.debian_mirror(tmp_path) == "http://mirror.example/debian"


def test_a_machine_without_a_mirror_is_told(tmp_path):
    (tmp_path / "sources.list").write_text(SECURITY)
    with pytest.raises(ToolError, match="no Debian mirror"):
        apt.debian_mirror(tmp_path)


def test_apt_names_its_own_error(tmp_path, monkeypatch):
    def refuse(command, **_):
        assert "Dir::Etc::sourceparts=-" in command
        return subprocess.CompletedProcess(command, 100, "", "W: old\nE: not signed\nE: more\n")

    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian bookworm main\n")
    monkeypatch.setattr(subprocess, "run", refuse)
    private = apt.PrivateApt(tmp_path / "apt", "trixie", tmp_path)
    with pytest.raises(ToolError, match="cannot read the index of trixie: not signed"):
        private.download("binary", "thing", "1.0", tmp_path)
    written = (tmp_path / "apt" / "sources.list").read_text()
    assert " trixie main\n" in written and "bookworm" not in written


def test_packages_cannot_be_changed_by_accident():
    package = lock.load().packages["wolfssl"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        package.version = "6"  # type: ignore[misc]
