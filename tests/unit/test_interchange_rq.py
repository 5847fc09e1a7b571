"""The tasks that make tables: what pages see, what is made once, what is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import interchange, interchange_rq
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import ReadOnlyRun
from tasks.wepp.files.errors import FormatError
from tests.unit import interchange_network as net
from tests.unit import interchange_texts as texts
from tests.unit.recording import RecordingContext
from tests.unit.test_interchange_totals import handed, storm, water
from weppd.task import REGISTRY, using

HILLS = {
    "H1.wat.dat": texts.wat(water(1, 1), water(1, 2)),
    "H1.pass.dat": handed(1000.0, storm(1, 2.0, (1.0, 0.0, 0.0, 0.0, 2.0))),
}


@pytest.fixture
def ctx(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RecordingContext]:
    """A job's context; who looks again whether a report still grows does so soon."""
    monkeypatch.setattr(interchange_rq, "_LOOK_AGAIN_S", 0.01)
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context  # type: ignore[misc]


def a_run(tmp_path: Path, **reports: str) -> RunDirectory:
    """A run called my-run, whose hillslope and network have been simulated."""
    root = tmp_path / "runs" / "my-run"
    run = texts.run_of(root, {**HILLS, **net.reports(), **reports}, leap=(1,))
    (run.runs / "pw0.str").write_text(net.STRUCTURE)
    return run


def tables(run: RunDirectory) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(run.interchange.iterdir())}


def test_the_stages_make_tables_pictures_and_readme(ctx: RecordingContext, tmp_path: Path) -> None:
    """In whatever order they end: tables of both kinds, two pictures, one README of all."""
    run = a_run(tmp_path)
    assert interchange_rq._build_hillslope_interchange_rq("my-run")[0] is True
    assert interchange_rq._post_watershed_interchange_rq("my-run")[0] is True
    assert interchange_rq._build_totalwatsed3_rq("my-run")[0] is True
    made = tables(run)
    assert made["hydrograph.png"].startswith(b"\x89PNG")
    assert made["sediment_by_hillslope.png"].startswith(b"\x89PNG")
    readme = made["README.md"].decode()
    named = {line[5:-1] for line in readme.splitlines() if line.startswith("### `")}
    assert named == {name for name in made if name.endswith(".parquet")}
    assert len(named) == 6 + 1 + 15
    words = [word for word in ctx.words() if word != "STATUS"]
    assert words == ["STARTED", "COMPLETED"] * 3
    assert all(channel == "my-run:wepp" for channel, _ in ctx.messages)
    assert [step[:2] for step in ctx.steps if step[2] == "done"] == [(2, 2), (7, 7), (3, 3)]


