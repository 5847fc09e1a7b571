"""A run's DEVAL report, rendered by R in a container beside: cache, command, and what it said.

::

    <active root>/export/WEPPcloudR/deval_<runid>.htm                   the report
    <active root>/export/WEPPcloudR/render_deval_<job>.{stdout,stderr}  what R said, always

Variables, as the site's deployment sets them: WEPPCLOUDR_CONTAINER (`weppcloudr`) names the
container, WEPPCLOUDR_COMMAND_TIMEOUT (1800) its seconds. A signal to `docker exec` does not reach
the program in the container: on a cancel and after the time it is ended in there, by its job's id.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tasks.run.directory import to_change
from tasks.run.frame import framed
from weppd.task import current, task

TIMEOUT = 43_200
_CONTAINER, _PATIENCE_S = "weppcloudr", 1800
_QUOTED, _END_S = 400, 10.0
_EXPRESSION = (
    "suppressPackageStartupMessages(library(jsonlite)); p <- jsonlite::fromJSON('{payload}');"
    " source('/srv/weppcloudr/plumber.R');"
    " render_deval(p$run_path, p$runid, p$config, skip_cache = p$skip_cache)"
)


class WeppcloudRError(RuntimeError):
    """The report could not be rendered; carries the command and what it said."""

    def __init__(
        self, message: str, command: Sequence[str] = (), stdout: str = "", stderr: str = ""
    ) -> None:
        super().__init__(message)
        self.command, self.stdout, self.stderr = tuple(command), stdout, stderr


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed("weppcloudr")
def render_deval_details_rq(
    runid: str,
    config: str,
    active_root: str,
    *,
    skip_cache: bool = False,
    container_name: str | None = None,
    timeout: int | None = None,
) -> str:
    """Render the report of the run, or of the child of it in `active_root`; returns its path.

    A report that is there is left to R, which uses it again, but with `skip_cache`. `timeout` is
    in seconds. WeppcloudRError where docker is missing, R fails or takes longer; FileNotFoundError
    where R wrote no report; ReadOnlyRun; ValueError for a root outside of the run.
    """
    root = _root(runid, active_root)
    if shutil.which("docker") is None:
        raise WeppcloudRError("docker is not on the PATH: the report is rendered in a container")
    place = root / "export" / "WEPPcloudR"
    place.mkdir(parents=True, exist_ok=True)
    report = place / f"deval_{runid}.htm"
    if skip_cache:
        report.unlink(missing_ok=True)
    container = container_name or os.environ.get("WEPPCLOUDR_CONTAINER") or _CONTAINER
    patience = timeout or int(os.environ.get("WEPPCLOUDR_COMMAND_TIMEOUT") or _PATIENCE_S)
    asked = {"run_path": str(root), "runid": runid, "config": config, "skip_cache": skip_cache}
    _render(container, asked | {"job": current().job_id}, place, patience)
    if not report.is_file():
        raise FileNotFoundError(f"R ended well and wrote no {report}")
    return str(report)


def _root(runid: str, active_root: str) -> Path:
    run = to_change(runid)
    root = Path(active_root).resolve()
    if not root.is_relative_to(run.root.resolve()):
        raise ValueError(f"{active_root} is not in the run {run.root}")
    return root


def _render(container: str, asked: dict[str, object], place: Path, patience: int) -> None:
    """Run R in the container; its words go to files as it says them."""
    payload = json.dumps(asked).replace("\\", "\\\\").replace("'", "\\'")
    argv = ["docker", "exec", container, "Rscript", "-e", _EXPRESSION.format(payload=payload)]
    job = str(asked["job"])
    out, err = (place / f"render_deval_{job}.{name}" for name in ("stdout", "stderr"))
    with out.open("wb") as said, err.open("wb") as complained:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=complained)
        try:
            code = process.wait(patience)
            why = f"exit code {code}" if code else ""
        except subprocess.TimeoutExpired:
            why = f"it took longer than {patience} s"
        finally:
            if process.returncode is None:
                with current().shield():
                    _end(container, job, process)
    if why:
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
        last = " ".join((texts[1].strip() or texts[0].strip())[-_QUOTED:].split())
        command = " ".join(map(shlex.quote, argv[:4]))
        words = f"; last words: {last}" if last else "; it said nothing"
        raise WeppcloudRError(f"{command} failed: {why}{words}; log: {err}", argv, *texts)


def _end(container: str, job: str, process: subprocess.Popen[bytes]) -> None:
    """End what runs in the container, which has the job's id in its command, and its client."""
    pkill = ["docker", "exec", container, "pkill", "-KILL", "-f", job]
    try:
        subprocess.run(pkill, check=False, capture_output=True, timeout=_END_S)
    except subprocess.TimeoutExpired:
        current().log(f"{container} did not answer: R may run on", level="warning", volatile=True)
    process.kill()
    process.wait()
