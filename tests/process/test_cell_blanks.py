"""A cell passes on what a job left unused: no job sees anything of the one before."""

from __future__ import annotations

import os
import pickle

import pytest

from tests.process.fakeweppd import eventually


def blanks(weppd):
    """What the cell keeps for its next job."""
    return [name for name in os.listdir(weppd.home) if name.startswith(".blank")]


@pytest.mark.parametrize("how", ["", "file", "mode"])
def test_a_directory_is_always_as_new(weppd, how):
    """Each job's directory is empty and its own alone, whatever the one before did in its."""
    weppd.run("celltasks.occupy", how)
    over = weppd.run("celltasks.list_tmp")
    assert pickle.loads(over["body"]) == (f"{over['eid']}.tmp", 0o700, [])


def test_output_is_in_the_spool_of_its_own_job(weppd):
    """Silent and loud jobs take turns: each output stands under its job's name, and only there."""
    texts = ["", "one", "", "", "two", ""]
    eids = [weppd.run("celltasks.say", text, jobs_per_child=2)["eid"] for text in texts]
    found = {eid: weppd.output(eid) for eid in eids if (weppd.home / f"{eid}.out").exists()}
    assert {k: v for k, v in found.items() if v} == {eids[1]: "one\n", eids[4]: "two\n"}


def test_output_of_an_earlier_execution_stays(weppd):
    """A job that is run again goes on in its spool."""
    spool = weppd.home / "again.out"
    weppd.run("celltasks.say", "first", spool=str(spool))
    weppd.run("celltasks.say", "")
    weppd.run("celltasks.say", "second", spool=str(spool))
    assert spool.read_text() == "first\nsecond\n"


def test_a_cell_at_work_makes_no_new_files(weppd):
    """The spool and the directory of a job that used neither are those of the next."""
    found = []
    for _ in range(2):
        over = weppd.run("celltasks.inodes")
        found.append(pickle.loads(over["body"]))
    assert found[0] == found[1]


def test_a_cell_that_rests_keeps_nothing(weppd):
    """Soon after its last job nothing is left of what it used."""
    over = weppd.run("celltasks.say", "")
    assert not (weppd.home / f"{over['eid']}.tmp").exists()
    eventually(lambda: not blanks(weppd), "the cell has tidied up")
    assert not [p for p in weppd.home.iterdir() if p.suffix == ".tmp"]


def test_blanks_that_somebody_removed(weppd):
    """Who tidies up beside the cell does no harm: the next job has all that it needs."""
    weppd.run("celltasks.say", "")
    for name in blanks(weppd):
        path = weppd.home / name
        path.rmdir() if path.is_dir() else path.unlink()
    over = weppd.run("celltasks.list_tmp")
    assert pickle.loads(over["body"]) == (f"{over['eid']}.tmp", 0o700, [])
