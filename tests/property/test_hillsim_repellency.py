"""Laws of topsoils that repel water while they are dry."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hillsim import profiles
from tasks.hillsim.cover import surface
from tasks.hillsim.soil import MM_PER_HOUR, Repellency
from tests.unit.hillsim_slopes import soil_input

KE = 40.0 * MM_PER_HOUR
TOP = profiles.profile(soil_input([(400, 45, 20, 5, 20, 10)], version=2006.2, ke=40.0), 1100.0).top

laws = st.one_of(
    st.builds(Repellency, st.floats(1.0, 1e4), st.floats(1e-6, 1e3)),
    st.builds(lambda lowest: Repellency(lowest=lowest), st.floats(0.0, KE)),
)


@settings(max_examples=300, deadline=None)
@given(laws, st.floats(-0.1, 1.2), st.floats(0.0, 1.0))
def test_a_wetter_topsoil_conducts_no_less_and_none_more_than_its_own(
    law: Repellency, wet: float, more: float
) -> None:
    """Between what it conducts dry and what it conducts unrepelled, whatever factor and rate."""
    drier, wetter = (surface.repelled(KE, law, w, TOP) for w in (wet, wet + more))
    assert drier <= wetter * (1.0 + 1e-12)
    dry = KE / law.factor if law.factor else law.lowest
    assert dry * (1.0 - 1e-12) <= drier
    assert wetter <= KE * (1.0 + 1e-12)
