"""Executables for a whole pipeline: hillslopes by the embedded engine, a network by a stand-in.

The stand-in knows no physics: it writes each output that it is asked for, and the two that it is
not, as a text that depends on its pass files.
"""

from __future__ import annotations

import sys
from pathlib import Path

NAME = "wepp_260101"
_HILLSLOPE = """#!{python}
import sys
from tasks.hillsim.__main__ import main
sys.exit(main())
"""
_NETWORK = """#!{python} -SE
import hashlib, sys
answers = [line.rstrip() for line in sys.stdin]
sums = hashlib.sha256()
wanted = []
for line in answers:
    if line.endswith(".pass.dat"):
        sums.update(open(line, "rb").read())
    elif line.startswith("../output/"):
        wanted.append(line)
print(" WEPP COMPLETED HILLSLOPE/WATERSHED SIMULATION SUCCESSFULLY")
for name in (*wanted, "chan.out", "chanwb.out"):
    with open(name, "w") as out:
        out.write(name + " " + sums.hexdigest() + "\\n")
print(" WEPP COMPLETED WATERSHED SIMULATION SUCCESSFULLY")
"""


def install(bin_dir: Path, name: str = NAME) -> str:
    """Put both into `bin_dir`; the name by which jobs ask for them."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    for path, text in ((f"{name}_hill", _HILLSLOPE), (name, _NETWORK)):
        (bin_dir / path).write_text(text.format(python=sys.executable))
        (bin_dir / path).chmod(0o755)
    return name
