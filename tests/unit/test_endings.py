"""What is done at the end of a job's process, as an interpreter of its own has it."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FORKED = """
import atexit, logging, logging.handlers, os, sys
from weppd.cell.body.endings import Endings
def said(*words): print(*words, flush=True)
"""


def said_by(words: str) -> list[str]:
    """The lines of an interpreter that runs this."""
    command = [sys.executable, "-c", _FORKED + words]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return done.stdout.splitlines()


def test_end_of_a_process_without_handlers_has_nothing_to_do() -> None:
    """Not even logging's part."""
    assert said_by("print(Endings().run())") == ["False"]


def test_handler_of_a_job_is_flushed_after_what_the_job_wants_done() -> None:
    """What it held back until then comes out, and what was said at the very end, too."""
    words = """
endings = Endings()
plain = logging.StreamHandler(sys.stdout)
held = logging.handlers.MemoryHandler(100, target=plain)
logging.getLogger().addHandler(held)
atexit.register(lambda: (logging.warning("second"), said("first")))
print(endings.run(), flush=True)
"""
    assert said_by(words) == ["first", "second", "True"]


@pytest.mark.parametrize("made", ["logging.NullHandler()", "logging.StreamHandler()"])
def test_handlers_that_were_there_before_are_closed_as_ever(made: str) -> None:
    """Who preloads a module that has handlers finds them flushed at the end of each job."""
    words = f"""
handler = {made}
handler.close = lambda: said("closed")
print(Endings().run(), flush=True)
os._exit(0)
"""
    assert said_by(words) == ["closed", "True"]
