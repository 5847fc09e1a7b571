"""Interpreters of other versions that this machine has, and what each says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYENV = Path.home() / ".pyenv" / "versions"
HOUSE = Path(__file__).parents[1]


def pythons(*versions: str) -> list:
    """Interpreters of these versions, for which each test says why it does not run."""
    found = []
    for version in versions:
        paths = sorted(PYENV.glob(f"{version}.*/bin/python"))
        why = pytest.mark.skipif(not paths, reason=f"no Python {version} below {PYENV}")
        found.append(pytest.param(str(paths[-1]) if paths else "", id=version, marks=why))
    return found


def said_by(words: str, python: str = sys.executable, **environ: str) -> str:
    """What an interpreter of its own says when it runs this; weppd is there to be imported."""
    env = {**os.environ, "PYTHONPATH": str(HOUSE), **environ}
    done = subprocess.run(
        [python, "-c", words], capture_output=True, check=True, text=True, env=env, timeout=60
    )
    return done.stdout
