"""From what is asked and what the scenarios tell to a choice that is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.path_ce import tables
from tasks.path_ce.choice import Choice, Question, choose
from tasks.path_ce.documents import Asked
from tasks.path_ce.tables import Hillslope
from tasks.run.atomic import replace_text

FOLDER, RESULTS = "path", "results.json"


def run(root: Path, asked: Asked, stage: Callable[[str, float], None]) -> dict[str, Any]:
    """Choose for the run in `root`, and write tables and results; returns the results.

    `stage` is told what begins, and how far all is (0-1). NotPrepared, BrokenDocument,
    PathCESolverError, ValueError, OSError.
    """
    stage("Loading PATH inputs", 0.1)
    hills = tables.read(root, asked)
    treatable, untreatable = _sorted(asked, [hill for hill in hills if _wanted(asked, hill)])
    stage("Running optimization model", 0.55)
    question = _question(asked, hills, treatable)
    choice = choose(question)
    stage("Persisting solver outputs", 0.85)
    results = _results(asked, hills, treatable, choice)
    folder = root / FOLDER
    final = {hill.wepp_id: hill.yields[asked.post_fire_scenario] for hill in hills}
    for hill, column in zip(treatable, choice.treatment, strict=True):
        if column >= 0:
            final[hill.wepp_id] = hill.yields[asked.treatment_options[column].scenario]
    made = {
        "analysis_artifact": tables.write(
            folder, tables.analysis(asked), tables.frame(asked, hills)
        ),
        "sdyd_artifact": tables.write(folder, tables.FINAL, _finals(hills, final)),
        "untreatable_artifact": tables.write(
            folder, tables.UNTREATABLE, _finals(untreatable, final)
        ),
    }
    results |= {name: path.relative_to(root).as_posix() for name, path in made.items()}
    replace_text(folder / RESULTS, json.dumps(results, indent=1) + "\n")
    return results


def _wanted(asked: Asked, hill: Hillslope) -> bool:
    least, most = asked.slope_range
    slope = hill.slope or 0.0
    steep = (least is None or slope >= least) and (most is None or slope <= most)
    return steep and (asked.severity_filter is None or hill.severity in asked.severity_filter)


def _sorted(asked: Asked, hills: Sequence[Hillslope]) -> tuple[list[Hillslope], list[Hillslope]]:
    """Those that a treatment helps, and those that none does."""
    fire = asked.post_fire_scenario
    helped = [
        hill
        for hill in hills
        if min(hill.yields[t.scenario] for t in asked.treatment_options) < hill.yields[fire]
    ]
    known = {hill.wepp_id for hill in helped}
    return helped, [hill for hill in hills if hill.wepp_id not in known]


def _question(asked: Asked, hills: Sequence[Hillslope], treatable: Sequence[Hillslope]) -> Question:
    fire, options = asked.post_fire_scenario, asked.treatment_options
    shape = (len(treatable), len(options))

    def table(of: Callable[[Hillslope, int], float]) -> Any:
        cells = [of(hill, column) for hill in treatable for column in range(len(options))]
        return np.array(cells, dtype=float).reshape(shape)

    before = np.array([hill.yields[fire] for hill in treatable])
    return Question(
        cost=table(lambda h, t: h.area * options[t].unit_cost * options[t].quantity),
        fixed=np.array([t.fixed_cost for t in options]),
        gain=table(lambda h, t: h.ntu[fire] - h.ntu[options[t].scenario]),
        yields=table(lambda h, t: h.yields[fire] - h.yields[options[t].scenario]),
        excess=np.maximum(before - asked.sdyd_threshold, 0.0),
        target=max(_total(asked, hills) - asked.sddc_threshold, 0.0),
    )


def _total(asked: Asked, hills: Sequence[Hillslope]) -> float:
    """The watershed's measure after the fire; hillslopes that are not to be treated count."""
    return sum(hill.ntu[asked.post_fire_scenario] for hill in hills)


def _results(
    asked: Asked, hills: Sequence[Hillslope], treatable: Sequence[Hillslope], choice: Choice
) -> dict[str, Any]:
    by_label = {
        treatment.label: [
            hill.wepp_id
            for hill, at in zip(treatable, choice.treatment, strict=True)
            if at == column
        ]
        for column, treatment in enumerate(asked.treatment_options)
    }
    return {
        "status": "secondary" if choice.secondary else "optimal",
        "used_secondary": choice.secondary,
        "selected_hillslopes": sorted(n for numbers in by_label.values() for n in numbers),
        "treatment_hillslopes": by_label,
        "total_cost": choice.cost + choice.fixed,
        "total_fixed_cost": choice.fixed,
        "cost_gap": choice.gap,
        "total_sddc_reduction": choice.gain,
        "final_sddc": _total(asked, hills) - choice.gain,
        "config_snapshot": asked.model_dump(mode="json"),
    }


def _finals(hills: Sequence[Hillslope], final: dict[int, float]) -> dict[str, list[object]]:
    return {
        "wepp_id": [hill.wepp_id for hill in hills],
        "topaz_id": [hill.topaz_id for hill in hills],
        "final_Sdyd": [final[hill.wepp_id] for hill in hills],
    }
