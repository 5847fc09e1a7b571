"""A stand-in executable that answers a stock hillslope `.run`, well or in one of the bad ways.

It is a script that knows no physics. What it does is the first word of the management file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.unit.test_complete import ENRICHMENT, pass_text

INPUTS = ("man", "slp", "cli", "sol")
RUN = """m
Yes
1
1
Yes
../output/H{id}.pass.dat
1
No
../output/H{id}.loss.dat
No
No
No
No
No
Yes
../output/H{id}.ebe.dat
No
No
No
No
p{id}.man
p{id}.slp
p{id}.cli
p{id}.sol
0
2
0
"""
LOSS = "I.  RAINFALL AND RUNOFF SUMMARY\n" + ENRICHMENT
SCRIPT = """#!{python} -SE
import sys, time, os, signal
answers = sys.stdin.read().split("\\n")
man, passes, loss, ebe = answers[20], answers[5], answers[8], answers[15]
how = open(man).read().split()[0]
def out(path, text):
    with open(path, "w") as stream:
        stream.write(text)
print(" reading " + man)
for path in (passes, loss, ebe):
    out(path, "")
if how == "exit2":
    sys.stderr.write("Fortran runtime error: End of file\\n")
    sys.exit(2)
if how == "error0":
    print("***ERROR*** p.sol File does not exist")
    sys.exit(0)
if how == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if how == "hang":
    out("pid." + str(os.getpid()), "")
    time.sleep(600)
out(ebe, "header\\n")
out(loss, "" if how == "full" else {loss!r})
out(passes, {cut!r} if how == "cut" else {whole!r})
if how == "early":
    print(" WEPP COMPLETED HILLSLOPE")
else:
    print("\\n WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY")
"""


def install(bin_dir: Path, name: str = "wepp_250915", loss: str = LOSS) -> Path:
    """Put the stand-in into `bin_dir` under `name`; `loss` is the report that it writes."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    path = bin_dir / name
    texts = {"loss": loss, "whole": pass_text(2), "cut": pass_text(2, days=40)}
    path.write_text(SCRIPT.format(python=sys.executable, **texts))
    path.chmod(0o755)
    return path


WATERSHED = """M
Yes
1
2
../output/pass_pw0.txt
1
M
Y
../output/H7.pass.dat

No
No
1
../output/loss_pw0.txt
No
No
No
No
No
Yes
../output/ebe_pw0.txt
No
No
No
pw0.str
pw0.chn
pw0.man
pw0.slp
pw0.cli
pw0.sol
0
2
"""
NETWORK = """#!/bin/sh
cat > answers
echo " WEPP COMPLETED HILLSLOPE/WATERSHED SIMULATION SUCCESSFULLY"
for out in pass_pw0 loss_pw0 ebe_pw0; do echo text > ../output/$out.txt; done
test -e stop || echo " WEPP COMPLETED WATERSHED SIMULATION SUCCESSFULLY"
"""


def install_network(bin_dir: Path, name: str = "wepp_250915") -> None:
    """A stand-in that runs the channels, and stops half-way where a file `stop` lies beside."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    (bin_dir / name).write_text(NETWORK)
    (bin_dir / name).chmod(0o755)


def add_network(run: Path) -> None:
    """Give a run whose hillslope 7 has been run its channel network."""
    runs = run / "wepp" / "runs"
    (runs / "pw0.run").write_text(WATERSHED)
    for kind in (*INPUTS, "str", "chn"):
        (runs / f"pw0.{kind}").write_text("channels\n")


def prepare_run(root: Path, runid: str = "my-run", how: dict[int, str] | None = None) -> Path:
    """A run directory whose hillslopes make the stand-in behave as `how` says, by id."""
    run = root / runid
    runs = run / "wepp" / "runs"
    runs.mkdir(parents=True)
    for wepp_id, behaviour in (how or {7: "ok"}).items():
        (runs / f"p{wepp_id}.run").write_text(RUN.format(id=wepp_id))
        for kind in INPUTS:
            (runs / f"p{wepp_id}.{kind}").write_text(f"{behaviour}\n")
    return run
