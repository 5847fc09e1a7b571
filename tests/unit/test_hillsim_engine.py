"""Whole runs of hillsim: what it writes, what it says, and what it refuses by name."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim import native
from tasks.hillsim.errors import Refusal
from tasks.wepp import annual, complete
from tasks.wepp.files import climate, ebe, forms, loss, passfile, runfile
from tasks.wepp.files.errors import FormatError
from tasks.wepp.samples import hillslopes as sample
from tests.golden.hillsim import make
from tests.unit import hillsim_slopes as build

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "wepp" / "runs"
MARKER = " WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"
YEARS = 2


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A sample run of seven hillslopes and two years; its directory of `.run` files."""
    return sample.write_sample(tmp_path, hillslopes=7, years=YEARS, seed=3)


def simulate(runs: Path, number: int = 2) -> tuple[hillsim.Summary, list[str]]:
    """A run in this process: its summary and its words."""
    out = io.StringIO()
    return hillsim.run(f"p{number}.run", cwd=runs, out=out), out.getvalue().splitlines()


def program(runs: Path, number: int, **env: str) -> subprocess.CompletedProcess[str]:
    """A run as production starts it: answers on standard input, cwd the runs directory."""
    with (runs / f"p{number}.run").open("rb") as answers:
        return subprocess.run(
            [sys.executable, "-m", "tasks.hillsim"],
            cwd=runs, stdin=answers, capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )  # fmt: skip


