# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m sim life` tells the whole life, and its exit status tells the truth."""

import re

import pytest

import boards
from sim.__main__ import main
from sim.life import story
from sim.life.story import LifeError


@pytest.mark.parametrize("board", boards.names())
def test_a_life_is_told_to_its_end(capsys: pytest.CaptureFixture[str], board: str) -> None:
    assert main(["life", "--board", board]) == 0
    output = capsys.readouterr().out
    assert "every step done, every signature verified on the host" in output
    assert re.search(r"generate RSA-2048 .* \d+ prime candidates with seed 0", output)
    assert "entropy seed 1" in output and "FAILED" not in output


def test_a_wrong_signature_is_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise LifeError("the signature is wrong")

    monkeypatch.setattr(story, "check_signature", refuse)
    assert main(["life", "--board", "pico2", "--seed", "3"]) == 1
    output = capsys.readouterr().out
    assert "FAILED" in output
    assert "reproduce: python -m sim life --board pico2 --seed 3" in output
