"""Groundwater below a hillslope: a linear reservoir that percolation fills.

`S_t = S_(t−1) − B_(t−1) − D_(t−1) + percolation`, baseflow `B = b S`, deep seepage `D = a S`: the
reservoir of WEPPcloud's gwcoeff.txt (Srivastava et al. 2013). Depths in m over the hillslope.
"""

from __future__ import annotations

from typing import final


@final
class Aquifer:
    """What is `stored` (m), and the parts of it that leave in a day."""

    def __init__(self, stored: float, baseflow: float, seepage: float) -> None:
        self.stored = stored
        self.baseflow = baseflow
        self.seepage = seepage

    def step(self, percolation: float) -> tuple[float, float]:
        """Take in a day's percolation (m); its baseflow and deep seepage (m)."""
        held = self.stored + percolation
        flows, sinks = self.baseflow * held, self.seepage * held
        self.stored = held - flows - sinks
        return flows, sinks
