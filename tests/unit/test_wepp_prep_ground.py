"""A run whose documents ask for all that hillsim reads beside a run: prepared, run, made tables."""

from __future__ import annotations

import io
from pathlib import Path

from pyarrow import parquet

from tasks import hillsim, interchange
from tasks.run.directory import RunDirectory
from tasks.wepp import binary, simulation
from tasks.wepp.documents import BedShear, Frost, Groundwater, Phosphorus, Snow, Wepp
from tasks.wepp.prep import stages
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from tests.unit.wepp_inputs import ALL, change
from weppd.task import using


def test_groundwater_goes_from_the_document_to_the_tables(tmp_path: Path, redis_url: str) -> None:
    """Hillslopes tell of it, channels rise by it, `complete` and the tables take the layout."""
    wd = tmp_path / "runs" / "my-run"
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)):
        write_watershed(wd, channels=3, years=1)
        change(
            wd, Wepp, groundwater=Groundwater(), bed_shear=BedShear(), frost=Frost(), snow=Snow(),
            time_of_concentration=True,
            phosphorus=Phosphorus(surface_runoff=0.1, lateral_flow=0.1, baseflow=0.1, sediment=500),
        )  # fmt: skip
        run, engine = RunDirectory(wd), binary.choose({}, "hillsim")
        stages.prepare("my-run", run, *ALL)
        run.output.mkdir(exist_ok=True)
        for number in (*run.hillslopes(), simulation.WATERSHED):
            prepared = simulation.prepare(run, number, engine)
            hillsim.run(run.run_file(number), run.runs, said := io.StringIO())
            simulation.verify(prepared)
        interchange.hillslopes(run)
    notes = [line for line in said.getvalue().splitlines() if "NOTE: " in line]
    assert [line.split()[1].rstrip(":") for line in notes][-2:] == ["tc.txt", "phosphorus.txt"]
    table = parquet.read_table(next(run.output.rglob("H.pass.parquet")))
    flows = sum(table["gwbfv"].to_pylist())
    assert flows > 0.0
    rows = [line.split() for line in (run.runs / "chanwb.out").read_text().splitlines()]
    risen = sum(float(row[7]) for row in rows if len(row) == 10 and row[0].isdigit())
    # chan.inp has the outlet shown alone: what rose further up is in its inflow.
    assert 0.0 < risen < flows
