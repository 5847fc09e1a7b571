"""Covers that grow back from a fire by a table of recovery, of WEPPcloud's documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp import rap
from tasks.wepp.prep import stages
from tests.unit.site_documents import BELOW, BESIDE, an_object, change, write_site
from tests.unit.test_wepp_site_choices import first_year, see

RECOVERY = "High,High,Low\nTree,Shrub,Tree\n0.25,0.5,0.75\n0.5,1.0,0.8\n"


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    return tmp_path / "runs" / "my-run"


def burn(wd: Path, dialect: str, year: int, table: str = RECOVERY) -> None:
    """A fire in a year of the run, all of whose land burnt severely but for hillslope 22."""
    told = {"_sol_ver": 9005.0, "_fire_date": f"8/21/{year}"}
    (wd / "disturbed.nodb").write_text(json.dumps(an_object(dialect, "Disturbed", told)))
    chosen = an_object(dialect, "Revegetation", {"_cover_transform_fn": "my_recovery.csv"})
    (wd / "revegetation.nodb").write_text(json.dumps(chosen))
    (wd / "revegetation").mkdir()
    (wd / "revegetation/my_recovery.csv").write_text(table)
    document = json.loads((wd / "landuse.nodb").read_text())
    document = document.get("py/state", document)
    severe = an_object(dialect, "ManagementSummary", {"desc": "Forest High Severity Fire"})
    severe["man_fn" if dialect == BESIDE else "key"] = "grass.man"
    own = document["domlc_d"]["22"]
    change(
        wd,
        "landuse",
        managements=document["managements"] | {"105": severe},
        domlc_d={top: own if top == "22" else "105" for top in document["domlc_d"]},
    )


def rows(wd: Path, number: int) -> list[list[float]]:
    """The bands of a hillslope, a value for each year."""
    _, *lines = (RunDirectory(wd).runs / f"p{number}.cov").read_text().splitlines()
    return [[float(word) for word in line.split()] for line in lines]


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_bands_have_shares_of_what_grew_in_the_year_of_the_fire(wd, dialect):
    """By severity and band; years before it, and what the table does not name, as they are."""
    write_site(wd, dialect, years=4)
    first = first_year(wd)
    see(wd, first, first + 3, trees=40.0)
    burn(wd, dialect, first + 1)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.ANSWERS)
    trees, shrubs, perennials, *_ = rows(wd, 2)
    assert trees == [40.0, 10.0, 20.0, 20.0]
    assert shrubs == [20.0, 10.0, 20.0, 20.0]
    assert perennials == [12.5] * 4
    assert rows(wd, 1)[0] == [99.0] * 4  # not burnt
    assert (run.runs / "simfire.txt").exists()


def test_each_element_grows_back_as_it_burnt(wd):
    """Of hillslopes of several elements the severity is that of each element's own management."""
    write_site(wd, BESIDE)
    year = first_year(wd)
    see(wd, year, year)
    burn(wd, BESIDE, year)
    change(wd, "landuse", domlc_mofe_d={"23": {"2": "105", "1": "40"}})
    path = wd / "rap/rap_ts.parquet"
    told = rap.read(path)
    _rewrite(path, {(b, y, t, e): v for (b, y, t, _), v in told.items() for e in (1, 2)})
    stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)
    assert [row[0] for row in rows(wd, 2)[::6]] == [30.0, 7.5]


def _rewrite(path: Path, covers: dict[tuple[int, int, int, int], float]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    names = ("band", "year", "topaz_id", "mofe_id")
    rows = [dict(zip(names, key, strict=True)) | {"value": v} for key, v in covers.items()]
    parquet.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("High,High\nTree\n0.2,0.3\n", "my_recovery.csv is no table of recovery"),
        ("High\nTree\nhalf\n", "no table of recovery: could not convert string to float: 'half'"),
        ("High\nTree\n", "no table of recovery: it has no year"),
    ],
)
def test_what_is_no_table_of_recovery_is_refused_by_name(wd, table, says):
    """One line that names the file."""
    write_site(wd, BESIDE)
    year = first_year(wd)
    see(wd, year, year)
    burn(wd, BESIDE, year, table)
    with pytest.raises(BrokenDocument, match=says):
        stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)


def test_a_fire_outside_of_the_years_and_a_missing_table_are_refused(wd):
    """Nothing grows back from a year that no satellite saw."""
    write_site(wd, BESIDE)
    year = first_year(wd)
    see(wd, year, year)
    burn(wd, BESIDE, year + 7)
    with pytest.raises(BrokenDocument, match="has not the year of the fire"):
        stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)
    (wd / "revegetation/my_recovery.csv").unlink()
    with pytest.raises(NotPrepared, match=r"recovery of the covers: .*my_recovery\.csv"):
        stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)