def test_what_was_made_of_the_same_reports_is_not_made_again(
    ctx: RecordingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that is run again reads nothing, unless a report changed or a table went."""
    run = a_run(tmp_path)
    interchange_rq._build_hillslope_interchange_rq("my-run")
    before = tables(run)
    real, calls = interchange.hillslopes, []
    monkeypatch.setattr(interchange, "hillslopes", lambda *a, **k: [calls.append(1), real(*a, **k)])
    interchange_rq._build_hillslope_interchange_rq("my-run")
    assert (calls, tables(run)) == ([], before)
    (run.interchange / "H.ebe.parquet").unlink()
    interchange_rq._build_hillslope_interchange_rq("my-run")
    assert (len(calls), tables(run)) == (1, before)
    (run.output / "H1.wat.dat").write_text(texts.wat(water(1, 1, P=50.0), water(1, 2)))
    interchange_rq._build_hillslope_interchange_rq("my-run")
    rain = parquet.read_table(run.interchange / "H.wat.parquet")["P"].to_pylist()
    assert (len(calls), rain) == (2, [50.0, 10.0])


def test_tables_outlive_their_reports(ctx: RecordingContext, tmp_path: Path) -> None:
    """When the raw files were cleaned up, a run that begins again keeps its tables."""
    run = a_run(tmp_path)
    interchange_rq._build_hillslope_interchange_rq("my-run")
    before = tables(run)
    for path in run.output.glob("H*.dat"):
        path.unlink()
    assert interchange_rq._build_hillslope_interchange_rq("my-run")[0] is True
    assert tables(run) == before
    (run.interchange / "H.pass.parquet").unlink()
    with pytest.raises(NotPrepared, match="holds no report of a hillslope"):
        interchange_rq._build_hillslope_interchange_rq("my-run")


def test_a_corrupt_report_fails_the_stage_and_the_repair_finishes_it(
    ctx: RecordingContext, tmp_path: Path
) -> None:
    """One message with file and line to the panel; the ledger does not say done."""
    run = a_run(
        tmp_path, **{"H1.pass.dat": HILLS["H1.pass.dat"].replace("0.60000E+02", "    x", 1)}
    )
    with pytest.raises(FormatError, match=r"H1\.pass\.dat:5"):
        interchange_rq._build_hillslope_interchange_rq("my-run")
    assert ctx.words()[-2:] == ["EXCEPTION", "EXCEPTION_JSON"]
    assert "H1.pass.dat:5" in ctx.messages[-1][1]
    ledger = (run.root / "wepp" / "steps.jsonl").read_text().splitlines()
    states = [json.loads(line)["state"] for line in ledger]
    assert states == ["begun"]
    (run.output / "H1.pass.dat").write_text(HILLS["H1.pass.dat"])
    assert interchange_rq._build_hillslope_interchange_rq("my-run")[0] is True


def test_reports_of_the_network_are_waited_for_and_then_named(
    ctx: RecordingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that answers late has a minute; then the message says what is missing."""
    run = a_run(tmp_path)
    (run.output / "chan.out").rename(run.output / "late")
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            (run.output / "late").rename(run.output / "chan.out")

    monkeypatch.setattr(interchange_rq.time, "sleep", sleep)
    with pytest.raises(NotPrepared, match=r"chan\.out: missing"):
        interchange_rq._post_watershed_interchange_rq("my-run")
    assert looks == []  # a disk of one's own tells at once
    monkeypatch.setattr(interchange_rq.lateness, "on_network", lambda path: True)
    interchange_rq._post_watershed_interchange_rq("my-run")
    assert len(looks) >= 3
    (run.output / "chan.out").unlink()
    monkeypatch.setattr(interchange_rq, "_PATIENCE_S", 0.0)
    with pytest.raises(NotPrepared, match=r"chan\.out: missing"):
        interchange_rq._post_watershed_interchange_rq("my-run")


def test_reports_of_hillslopes_are_waited_for(
    ctx: RecordingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host wrote the last of them, and the directory is not told of it yet."""
    run = a_run(tmp_path, **{"H2.pass.dat": HILLS["H1.pass.dat"]})
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        (run.output / "H2.wat.dat").write_text(HILLS["H1.wat.dat"])

    monkeypatch.setattr(interchange_rq.time, "sleep", sleep)
    monkeypatch.setattr(interchange_rq.lateness, "on_network", lambda path: True)
    interchange_rq._build_hillslope_interchange_rq("my-run")
    assert looks
    ids = parquet.read_table(run.interchange / "H.wat.parquet")["wepp_id"].to_pylist()
    assert ids == [1, 1, 2, 2]


def test_a_file_that_still_grows_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host's is: its size must stand still, or nobody have written for a while."""
    path = tmp_path / "chan.out"
    path.write_text("a")
    with monkeypatch.context() as here:
        here.setattr(interchange_rq.time, "sleep", lambda _: pytest.fail("it is a local disk"))
        assert interchange_rq.settle(lambda: ([path], []), tmp_path) == [path]
    monkeypatch.setattr(interchange_rq.lateness, "on_network", lambda path: True)
    grown = iter("bcd")

    def sleep(seconds: float) -> None:
        if (more := next(grown, None)) is not None:
            path.write_text(path.read_text() + more)

    monkeypatch.setattr(interchange_rq.time, "sleep", sleep)
    assert interchange_rq.settle(lambda: ([path], []), tmp_path) == [path]
    assert path.read_text() == "abcd"
    os.utime(path, (1e9, 1e9))
    monkeypatch.setattr(interchange_rq.time, "sleep", lambda _: pytest.fail("it was whole"))
    interchange_rq.settle(lambda: ([path], []), tmp_path)


def test_an_older_run_is_migrated_as_a_whole(ctx: RecordingContext, tmp_path: Path) -> None:
    """All tables at once, told on the panel of commands; the steps of the run are not touched."""
    run = a_run(tmp_path)
    assert interchange_rq.run_interchange_migration("my-run") is True
    made = tables(run)
    assert {"H.wat.parquet", "loss_pw0.out.parquet", "totalwatsed3.parquet"} <= set(made)
    assert {"README.md", "hydrograph.png", "sediment_by_hillslope.png"} <= set(made)
    assert {channel for channel, _ in ctx.messages} == {"my-run:command"}
    assert ctx.words()[0] == "STARTED"
    assert ctx.words()[-1] == "COMPLETED"
    of_hills, _ = interchange.hillslope_reports(run)
    of_network, _ = interchange.watershed_reports(run)
    assert ctx.steps[-1][:2] == (len(of_hills) + len(of_network),) * 2
    assert interchange_rq.run_interchange_migration("my-run") is True
    assert tables(run) == made


def test_a_migration_without_its_reports_is_skipped(ctx: RecordingContext, tmp_path: Path) -> None:
    """False, and the page says what is missing; nothing is half made."""
    run = a_run(tmp_path)
    for name in ("chan.out", "pass_pw0.txt"):
        (run.output / name).unlink()
    assert interchange_rq.run_interchange_migration("my-run") is False
    assert "SKIPPED" in ctx.words()
    assert any("lacks pass_pw0.txt, chan.out" in text for _, text in ctx.messages)
    assert not run.interchange.exists()
    assert interchange_rq.run_interchange_migration("my-run", "wepp/other") is False
    assert any("wepp/other does not exist" in text for _, text in ctx.messages)


def test_a_subpath_without_a_network_has_its_hillslopes_migrated(
    ctx: RecordingContext, tmp_path: Path
) -> None:
    """Outputs of a variant of the run, beside its own."""
    run = a_run(tmp_path)
    other = run.root / "wepp" / "variant" / "output"
    other.mkdir(parents=True)
    for name, text in HILLS.items():
        (other / name).write_text(text)
    (run.runs / "chan.out").unlink(missing_ok=True)
    assert interchange_rq.run_interchange_migration("my-run", "wepp/variant/output") is True
    names = {path.name for path in (other / "interchange").iterdir()}
    assert {"H.pass.parquet", "totalwatsed3.parquet", "README.md"} <= names
    assert "loss_pw0.hill.parquet" not in names
    assert not run.interchange.exists()
    with pytest.raises(ValueError, match="leads out of the run"):
        interchange_rq.run_interchange_migration("my-run", "../other-run/wepp/output")


@pytest.mark.parametrize(
    ("document", "year"),
    [
        ({"schema": "climate/1", "observed_start_year": 1990}, 1990),
        ({"schema": "climate/1"}, None),
        ({"py/object": "wepppy.Climate", "_observed_start_year": 1985}, 1985),
        ({"py/object": "wepppy.Climate", "py/state": {"_observed_start_year": ""}}, None),
        ({"py/object": "wepppy.Climate"}, None),
        (None, None),
    ],
)
def test_the_first_year_is_the_climates(
    tmp_path: Path, document: dict[str, object] | None, year: int | None
) -> None:
    """Of our documents and of both dialects of older ones."""
    if document is not None:
        (tmp_path / "climate.nodb").write_text(json.dumps(document))
    assert interchange_rq.first_year(RunDirectory(tmp_path)) == year


ASH = (
    '{"schema": "ash/1", "types": {"22": "white"}}',
    '{"py/object": "site.Ash", "meta": {"22": {"ash_type": {"py/reduce": [{"py/type": "site.T"},'
    ' {"py/tuple": [1]}]}}, "23": {"ash_type": null}}}',
    '{"py/object": "site.Ash", "py/state": {"meta": {"22": {"ash_type": 1}}}}',
)


@pytest.mark.parametrize("document", ASH, ids=["ours", "fields beside", "fields below py/state"])
def test_the_documents_tell_black_ash_from_white(
    ctx: RecordingContext, tmp_path: Path, document: str
) -> None:
    """By TOPAZ id there, by WEPP id in the table; made again when the document changes."""
    run = a_run(tmp_path)
    (run.root / "ash").mkdir()
    masses = {f"{name} (tonne/ha)": [1.0] for name in ("wind_transport", "water_transport")}
    masses |= {f"{name} (tonne/ha)": [1.0] for name in ("ash_transport", "transportable_ash")}
    table = pa.table({"year0": [1], "year": [1], "julian": [1], **masses})
    parquet.write_table(table, run.root / "ash" / "H1_ash.parquet")
    (run.root / "watershed").mkdir()
    (run.root / "watershed.nodb").write_text('{"py/object": "site.Watershed"}')
    hills = pa.table({"topaz_id": pa.array([22, 23], pa.int32())})
    parquet.write_table(hills, run.root / "watershed" / "hillslopes.parquet")
    interchange_rq._build_hillslope_interchange_rq("my-run")
    told = []
    for text in ("", document):
        if text:
            (run.root / "ash.nodb").write_text(text)
        interchange_rq._build_totalwatsed3_rq("my-run")
        day = parquet.read_table(run.interchange / "totalwatsed3.parquet").to_pylist()[0]
        told.append((day["ash_transport_white"], day["ash_transport_black"]))
    assert told[1][0] == pytest.approx(0.1)
    assert told[0] != told[1]


def test_a_run_that_is_read_only_is_left_as_it_is(ctx: RecordingContext, tmp_path: Path) -> None:
    """The mark is named; nothing is written."""
    run = a_run(tmp_path)
    (run.root / "READONLY").touch()
    with pytest.raises(ReadOnlyRun, match="marked READONLY"):
        interchange_rq.run_interchange_migration("my-run")
    assert not run.interchange.exists()


def test_the_tasks_are_known_by_production_s_names() -> None:
    """Producers enqueue by dotted name."""
    for name in (
        "_build_hillslope_interchange_rq",
        "_build_totalwatsed3_rq",
        "_post_watershed_interchange_rq",
        "run_interchange_migration",
    ):
        assert REGISTRY[f"tasks.interchange_rq.{name}"]["min_timeout"] == 43_200
