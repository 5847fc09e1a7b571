"""Inputs with a fault in them: one error line that names the file, or a run that makes sense."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import hillsim
from tasks.hillsim.errors import Refusal
from tasks.wepp import annual
from tasks.wepp.files.errors import FormatError

INPUTS = Path(__file__).parents[1] / "golden" / "hillsim"
MARKER = "COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"
RUBBISH = (
    *("-1", "nan", "inf", "1e400", "1e308", "-1e308", "1e30", "1e-30", "0", "abc", "*****", "'"),
    *("\xb2", "1d5", "-0.0", "366", "1000000", "-9999", "9" * 5000, "0.5", "2"),
)
BYTES = ("\0", "\x85", "\x0c", "\x1c", "\xff", "\r", "\t", "#", '"', ",")


def replaced(words: list[str], at: int, new: str) -> list[str]:
    return [*words[:at], new, *words[at + 1 :]]


def swapped(words: list[str], at: int, new: str) -> list[str]:
    other = len(new) % len(words)
    return replaced(replaced(words, at, words[other]), other, words[at])


def dropped(words: list[str], at: int, new: str) -> list[str]:
    return words[:at] + words[at + 1 :]


def doubled(words: list[str], at: int, new: str) -> list[str]:
    return [*words[:at], words[at], *words[at:]]


Change = Callable[[list[str], int, str], list[str]]
changes = st.sampled_from((replaced, replaced, swapped, dropped, doubled))


@st.composite
def faults(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the run, and its text with one thing wrong: a cut, a line, a word, a byte."""
    suffix = draw(st.sampled_from(("run", "slp", "sol", "man", "cli")))
    text = (INPUTS / f"p2.{suffix}").read_text(encoding="latin-1")
    if draw(st.integers(0, 5)) == 0:
        return suffix, text[: draw(st.integers(0, len(text)))]
    lines = text.split("\n")
    at = draw(st.integers(0, min(len(lines) - 1, 400)))
    change, new = draw(changes), draw(st.sampled_from(RUBBISH))
    kind = draw(st.sampled_from(("line", "word", "word", "word", "byte")))
    if kind == "line":
        return suffix, "\n".join(change(lines, at, new))
    if kind == "byte":
        place = draw(st.integers(0, len(lines[at])))
        byte = draw(st.sampled_from(BYTES))
        lines[at] = lines[at][:place] + byte + lines[at][place:]
        return suffix, "\n".join(lines)
    words = lines[at].split()
    if words:
        lines[at] = " ".join(change(words, draw(st.integers(0, len(words) - 1)), new))
    return suffix, "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(faults())
def test_a_fault_in_an_input_is_one_line_or_does_no_harm(fault: tuple[str, str]) -> None:
    """No traceback and no nonsense: a named refusal, or whole outputs of plain numbers."""
    suffix, text = fault
    with tempfile.TemporaryDirectory() as scratch:
        runs, output = Path(scratch) / "runs", Path(scratch) / "output"
        shutil.copytree(INPUTS, runs)
        output.mkdir()
        (runs / f"p2.{suffix}").write_text(text, encoding="latin-1", newline="")
        words = io.StringIO()
        try:
            found = hillsim.run("p2.run", cwd=runs, out=words)
        except (FormatError, Refusal, OSError) as error:
            _is_one_line(error, words.getvalue())
        else:
            assert words.getvalue().splitlines()[-1].endswith(MARKER)
            _makes_sense(output, found)


def _is_one_line(error: Exception, words: str) -> None:
    said = str(error.filename) if isinstance(error, OSError) else str(error)
    assert re.search(r"p2\.|H2\.|output", said), error
    assert len(said.splitlines()) == 1
    assert len(said) < 700
    assert MARKER not in words


def _makes_sense(output: Path, found: hillsim.Summary) -> None:
    assert 0.0 <= found.runoff_mm <= found.precip_mm + 500.0
    assert 0.0 <= found.sediment_kg < 1e9
    for path in output.iterdir():
        if path.name.endswith(".loss.dat"):
            # It repeats names of the inputs, which may be anything.
            assert annual.read(path) is not None
            continue
        text = path.read_text(encoding="latin-1").lower()
        assert not re.search(r"(?<![a-z])(nan|inf|infinity)(?![a-z])|\*{3}", text), path