def written(runs: Path) -> dict[str, str]:
    """The outputs and their digests."""
    found = sorted((runs.parent / "output").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def change(path: Path, edit: Callable[[str], str]) -> None:
    """Edit a file of the run; its hard links stay as they were."""
    text = edit(path.read_text(encoding="latin-1"))
    path.unlink()
    path.write_text(text, encoding="latin-1")


def test_every_cover_of_a_sample_run_is_simulated_with_whole_outputs(runs: Path) -> None:
    """Forest, fire, grass and corn each give outputs that production's checks call whole."""
    for number in range(1, 8):
        summary, _ = simulate(runs, number)
        assert summary.years == YEARS
        output = runs.parent / "output"
        # Each of these raises, with the reason, for a file that is not whole.
        complete.loss(complete.read(output / f"H{number}.loss.dat"))
        complete.pass_file(complete.read(output / f"H{number}.pass.dat"), YEARS)
        complete.plot(complete.read(output / f"H{number}.plot.dat"))
        complete.read(output / f"H{number}.ebe.dat")


def test_the_marker_is_the_last_line_and_every_product_names_hillsim(runs: Path) -> None:
    """Production's success test finds its line; nothing else of hillsim calls itself WEPP."""
    _, said = simulate(runs)
    report = (runs.parent / "output" / "H2.loss.dat").read_text()
    assert said[-1] == MARKER
    for lines in (said[:-1], report.splitlines()[:10]):
        assert any(f"engine=hillsim {hillsim.VERSION}" in line for line in lines)
        titles = [line for line in lines if "WEPP" in line and "WEPP's files" not in line]
        assert titles == []


def test_the_outputs_agree_with_each_other_and_with_the_summary(runs: Path) -> None:
    """Runoff and sediment of the loss report, the event file, the pass file and the summary."""
    summary, _ = simulate(runs)
    output = runs.parent / "output"
    report, events = loss.read(output / "H2.loss.dat"), ebe.read(output / "H2.ebe.dat")
    days = [d for d in passfile.read(output / "H2.pass.dat").days if isinstance(d, passfile.Event)]
    mean = annual.read(output / "H2.loss.dat")
    assert mean is not None
    assert mean.runoff_mm == pytest.approx(summary.runoff_mm, abs=0.011)
    assert report.sediment.kg == pytest.approx(summary.sediment_kg, rel=1e-3, abs=0.01)
    assert sum(row.sediment_kg_m for row in events) == pytest.approx(
        report.sediment.kg_m * YEARS, rel=0.02, abs=0.06 * len(events)
    )
    passed = sum(sum(day.sediment_kg_m3) * day.runoff_m3 for day in days)
    assert passed == pytest.approx(report.sediment.kg * YEARS, rel=0.03)
    assert sum(point.loss_kg_m2 for point in report.profile) == pytest.approx(
        100 * report.sediment.kg_m / report.profile[-1].distance_m, abs=0.05
    )


def test_the_same_inputs_give_the_same_bytes(runs: Path) -> None:
    """In this process, again in it, and in a process of its own."""
    simulate(runs)
    first = written(runs)
    simulate(runs)
    assert written(runs) == first
    done = program(runs, 2, PYTHONHASHSEED="5")
    assert done.returncode == 0
    assert written(runs) == first


@pytest.mark.slow
def test_the_compiled_engine_gives_the_same_bytes(runs: Path) -> None:
    """HILLSIM_NATIVE=0, the sources as they are, and the compiled ones write the same outputs."""
    if not hillsim.COMPILED:
        pytest.skip("no compiled engine of these sources is here: make native")
    for number in (2, 3):
        plain = program(runs, number, HILLSIM_NATIVE="0")
        first = written(runs)
        fast = program(runs, number)
        assert (plain.returncode, fast.returncode) == (0, 0), fast.stdout + fast.stderr
        assert plain.stdout == fast.stdout
        assert written(runs) == first


def test_a_compiled_engine_of_other_sources_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library without a digest, or with another's, is left alone; the sources are interpreted."""
    suffix = native.EXTENSION_SUFFIXES[0]
    (tmp_path / f"{native.LIBRARY}{suffix}").write_bytes(b"")
    monkeypatch.setattr(native, "FOLDER", tmp_path)
    finders = list(sys.meta_path)
    assert not native.use()
    (tmp_path / native.SOURCES).write_text("0" * 64)
    assert not native.use()
    assert sys.meta_path == finders


def test_a_run_in_a_process_leaves_its_directory_alone(runs: Path) -> None:
    """Threads and forks share a process: the working directory stays, paths follow `cwd`."""
    before = Path.cwd()
    simulate(runs)
    assert Path.cwd() == before
    assert (runs.parent / "output" / "H2.loss.dat").exists()


def test_importing_hillsim_is_light() -> None:
    """A process that may never simulate pays neither numpy nor the engine."""
    code = "import sys, tasks.hillsim; print([m for m in sys.modules if m in ('numpy', 'numba')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_outputs_that_are_not_written_are_named_and_not_made(runs: Path) -> None:
    """One NOTE a file for what was asked for and is left out; no such file appears."""
    wat, crop = "../output/H2.wat.dat\nNo\n", "../output/H2.wat.dat\nYes\n../output/H2.crop.dat\n"
    change(runs / "p2.run", lambda text: text.replace(wat, crop))
    _, said = simulate(runs)
    (note,) = [line for line in said if line.startswith(" NOTE")]
    assert "H2.crop.dat" in note
    assert said[-1] == MARKER
    assert "H2.crop.dat" not in written(runs)


def test_the_daily_water_table_adds_up(runs: Path) -> None:
    """Stores change by rain less all that leaves, but for what hangs on leaves and litter."""
    simulate(runs)
    lines = (runs.parent / "output" / "H2.wat.dat").read_text().splitlines()
    rows = [[float(word) for word in line.split()] for line in lines[20:]]
    assert len(rows) in (730, 731)
    gained = sum(row[3] for row in rows[1:])
    lost = sum(row[6] + row[7] + row[8] + row[9] + row[12] + row[16] for row in rows[1:])
    held = [row[13] + row[14] + row[15] for row in (rows[0], rows[-1])]
    # Catch of plants: at most 2 × 2.6 mm; rounding to 0.01 mm a day and column: 731 × 0.005 × √6.
    assert held[1] - held[0] == pytest.approx(gained - lost, abs=6.0)


def test_a_table_has_a_row_a_day_and_the_element_one_for_each_event(runs: Path) -> None:
    """Water and soil tables reach the last day; the element has its events and two a month."""
    simulate(runs)
    output = runs.parent / "output"
    complete.daily(complete.read(output / "H2.wat.dat"), YEARS)
    complete.daily(complete.read(output / "H2.soil.dat"), YEARS)
    events = ebe.read(output / "H2.ebe.dat")
    fixed = sum(row.day not in (1, 15) for row in events) + 24 * YEARS
    assert len((output / "H2.element.dat").read_text().splitlines()) == 2 + fixed


def test_a_failed_run_leaves_no_outputs_of_an_earlier_one(runs: Path) -> None:
    """What lies there after a failure cannot be taken for its result."""
    simulate(runs)
    change(runs / "p2.sol", lambda text: text[: len(text) // 2])
    with pytest.raises(FormatError, match=r"p2\.sol"):
        simulate(runs)
    assert written(runs) == {}


def test_a_missing_input_ends_with_one_line_that_names_it(runs: Path) -> None:
    """Exit code 1, no marker, no traceback: the file's name is what the user needs."""
    (runs / "p2.cli").unlink()
    done = program(runs, 2)
    assert done.returncode == 1
    assert "p2.cli" in done.stdout
    assert MARKER not in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["partsize.dat", "beinpcalib.txt", "wepp-co2.txt"])
def test_a_hidden_input_that_would_change_results_is_refused(runs: Path, name: str) -> None:
    """The engines read it silently; hillsim says its name and stops."""
    (runs / name).write_text("1 1 1\n")
    with pytest.raises(Refusal, match=name):
        simulate(runs)


def test_hourly_lateral_flow_is_daily_and_a_note_says_so(runs: Path) -> None:
    """wepp_ui.txt, which every run of the interface has: the same outputs, one NOTE more."""
    simulate(runs)
    first = written(runs)
    (runs / "wepp_ui.txt").write_text("1\n")
    _, words = simulate(runs)
    assert [line for line in words if "wepp_ui.txt: lateral flow is daily" in line]
    assert written(runs) == first


def test_a_plant_without_a_line_in_pmetpara_is_refused_by_name(runs: Path) -> None:
    """Others take the first line for it; hillsim names the plant."""
    (runs / "pmetpara.txt").write_text("1\nSomething else,0.95,0.8,1,-\n")
    with pytest.raises(Refusal, match=r"pmetpara\.txt: no line for the plant"):
        simulate(runs)


REFUSED = {
    "an event report": (
        "p2.run", lambda text: text.replace("\n1\nNo\n", "\n3\nNo\n"), "loss option"
    ),
    "English units": ("p2.run", lambda text: "e" + text[1:], "English"),
    "passing over small events": (
        "p2.run", lambda text: text.rstrip()[:-1] + "1\n", "small events"
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_a_form_that_is_not_simulated_is_refused_by_name(runs: Path, form: str) -> None:
    """No result is better than a guessed one: file and thing are named, nothing is written."""
    name, edit, said = REFUSED[form]
    change(runs / name, edit)
    with pytest.raises(Refusal, match=said):
        simulate(runs)
    assert written(runs) == {}


@pytest.mark.parametrize(
    ("number", "runoff", "peak", "leaving"),
    [(75, 11.864, 28.713, None), (78, 70.43, 59.544, 34.45)],
)
def test_a_real_single_storm_runs_off_as_other_engines_have_it(
    number: int, runoff: float, peak: float, leaving: float | None, tmp_path: Path
) -> None:
    """Runoff and its peak to 1 %, sediment of the slope that does not deposit to 5 %."""
    runs = real(tmp_path, number)
    summary, said = simulate(runs, number)
    assert said[-1] == MARKER
    output = runs.parent / "output"
    complete.loss(complete.read(output / f"H{number}.loss.dat"))
    complete.plot(complete.read(output / f"H{number}.plot.dat"))
    assert summary.runoff_mm == pytest.approx(runoff, rel=0.01)
    row = (output / f"H{number}.element.dat").read_text().splitlines()[2]
    assert float(row[40:48]) == pytest.approx(peak, rel=0.01)
    (event,) = ebe.read(output / f"H{number}.ebe.dat")
    assert event.runoff_mm == pytest.approx(runoff, abs=0.1)
    if leaving is not None:
        assert event.sediment_kg_m == pytest.approx(leaving, rel=0.05)


def hydrograph(report: Path) -> dict[float, float]:
    """The rates (mm/h) of a single storm's table by time (min)."""
    _, _, below = report.read_text().partition("output runoff hydrograph")
    table, _, _ = below.partition("runoff hydrograph summary")
    rows = [line.split() for line in table.splitlines() if line[:10].strip().isdigit()]
    return {float(time): float(rate) for _, time, rate, _ in rows}


@pytest.mark.parametrize("number", [75, 78])
def test_a_real_storms_hydrograph_is_another_engines(number: int, tmp_path: Path) -> None:
    """At every minute that both tables list: within 1 mm/h, of peaks of 29 and 60 mm/h."""
    runs = real(tmp_path, number)
    simulate(runs, number)
    ours = hydrograph(runs.parent / "output" / f"H{number}.loss.dat")
    theirs = hydrograph(DATA.parent / "output-2024" / f"H{number}.loss.dat")
    both = ours.keys() & theirs.keys()
    assert len(both) > 40
    assert max(abs(ours[time] - theirs[time]) for time in both) < 1.0


def a_storm(runs: Path, **answers: object) -> None:
    """Turn hillslope 2 of a sample run into a single storm of 60 mm on 1 June."""
    found = climate.read(runs / "p2.cli")
    days = build.weather([build.rainy(60.0)], start=date(2001, 6, 1)).days
    storm = replace(found, mode=climate.SINGLE_STORM, days=days)
    (runs / "p2.cli").unlink()
    (runs / "p2.cli").write_text(climate.dump(storm))
    run = forms.StormRun(
        man="p2.man", slp="p2.slp", cli="p2.cli", sol="p2.sol", loss="../output/H2.loss.dat",
        ebe="../output/H2.ebe.dat",
    )  # fmt: skip
    (runs / "p2.run").write_text(runfile.dump(replace(run, **answers)))


def test_a_single_storm_finds_the_slope_as_the_management_file_has_it(runs: Path) -> None:
    """Its report names the storm and hillsim; the ground is neither tilled nor sown before it."""
    a_storm(runs)
    summary, said = simulate(runs)
    assert said[-1] == MARKER
    report = (runs.parent / "output" / "H2.loss.dat").read_text()
    assert report.startswith(" Single storm")
    assert "engine=hillsim" in report
    assert "rainfall amount              60.00 (mm)" in report
    assert "SEDIMENT LEAVING PROFILE for jun   1    1" in report
    assert 0.0 < summary.runoff_mm < 60.0
    (event,) = ebe.read(runs.parent / "output" / "H2.ebe.dat")
    assert event.runoff_mm == pytest.approx(summary.runoff_mm, abs=0.06)


def test_the_pass_file_of_a_single_storm_has_its_day(runs: Path) -> None:
    """What the channels get is what left the foot of the slope; a second storm is refused."""
    a_storm(runs, pass_file="../output/H2.pass.dat")
    summary, _ = simulate(runs)
    found = passfile.read(runs.parent / "output" / "H2.pass.dat")
    (day,) = found.days
    assert isinstance(day, passfile.Event)
    assert (found.years, day.julian) == (1, 152)
    assert day.runoff_m3 / found.area_m2 * 1000 == pytest.approx(summary.runoff_mm, rel=1e-4)
    storm = climate.read(runs / "p2.cli")
    twice = build.weather([build.rainy(60.0)] * 2, start=date(2001, 6, 1)).days
    (runs / "p2.cli").write_text(climate.dump(replace(storm, days=twice)))
    with pytest.raises(Refusal, match=r"p2\.cli.*2 days: a single storm has one"):
        simulate(runs)


@pytest.mark.parametrize("number", [1, 9, 33, 37, 47, 60])
def test_real_inputs_are_simulated(number: int, tmp_path: Path) -> None:
    """Cropland, forest, a fire and a road of three elements, a volcanic soil: to their marker."""
    runs = real(tmp_path, number)
    summary, said = simulate(runs, number)
    assert said[-1] == MARKER
    complete.pass_file(complete.read(runs.parent / "output" / f"H{number}.pass.dat"), summary.years)
    assert summary.precip_mm > 200.0
    assert 0.0 < summary.runoff_mm < summary.precip_mm


def real(tmp_path: Path, number: int) -> Path:
    """A copy of a real hillslope's inputs; skips where the shared data is not at hand."""
    if not DATA.is_dir():
        pytest.skip(f"no real runs: {DATA} is not there")
    runs = tmp_path / "wepp" / "runs"
    runs.mkdir(parents=True)
    (runs.parent / "output").mkdir()
    for path in DATA.glob(f"p{number}.*"):
        (runs / path.name).write_bytes(path.read_bytes())
    return runs


def test_the_outputs_of_a_year_of_corn_are_those_on_file(tmp_path: Path) -> None:
    """A change of any result shows as a diff of `tests/golden/hillsim` and is reviewed as one."""
    for name, text in make.outputs(tmp_path).items():
        assert text == (make.HERE / name).read_text(encoding="latin-1"), name


def test_a_prepared_process_imports_nothing_more_for_a_run(runs: Path) -> None:
    """What a fork imports, every hillslope pays for anew."""
    words = f"""
import io, sys
from tasks import hillsim
hillsim.preload()
before = set(sys.modules)
hillsim.run("p2.run", cwd={str(runs)!r}, out=io.StringIO())
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
