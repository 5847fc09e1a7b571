"""The few words that run everything: `make` prints its menu, and the menu is complete."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.arch.source import ROOT

MAKE = shutil.which("make")
needs_make = pytest.mark.skipif(MAKE is None, reason="make is not installed here")


@needs_make
def test_make_help_prints_every_target_with_a_sentence() -> None:
    """`make` alone tells what there is; no target is left out of its menu."""
    done = subprocess.run(
        [str(MAKE), "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    menu = re.findall(r"^  make ([a-z-]+) +(\S.*)$", done.stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert {name for name, _ in menu} == set(phony[1].split())


@needs_make
def test_the_words_of_the_house_are_there() -> None:
    """Whoever knows one of our projects knows this one: install, check, test, demo, clean."""
    menu = (ROOT / "Makefile").read_text()
    for word in ("help", "install", "check", "test", "demo", "stubs", "stubs-check", "clean"):
        assert re.search(rf"^{word}:.*## ", menu, re.MULTILINE), word
