"""The daemon's own log, as the journal keeps it."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from weppd import logs


def record(text: str, *args: object, level: int = logging.INFO, **extra: str) -> logging.LogRecord:
    made = logging.LogRecord("weppd", level, __file__, 1, text, args, None)
    made.__dict__.update(extra)
    return made


def test_an_entry_says_which_job_and_run_it_is_about() -> None:
    """`journalctl JOB_ID=…` and `RUNID=…` find all lines of a job and of a run."""
    entry = logs.fields(record("action=start job=%s run=%s", "j1", "mdobre-x"), "text")
    assert entry["JOB_ID"] == "j1"
    assert entry["RUNID"] == "mdobre-x"
    assert entry["ACTION"] == "start"
    assert entry["PRIORITY"] == "6"


def test_what_is_given_as_a_field_is_believed_before_the_text() -> None:
    """A run id with a space in it is kept whole; a job without a run has no RUNID."""
    whole = logs.fields(record("action=x run=a b", RUNID="a b", JOB_ID="j"), "")
    assert (whole["RUNID"], whole["JOB_ID"]) == ("a b", "j")
    assert "RUNID" not in logs.fields(record("job=j run=None"), "")


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, "7"), (logging.WARNING, "4"), (logging.ERROR, "3"), (logging.CRITICAL, "2")],
)
def test_levels_are_priorities(level: int, priority: str) -> None:
    """`journalctl -p warning` shows warnings and what is worse."""
    assert logs.fields(record("x", level=level), "x")["PRIORITY"] == priority


def test_a_traceback_stays_one_entry() -> None:
    """A text of many lines is framed by its length, so that no line of it is read as a field."""
    assert logs.dump({"MESSAGE": "a\nPRIORITY=0", "PRIORITY": "3"}) == (
        b"MESSAGE\n" + (12).to_bytes(8, "little") + b"a\nPRIORITY=0\nPRIORITY=3\n"
    )


def test_entries_go_to_the_journals_socket(tmp_path: Path) -> None:
    """One datagram for each entry."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        journal.settimeout(5)
        handler = logs.JournalHandler(str(tmp_path / "journal"))
        handler.emit(record("action=claim job=j9"))
        handler.close()
        assert b"\nJOB_ID=j9\n" in journal.recv(65536)


def test_a_journal_that_is_away_costs_no_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What journald's socket does not take is a line on stderr, with its priority."""
    handler = logs.JournalHandler(str(tmp_path / "nobody"))
    handler.emit(record("action=claim", level=logging.WARNING))
    handler.close()
    assert capsys.readouterr().err == "<4>action=claim\n"
