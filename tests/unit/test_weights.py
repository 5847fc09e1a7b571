"""Weights as the scheduler's steps, and the kernel's own limits as it wants them written."""

from __future__ import annotations

import os

from weppd.cell.quota import controllers, weights


def test_a_weight_is_the_nearest_nice():
    """100 is everybody's; a quarter of the weight is six steps of a factor of 1.25."""
    nices = {weight: weights.nice_of(weight) for weight in (100, 80, 25, 1, 10_000)}
    assert nices == {100: 0, 80: 1, 25: 6, 1: 19, 10_000: -20}


def test_an_io_weight_is_a_level():
    """100 is level 4, as everybody has it; more is nearer to 0, less to 7."""
    levels = {weight: weights.io_level_of(weight) for weight in (1, 50, 100, 200, 10_000)}
    assert levels == {1: 7, 50: 5, 100: 4, 200: 3, 10_000: 0}


def test_limits_are_written_for_the_controllers_that_are_there(tmp_path):
    """The kernel gets what its group has files for; the rest stays with weppd."""
    for name in ("cpu.max", "memory.max", "memory.swap.max", "pids.max", "io.weight"):
        (tmp_path / name).write_text("")
    limits = {"cpu.max": 0.25, "memory.max": 1 << 30, "cpu.weight": 50, "io.weight": 20}
    assert controllers.write(str(tmp_path), limits) == {"cpu.max", "memory.max", "io.weight"}
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {
        "cpu.max": "25000 100000", "memory.max": "1073741824", "memory.swap.max": "0",
        "pids.max": "max", "io.weight": "default 20",
    }  # fmt: skip


def test_the_next_job_has_none_of_them(tmp_path):
    """A group serves one job after the other: what the next does not limit is unlimited."""
    for name in ("cpu.max", "memory.max"):
        (tmp_path / name).write_text("")
    controllers.write(str(tmp_path), {"cpu.max": 0.25, "memory.max": 1 << 30})
    for name in ("cpu.max", "memory.max"):
        (tmp_path / name).write_text("")  # plain files keep the tail of a longer text
    assert controllers.write(str(tmp_path), {}) == set()
    assert (tmp_path / "cpu.max").read_text() == "max 100000"
    assert (tmp_path / "memory.max").read_text() == "max"


def test_a_controller_that_comes_back_is_written_to_anew(tmp_path):
    """weppd's unit takes controllers away at a stop; with the next weppd their files are new."""
    for name in ("cpu.max", "pids.max"):
        (tmp_path / name).write_text("")
    limits = {"cpu.max": 0.5, "pids.max": 9}
    assert controllers.write(str(tmp_path), limits) == {"cpu.max", "pids.max"}
    assert not controllers.changed(str(tmp_path))
    (tmp_path / "cpu.max").rename(tmp_path.parent / "gone")
    assert controllers.changed(str(tmp_path))
    assert controllers.write(str(tmp_path), limits) == {"pids.max"}
    (tmp_path / "cpu.max").write_text("max 100000")
    assert controllers.changed(str(tmp_path))
    assert controllers.write(str(tmp_path), limits) == {"cpu.max", "pids.max"}
    assert (tmp_path / "cpu.max").read_text() == "50000 100000"


def test_a_group_without_controllers_holds_nothing(tmp_path):
    """A bare delegated group: weppd holds all limits itself."""
    assert controllers.write(str(tmp_path), {"cpu.max": 0.25}) == set()
    assert controllers.memory_kills(str(tmp_path)) == 0


def test_the_kernel_s_kills_are_counted(tmp_path):
    """memory.events says how often the kernel had to end somebody."""
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n")
    assert controllers.memory_kills(str(tmp_path)) == 2


def test_a_weight_that_may_not_be_given_is_said(monkeypatch, capfd):
    """Without the right to raise priorities the job has everybody's weight, and says so."""

    def refuse(which, pid, nice):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "setpriority", refuse)
    weights.take({"cpu.weight": 300})
    assert "cpu.weight 300: weppd may not raise priorities here" in capfd.readouterr().err
