"""What is done of a run, and what a killed one must do again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.run.ledger import LEDGER, StepLedger, digest


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A file that a step made."""
    path = tmp_path / "wepp" / "output" / "H7.loss.dat"
    path.parent.mkdir(parents=True)
    path.write_text("loss")
    return path


def ledger_with(tmp_path: Path, made: Path) -> StepLedger:
    ledger = StepLedger(tmp_path)
    ledger.begin({"hillslope:7": "a"})
    ledger.done({"hillslope:7": ([made], 1.5)})
    return ledger


def test_a_step_is_done_for_the_inputs_it_was_done_from(tmp_path, made):
    """Read again by another process, the step is done; with other inputs it is not."""
    ledger_with(tmp_path, made)
    again = StepLedger(tmp_path)
    assert again.is_done("hillslope:7", "a")
    assert again.entry("hillslope:7").seconds == 1.5
    assert not again.is_done("hillslope:7", "b")
    assert not again.is_done("hillslope:8", "a")


def test_a_step_that_began_again_and_was_killed_is_not_done(tmp_path, made):
    """Whatever its files look like: the earlier line does not count any more."""
    ledger_with(tmp_path, made).begin({"hillslope:7": "a"})
    assert not StepLedger(tmp_path).is_done("hillslope:7", "a")


@pytest.mark.parametrize("change", ["removed", "cut", "same size"])
def test_a_step_whose_output_is_not_as_it_was_written_is_not_done(tmp_path, made, change):
    """A file removed, cut or changed in place by another hand is made again."""
    ledger = ledger_with(tmp_path, made)
    if change == "removed":
        made.unlink()
    else:
        made.write_text({"cut": "los", "same size": "lost"}[change])
    assert not ledger.is_done("hillslope:7", "a")


@pytest.mark.parametrize("kept", range(0, 50, 7))
def test_a_line_that_was_cut_off_is_as_if_it_was_never_written(tmp_path, made, kept):
    """A writer killed in the middle of a line costs its step alone, also after the next line."""
    ledger_with(tmp_path, made)
    path = tmp_path / LEDGER
    whole = path.read_text()
    line = whole.splitlines()[0].replace("hillslope:7", "hillslope:8")
    path.write_text(whole + line[:kept])
    ledger = StepLedger(tmp_path)
    assert ledger.is_done("hillslope:7", "a")
    assert ledger.entry("hillslope:8") is None
    ledger.begin({"hillslope:9": "c"})
    again = StepLedger(tmp_path)
    assert again.is_done("hillslope:7", "a")
    assert again.entry("hillslope:9").state == "begun"


def test_a_file_that_is_no_ledger_is_named_with_its_line(tmp_path, made):
    """What somebody else wrote there is an error, not an empty ledger."""
    (tmp_path / LEDGER).write_text('{"other": 1}\n')
    with pytest.raises(ValueError, match=r"steps\.jsonl:1 is no line of a ledger"):
        StepLedger(tmp_path)


def test_forgotten_nothing_is_done(tmp_path, made):
    """`clean` begins afresh."""
    ledger = ledger_with(tmp_path, made)
    ledger.forget()
    assert not ledger.is_done("hillslope:7", "a")
    assert not StepLedger(tmp_path).is_done("hillslope:7", "a")


def test_the_digest_of_inputs_tells_content_names_and_words_apart(tmp_path):
    """Another content, another name, another option: another digest; the order is no difference."""
    a, b, c = (tmp_path / name for name in "abc")
    for path, text in ((a, "1"), (b, "1"), (c, "2")):
        path.write_text(text)
    kinds = [digest([a]), digest([b]), digest([c]), digest([a], "x"), digest([a, b]), digest([])]
    assert len(set(kinds)) == len(kinds)
    assert digest([a, b]) == digest([b, a])
