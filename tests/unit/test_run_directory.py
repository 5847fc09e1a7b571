"""Where the files of a run lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.run.directory import WATERSHED, NotPrepared, RunDirectory


def test_hillslopes_are_found_by_their_run_files_in_numeric_order(tmp_path: Path):
    """p10 comes after p2; the network's pw0.run, backups and p0 are no hillslopes."""
    run = RunDirectory(tmp_path)
    run.runs.mkdir(parents=True)
    for name in ("p10.run", "p2.run", "pw0.run", "p0.run", "p3.run.bak", "p2.man"):
        (run.runs / name).touch()
    assert run.hillslopes() == (2, 10)


def test_a_run_that_was_not_prepared_is_named(tmp_path: Path):
    """The error names the directory that is missing or empty, and what to do."""
    run = RunDirectory(tmp_path)
    with pytest.raises(NotPrepared, match=r"wepp/runs does not exist: prepare"):
        run.hillslopes()
    run.runs.mkdir(parents=True)
    with pytest.raises(NotPrepared, match=r"holds no p<id>.run"):
        run.hillslopes()


def test_paths_are_those_of_production(tmp_path: Path):
    """Inputs, logs and tables lie where WEPPcloud's pages look for them."""
    run = RunDirectory(tmp_path)
    assert run.run_file(7) == tmp_path / "wepp/runs/p7.run"
    assert run.err_file(WATERSHED) == tmp_path / "wepp/runs/pw0.err"
    assert run.hillslope_table == tmp_path / "wepp/output/interchange/hillslopes.parquet"
