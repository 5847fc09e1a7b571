"""The door for tasks: registration, and the context outside a job."""

from __future__ import annotations

import pytest

from weppd import task as door
from weppd.errors import Refused, RunError
from weppd.task import LocalContext, current, task


@task(timeout=60, cpus="all", limits={"memory.max": "1G"})
def sample(value):
    """A task."""
    return value


@pytest.fixture(autouse=True)
def _registry(monkeypatch):
    monkeypatch.setattr(door, "REGISTRY", dict(door.REGISTRY))


def test_task_is_the_function_itself():
    """A decorated function is called as it was written and is known by its dotted name."""
    assert sample(3) == 3
    options = door.REGISTRY[f"{__name__}.sample"]
    assert (options["timeout"], options["cpus"], options["limits"]) == (
        60, "all", {"memory.max": "1G"},
    )  # fmt: skip
    assert getattr(sample, door.MARK) is options


@pytest.mark.parametrize(
    "options",
    [{"timeout": 0}, {"timeout": 1.5}, {"min_timeout": -1}, {"cpus": -1}, {"cpus": "some"},
     {"cpus": True}, {"zygote": ""}, {"jobs_per_child": 0}],
)  # fmt: skip
def test_bad_options_are_refused_by_name(options):
    """An option that cannot be used is refused when the module is imported, and named."""
    with pytest.raises(ValueError, match=next(iter(options))):
        task(**options)


def test_only_top_level_functions():
    """What a job could not name is refused: inner functions, lambdas, methods."""

    def inner():
        return None

    for function in (inner, lambda: None, LocalContext.log):
        with pytest.raises(ValueError, match="no top-level function"):
            task()(function)


def test_outside_a_job_lines_go_to_stderr(capsys):
    """Outside a job ctx.log writes to stderr, and the rest is silent."""
    ctx = current()
    ctx.log("began", item="h0007", level="warning", volatile=True)
    ctx.progress(1, 2)
    ctx.status("r:wepp", "text")
    ctx.on_cancel(lambda: None)
    with ctx.shield():
        assert not ctx.cancelled
    assert ctx.cpus >= 1
    assert ctx.tmp.is_dir()
    out, err = capsys.readouterr()
    assert (out, err) == ("", "warning ~ h0007 began\n")


def test_outside_a_job_enqueue_is_refused():
    """There is no weppd to take a child: refused by name rather than silently dropped."""
    with pytest.raises(Refused, match="sample was not enqueued"):
        current().enqueue(sample, 1)


def test_run_directory(tmp_path):
    """run_dir is the first place that exists; else RunError names what was tried."""
    (tmp_path / "my-run").mkdir()
    ctx = LocalContext({"run": {"roots": [str(tmp_path)]}}, runid="my-run")
    assert ctx.run_dir() == tmp_path / "my-run"
    with pytest.raises(RunError, match=r"tried .*/no/no-run"):
        ctx.run_dir("no-run")
    with pytest.raises(RunError, match=r"\.\."):
        ctx.run_dir("../etc")
    with pytest.raises(RunError, match="belongs to no run"):
        LocalContext().run_dir()
    with pytest.raises(RunError, match="roots is empty"):
        LocalContext().run_dir("my-run")


def test_using_a_context():
    """A task can be tried by hand with a context of one's own, which ends with the block."""
    ctx = LocalContext(runid="r", cpus=3)
    with door.using(ctx):
        assert current() is ctx
    assert current() is not ctx


def test_a_link_out_of_the_roots_is_no_run(tmp_path):
    """Who may make links in a root cannot send jobs elsewhere; between roots links are in order."""
    one, two = tmp_path / "one", tmp_path / "two"
    for place in (one / "here", two / "there", tmp_path / "etc"):
        place.mkdir(parents=True)
    (one / "away").symlink_to(tmp_path / "etc")
    (one / "moved").symlink_to(two / "there")
    (two / "deep").symlink_to(tmp_path)
    ctx = LocalContext({"run": {"roots": [str(one), str(two)]}})
    assert ctx.run_dir("here") == one / "here"
    assert ctx.run_dir("moved") == one / "moved"
    with pytest.raises(RunError, match="leads out of the roots"):
        ctx.run_dir("away")
    with pytest.raises(RunError, match="leads out of the roots"):
        ctx.run_dir("deep")


def test_a_mark_without_brackets_says_how_to_write_it():
    """It would be a task that is none, or fail with a word about arguments."""
    with pytest.raises(ValueError, match=r"write it with brackets, @task\(\)"):
        task(sample)
