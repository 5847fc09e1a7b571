"""Jobs that write text files start without the libraries of those that make tables."""

from __future__ import annotations

import subprocess
import sys

LIGHT = ("tasks.wepp_rq", "tasks.wepp.dispatch", "tasks.wepp.prep.stages", "tasks.wepp.wanted")


def test_who_launches_and_prepares_a_run_needs_none_of_the_large_libraries() -> None:
    """Ten of a run's fifteen jobs: each would spend a tenth of a second and 40 MB on them."""
    large = {"numpy", "pyarrow", "rasterio"}
    code = f"import sys, {', '.join(LIGHT)}; print({large} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
