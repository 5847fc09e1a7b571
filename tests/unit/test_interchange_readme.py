"""The README tells of the tables that are there; the pictures are the same bytes again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks import interchange
from tasks.interchange import pictures
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import hillslopes
from tests.unit import interchange_texts as texts
from tests.unit.test_interchange_rq import HILLS


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run with the tables of one hillslope."""
    run = texts.run_of(tmp_path, HILLS)
    interchange.hillslopes(run)
    return run


def test_the_readme_has_schema_units_and_first_rows(run: RunDirectory) -> None:
    """Of each table that is there: a sentence, its columns, and a preview with a row of units."""
    text = interchange.documentation(run.output).read_text()
    assert text.startswith("# Interchange Documentation\n\n_Interchange Version: 1.0_\n")
    assert "## Hillslope Products" in text
    assert "## Watershed Products" in text
    assert "| P | double | mm | Precipitation |" in text
    section = text[text.index("### `H.wat.parquet`") : text.index("### `H.pass.parquet`")]
    preview = section[section.index("Preview:") :].splitlines()[2:]
    assert preview[0].startswith("| wepp_id | ofe_id | year |")
    assert "| mm | mm |" in preview[2]
    assert preview[3].startswith("| 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 1 | 10 | 9 | 2 |")
    assert "2 rows." in section
    assert "_No rows_" in text
    assert "totalwatsed3" not in text
    assert "hydrograph.png" not in text


def test_what_is_in_brackets_is_shown_and_no_tag(run: RunDirectory) -> None:
    """Markdown takes `p<id>.run` for HTML, and would leave it out."""
    hillslopes.write(run.hillslope_table, [hillslopes.Hillslope(1, 1, 0.0, 0.0, 0.0, "hillsim")])
    assert "the number in p&lt;id>.run" in interchange.documentation(run.output).read_text()


def test_the_readme_names_the_pictures_that_are_there(run: RunDirectory) -> None:
    """A link to each, once it is drawn."""
    interchange.sediment(run.output)
    text = interchange.documentation(run.output).read_text()
    assert "[`sediment_by_hillslope.png`](sediment_by_hillslope.png)" in text
    assert "hydrograph" not in text


def test_pictures_are_the_same_bytes_again(run: RunDirectory) -> None:
    """No clock and no machine is in them."""
    interchange.totalwatsed3(run)
    for draw in (interchange.hydrograph, interchange.sediment):
        first = draw(run.output).read_bytes()
        assert first.startswith(b"\x89PNG")
        assert draw(run.output).read_bytes() == first


def test_pictures_need_their_tables(tmp_path: Path) -> None:
    """What is missing is named."""
    (tmp_path / "interchange").mkdir()
    with pytest.raises(NotPrepared, match="make the watershed's table first"):
        interchange.hydrograph(tmp_path)
    with pytest.raises(NotPrepared, match="make the hillslopes' tables first"):
        interchange.sediment(tmp_path)


def test_sediment_is_that_of_a_mean_year(run: RunDirectory) -> None:
    """1 and 2 kg/m3 in 2 m3 of runoff, in a run of one year: 6 kg."""
    wepp_ids, tonnes = pictures.sediment_by_hillslope(run.interchange)
    assert wepp_ids.tolist() == [1]
    np.testing.assert_allclose(tonnes, [0.006])


def test_many_hillslopes_share_a_bar(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that yield least are drawn together, so that the labels can be read."""
    drawn: list[list[float]] = []
    from matplotlib.axes import Axes

    real = Axes.bar
    monkeypatch.setattr(
        Axes, "bar", lambda self, x, height, **k: (drawn.append(height), real(self, x, height, **k))
    )
    ids, tonnes = np.arange(1, 51), np.arange(50, 0, -1.0)
    monkeypatch.setattr(pictures, "sediment_by_hillslope", lambda target: (ids, tonnes))
    interchange.sediment(run.output)
    assert len(drawn[0]) == pictures.BARS + 1
    assert drawn[0][0] == 50.0
    assert drawn[0][-1] == sum(range(1, 11))
