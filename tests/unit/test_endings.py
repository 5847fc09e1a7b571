"""What is done at the end of a job's process, as an interpreter of its own has it."""

from __future__ import annotations

import sys

import pytest

from tests import interpreters

_FORKED = """
import atexit, logging, logging.handlers, os, sys
from weppd.cell.body.endings import Endings
def said(*words): print(*words, flush=True)
"""


def said_by(words: str, python: str = sys.executable) -> list[str]:
    """The lines of an interpreter that runs this."""
    return interpreters.said_by(_FORKED + words, python).splitlines()


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


@pytest.mark.parametrize("python", interpreters.pythons("3.12", "3.13"))
def test_handler_is_flushed_where_counts_of_references_tell_nothing(python: str) -> None:
    """A process whose functions were made immortal knows what is to be done at its end."""
    words = """
from weppd.cell import immortal
assert immortal.make()
endings = Endings()
held = logging.handlers.MemoryHandler(100, target=logging.StreamHandler(sys.stdout))
logging.getLogger().addHandler(held)
logging.warning("held back")
print(endings.run(), flush=True)
os._exit(0)
"""
    assert said_by(words, python) == ["held back", "True"]
    idle = "from weppd.cell import immortal; immortal.make(); print(Endings().run())"
    assert said_by(idle, python) == ["False"]


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
