"""Whether the cells' files are those of this node's last life."""

from __future__ import annotations

from pathlib import Path

import pytest

from weppd.shell.host import premises


@pytest.fixture
def dirs(tmp_path: Path) -> tuple[Path, Path]:
    """A runtime directory and a state directory of one node, noted once."""
    made = tmp_path / "run", tmp_path / "state"
    for path in made:
        path.mkdir()
    premises.Life(*made).note()
    return made


def test_a_restart_on_the_same_boot_is_no_reset(dirs):
    """Nor is a node's first start, of which nothing was noted yet."""
    assert premises.Life(*dirs).reset() == ""
    for path in dirs:
        (path / "life").unlink()
    assert premises.Life(*dirs).reset() == ""


def test_a_reboot_is_noticed_once(dirs, monkeypatch):
    """Until it is sorted, and noted, it is said; a new runtime directory makes no difference."""
    monkeypatch.setattr(premises, "boot_id", lambda: "another")
    assert premises.Life(*dirs).reset() == "the host was rebooted"
    (dirs[0] / "life").unlink()
    assert premises.Life(*dirs).reset() == "the host was rebooted"
    premises.Life(*dirs).note()
    assert premises.Life(*dirs).reset() == ""


def test_a_runtime_directory_that_was_emptied_is_noticed(dirs):
    """As in a new container: the cells' files are gone, the state is there."""
    (dirs[0] / "life").unlink()
    assert premises.Life(*dirs).reset() == "the runtime directory was emptied"


def test_a_note_that_finds_no_room_is_no_reset(dirs, monkeypatch):
    """A full disk costs the note, and the next start takes the files for what they are."""

    def full(path, text):
        open(path, "w").close()  # the system has truncated it before it says so
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(premises, "boot_id", lambda: "another")
    monkeypatch.setattr(Path, "write_text", full)
    premises.Life(*dirs).note()
    assert premises.Life(*dirs).reset() == "the host was rebooted"
