"""weppd install-service and uninstall-service, below a directory of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from weppd import command, install
from weppd.settings import Run, Settings

UNITS = "etc/systemd/system"


def run(*words: str, root: Path) -> int:
    return command.main([words[0], "--root", str(root), *words[1:]])


def dropped_in(root: Path) -> list[str]:
    return (root / UNITS / "weppd.service.d/10-install.conf").read_text().splitlines()


def test_the_service_runs_as_who_the_operator_says(tmp_path: Path) -> None:
    """`--user www-data --group webgroup` is production's: files stay writable by the group."""
    assert run("install-service", "--user", "www-data", "--group", "webgroup", root=tmp_path) == 0
    lines = dropped_in(tmp_path)
    assert {"User=www-data", "Group=webgroup", "UMask=0002"} <= set(lines)
    assert "www-data webgroup" in (tmp_path / "etc/tmpfiles.d/weppd.conf").read_text()


def test_the_service_may_write_the_roots_of_runs_and_waits_for_their_mounts(tmp_path: Path) -> None:
    """`[run] roots` of the installed settings are the unit's, read anew at each installation."""
    config = tmp_path / install.CONFIG
    config.parent.mkdir(parents=True)
    told = '[run]\nroots = ["/data/my runs", "/x%y"]\nbatch_root = ""\n[data]\nextracts = "/e"\n'
    config.write_text(told)
    assert run("install-service", root=tmp_path) == 0
    lines = dropped_in(tmp_path)
    assert 'RequiresMountsFor="/data/my runs" /x%%y' in lines
    assert 'ReadWritePaths="-/data/my runs" -/x%%y -/e' in lines
    assert config.read_text().startswith("[run]"), "the operator's settings are kept"


def test_braces_in_a_root_are_kept(tmp_path: Path) -> None:
    """A root's name is written as it is, whatever it holds."""
    told = replace(Settings(), run=Run(roots=("/r{0}",), batch_root=""))
    found = install.files(install.Owner(), told)
    assert (
        "ReadWritePaths=-/r{0} -/wc1/land_and_soil_rq\n"
        in found[f"{UNITS}/weppd.service.d/10-install.conf"]
    )


def test_everything_that_was_put_there_goes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file is named when it is written and when it is removed; the settings stay."""
    assert run("install-service", root=tmp_path) == 0
    said = capsys.readouterr().err
    there = {path for path in tmp_path.rglob("*") if not path.is_dir() or path.is_symlink()}
    manifest = tmp_path / install.MANIFEST
    assert {str(path) for path in there - {manifest}} <= set(said.replace(":", "").split())
    assert run("uninstall-service", root=tmp_path) == 0
    left = [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()]
    assert left == [tmp_path / install.CONFIG]


def test_a_second_installation_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Installing again is safe: what is there already is not even written."""
    run("install-service", root=tmp_path)
    capsys.readouterr()
    assert run("install-service", root=tmp_path) == 0
    assert "wrote" not in capsys.readouterr().err


def test_an_update_keeps_the_user(tmp_path: Path) -> None:
    """Installed again without --user, the service runs as who it ran before."""
    run("install-service", "--user", "www-data", "--group", "webgroup", root=tmp_path)
    assert run("install-service", root=tmp_path) == 0
    assert {"User=www-data", "Group=webgroup"} <= set(dropped_in(tmp_path))


def test_a_unit_that_was_edited_is_never_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither an update nor a removal touches a file that somebody changed."""
    run("install-service", root=tmp_path)
    unit = tmp_path / UNITS / "weppd.service"
    unit.write_text("mine")
    assert run("install-service", "--user", "other", root=tmp_path) == 1
    assert "weppd.service" in capsys.readouterr().err
    assert "User=weppd" in dropped_in(tmp_path), "nothing was written"
    assert run("uninstall-service", root=tmp_path) == 0
    assert unit.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where a directory should be is an error with its path, and no traceback."""
    (tmp_path / "etc").write_text("")
    assert run("install-service", root=tmp_path) == 1
    assert f"{tmp_path}/etc" in capsys.readouterr().err


def test_what_was_never_installed_cannot_be_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """uninstall-service says that there is nothing of its own."""
    assert run("uninstall-service", root=tmp_path) == 1
    assert "nothing was installed" in capsys.readouterr().err
