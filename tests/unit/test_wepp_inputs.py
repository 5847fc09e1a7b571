from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.wepp import inputs
from tasks.wepp.files import climate, management, runfile, slope
from tasks.wepp.files.errors import FormatError
from tasks.wepp.files.forms import StormRun
from tasks.wepp.samples.hillslopes import write_sample


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A prepared hillslope of two years."""
    return write_sample(tmp_path, hillslopes=1, years=2)


def test_a_prepared_hillslope_comes_as_four_documents(runs: Path) -> None:
    """Slope, soil, management and climate are found by the names in the .run file."""
    found = inputs.read(runfile.production(1, 2), runs)
    assert len(found.slope.elements) == len(found.soil.elements) == found.management.elements == 1
    assert found.climate.years == 2


def test_more_years_than_the_management_describes_is_an_error(runs: Path) -> None:
    """The engines clamp the years with a word on stdout; here the file and both numbers."""
    with pytest.raises(FormatError, match=r"p1\.man: the management describes 2 years, 56 are"):
        inputs.read(runfile.production(1, 56), runs)


def test_more_years_than_the_climate_declares_is_an_error(runs: Path) -> None:
    """A management for longer does not help a climate that ends."""
    plan = management.read(runs / "p1.man")
    longer = replace(plan, schedule=plan.schedule * 3)
    (runs / "p1.man").write_text(management.dump(longer))
    with pytest.raises(FormatError, match=r"p1\.cli:5: 2 years are declared, 5 are"):
        inputs.read(runfile.production(1, 5), runs)


def test_files_of_different_hillslopes_do_not_pass_for_one(runs: Path) -> None:
    """The engines stop with exit code 0 where the numbers of elements differ."""
    profile = slope.read(runs / "p1.slp")
    (runs / "p1.slp").write_text(slope.dump(replace(profile, elements=profile.elements * 3)))
    with pytest.raises(
        FormatError, match=r"p1\.sol: 1 overland flow elements, the slope file has 3"
    ):
        inputs.read(runfile.production(1, 2), runs)


def test_a_storm_s_climate_is_no_series_of_days(runs: Path) -> None:
    """The .run file and the climate must be of one mode, either way."""
    storm = StormRun(man="p1.man", slp="p1.slp", cli="p1.cli", sol="p1.sol", loss="x")
    with pytest.raises(FormatError, match=r"a series of days, the \.run file wants a single"):
        inputs.read(storm, runs)
    weather = replace(climate.read(runs / "p1.cli"), mode=climate.SINGLE_STORM)
    (runs / "p1.cli").write_text(climate.dump(weather))
    with pytest.raises(FormatError, match=r"is a single storm, the \.run file wants"):
        inputs.read(runfile.production(1, 2), runs)


def test_a_file_that_is_missing_is_named(runs: Path) -> None:
    """A missing input is an OSError with its name, not a format error."""
    (runs / "p1.sol").unlink()
    with pytest.raises(FileNotFoundError, match=r"p1\.sol"):
        inputs.read(runfile.production(1, 2), runs)
