"""Executables are found by the names that production gives them, and by no other way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.wepp.binary import UnknownBinary, available, choose
from tasks.wepp.samples.hillslopes import write_sample
from tests.unit import fake_wepp
from tests.waiting import eventually


@pytest.fixture
def wepp(tmp_path: Path) -> dict[str, object]:
    """Settings with two builds, one of them with a build for hillslopes."""
    for name in ("wepp_250915", "wepp_250915_hill", "wepp_240101", "notes_hill"):
        fake_wepp.install(tmp_path, name)
    (tmp_path / "README").touch()
    return {"bin_dir": str(tmp_path), "default_bin": "wepp_240101", "binaries": {}}


@pytest.mark.parametrize(
    ("asked", "network", "found"),
    [
        ("wepp_250915", False, "wepp_250915_hill"),
        ("wepp_250915", True, "wepp_250915"),
        ("wepp_240101", False, "wepp_240101"),
        ("latest", False, "wepp_250915_hill"),
        ("latest", True, "wepp_250915"),
        (None, False, "wepp_240101"),
    ],
)
def test_names_of_production_find_their_executable(wepp, asked, network, found):
    """A build for hillslopes is preferred for hillslopes; latest is the newest date."""
    engine = choose(wepp, asked, network=network)
    assert engine.name == found
    assert engine.path == Path(str(wepp["bin_dir"])) / found


@pytest.mark.parametrize(
    "name", ["../wepp_250915", "/bin/sh", "", ".", "a b", "wepp;reboot", 7, b"wepp"]
)
def test_a_name_that_could_leave_the_directory_is_refused(wepp, name):
    """No job starts a program outside of [wepp] bin_dir."""
    with pytest.raises(UnknownBinary):
        choose(wepp | {"default_bin": ""}, name)


def test_an_unknown_name_is_told_with_those_that_are_there(wepp):
    """Whoever mistyped a build sees the right names in the job's one line of error."""
    with pytest.raises(UnknownBinary, match=r"'wepp_999999' is not in .*wepp_240101, wepp_250915,"):
        choose(wepp, "wepp_999999")


def test_a_missing_executable_is_never_replaced_by_hillsim(tmp_path: Path):
    """Without a default and without a name there is an error; hillsim must be named."""
    with pytest.raises(UnknownBinary, match="default_bin is not set"):
        choose({"bin_dir": str(tmp_path), "default_bin": ""}, None)
    with pytest.raises(UnknownBinary, match="'wepp_250915' is not in"):
        choose({"bin_dir": str(tmp_path), "default_bin": "wepp_250915"}, None)
    assert choose({"default_bin": "hillsim"}, None).path is None
    assert choose({}, "hillsim").name == "hillsim"


def test_a_build_for_hillslopes_has_the_contract_of_its_build(wepp):
    """A table for wepp_250915 counts for wepp_250915_hill too, unless it has one of its own."""
    table = {"answers": "weppcloud", "name_chars": 255, "hillslope_marker": "ALL DONE"}
    engine = choose(wepp | {"binaries": {"wepp_250915": table}}, "wepp_250915")
    assert engine.contract.name_chars == 255
    assert engine.contract.hillslope_marker == "ALL DONE"


def test_a_contract_that_does_not_exist_is_the_settings_fault_by_name(wepp):
    """A slip in [wepp.binaries.<name>] names the executable and the orders that are known."""
    table = {"wepp_240101": {"answers": "dep"}}
    with pytest.raises(UnknownBinary, match=r"of wepp_240101: answers = 'dep': .* weppcloud"):
        choose(wepp | {"binaries": table}, None)


def test_files_that_cannot_be_executed_are_no_executables(tmp_path: Path):
    """A README beside the builds is not offered, and a missing directory offers nothing."""
    fake_wepp.install(tmp_path, "wepp_1")
    (tmp_path / "README").touch()
    assert available(tmp_path) == ["wepp_1"]
    assert available(tmp_path / "missing") == []


def test_a_file_that_is_no_program_is_named_when_it_does_not_start(tmp_path: Path):
    """A build for another machine fails the job with its name and path."""
    run = fake_wepp.prepare_run(tmp_path / "runs") / "wepp" / "runs"
    (tmp_path / "wepp_1").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "wepp_1").chmod(0o755)
    engine = choose({"bin_dir": str(tmp_path)}, "wepp_1")
    with pytest.raises(UnknownBinary, match=r"'wepp_1' at .* does not start: Exec format"):
        engine.start(run / "p7.run", run / "p7.err")


def test_the_years_that_hillsim_has_begun_can_be_followed(tmp_path: Path):
    """Its log has them while it runs, not only at the end: the tree shows how far a network is."""
    runs = write_sample(tmp_path, hillslopes=1, years=100)
    process = choose({}, "hillsim").start(runs / "p1.run", runs / "p1.err")
    try:
        eventually(lambda: "SIMULATION YEAR =     2" in (runs / "p1.err").read_text(), within=60)
        assert "COMPLETED" not in (runs / "p1.err").read_text()
    finally:
        process.kill()
        process.wait()
