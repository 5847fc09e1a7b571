"""The DEVAL report by a docker that is a script: what it is asked, what it leaves, how it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tasks import weppcloudr_rq
from tasks.weppcloudr_rq import WeppcloudRError
from tests.unit.recording import RecordingContext
from weppd.task import using

DOCKER = """#!{python} -SE
import json, re, sys, time, os
argv = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(json.dumps(argv) + "\\n")
if argv[2] == "pkill":
    sys.exit(0)
told = re.search(r"fromJSON\\('(.*?)'\\);", argv[4])[1]
asked = json.loads(told.encode().decode("unicode_escape"))
print("rendering", asked["runid"])
sys.stderr.write("a warning\\n")
if asked["config"] == "slow":
    time.sleep(600)
if asked["config"] == "bad":
    sys.exit(3)
if asked["config"] != "lazy":
    path = asked["run_path"] + "/export/WEPPcloudR/deval_" + asked["runid"] + ".htm"
    open(path, "a").write("report\\n")
"""


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    docker = folder / "docker"
    docker.write_text(DOCKER.format(python=sys.executable, calls=str(tmp_path / "calls")))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("WEPPCLOUDR_CONTAINER", raising=False)
    (tmp_path / "runs" / "it's-run").mkdir(parents=True)
    (tmp_path / "runs" / "my-run").mkdir()
    with using(RecordingContext(tmp_path / "runs")) as context:
        yield context


def calls(tmp_path: Path) -> list[str]:
    """What docker was asked, a line each."""
    return (tmp_path / "calls").read_text().splitlines()


def test_a_report_is_rendered_in_the_container(ctx, tmp_path: Path, monkeypatch):
    """By the site's container; what R said lies beside the report, the page hears of the end."""
    wd = tmp_path / "runs" / "my-run"
    path = weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(wd))
    place = wd / "export" / "WEPPcloudR"
    assert Path(path) == place / "deval_my-run.htm"
    assert (place / "render_deval_j1.stdout").read_text() == "rendering my-run\n"
    assert (place / "render_deval_j1.stderr").read_text() == "a warning\n"
    assert ctx.words() == ["STARTED", "COMPLETED"]
    assert ctx.messages[0][0] == "my-run:weppcloudr"
    monkeypatch.setenv("WEPPCLOUDR_CONTAINER", "r2")
    weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(wd))
    assert Path(path).read_text() == "report\n" * 2  # whether it is used again, R decides
    weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(wd), skip_cache=True)
    assert Path(path).read_text() == "report\n"
    assert [line.split('", "')[1] for line in calls(tmp_path)] == ["weppcloudr", "r2", "r2"]


@pytest.mark.parametrize(
    ("config", "error", "says"),
    [
        ("bad", WeppcloudRError, r"failed: exit code 3; last words: a warning; log: .*j1\.stderr"),
        ("slow", WeppcloudRError, "it took longer than 1 s"),
        ("lazy", FileNotFoundError, "wrote no .*deval_my-run.htm"),
    ],
)
def test_a_report_that_fails_is_one_clear_line(ctx, tmp_path: Path, config, error, says):
    """What R said is kept in either case; after its time it is ended in the container as well."""
    wd = tmp_path / "runs" / "my-run"
    timeout = 1 if config == "slow" else 60
    with pytest.raises(error, match=says) as failed:
        weppcloudr_rq.render_deval_details_rq("my-run", config, str(wd), timeout=timeout)
    assert "\n" not in str(failed.value)
    said = (wd / "export/WEPPcloudR/render_deval_j1.stderr").read_text()
    # What is slow may have been ended before it said a word.
    assert said == "a warning\n" or config == "slow"
    killed = [line for line in calls(tmp_path) if "pkill" in line]
    assert [line.endswith('"-f", "j1"]') for line in killed] == ([True] if config == "slow" else [])


def test_a_report_is_of_the_run_alone(ctx, tmp_path: Path, monkeypatch):
    """A child's directory is of the run, another's is not; a quote in a name is no R."""
    other = tmp_path / "runs" / "it's-run"
    with pytest.raises(ValueError, match="is not in the run"):
        weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(other))
    child = tmp_path / "runs/my-run/_pups/omni/scenarios/it's"
    child.mkdir(parents=True)
    path = weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(child))
    assert Path(path).is_relative_to(child)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WeppcloudRError, match="docker is not on the PATH"):
        weppcloudr_rq.render_deval_details_rq("my-run", "cfg", str(child))
