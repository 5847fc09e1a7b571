"""What WEPPcloud's own documents say that its prepared runs need: looked at, never written.

Which executable, whether the channels are wanted, which hillslopes there are, whose ash is black.
What runs are prepared from is in `site_inputs` and `site_network`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.run import foreign
from tasks.wepp.documents import HillslopePart, Watershed, Wepp
from tasks.wepp.files.errors import FormatError

#: TOPAZ ids and distances to the channel, as TOPAZ or WhiteboxTools leave them.
_RASTERS = (
    ("dem/topaz/SUBWTA.ARC", "dem/topaz/DISCHA.ARC"),
    ("dem/wbt/subwta.tif", "dem/wbt/discha.tif"),
)
_SLOPES = ("watershed/slope_files/hillslopes", "watershed/slope_files")
#: What beside the documents decides what is prepared.
_TABLES = (
    *("watershed/hillslopes.parquet", "watershed/channels.parquet"),
    *("watershed/network.txt", "watershed/structure.json"),
    "disturbed/disturbed_land_soil_lookup.csv",
    "disturbed/disturbed_land_soil_lookup_extended.csv",
    "rap/rap_ts.parquet",
)
#: WEPPcloud's kinds of ash, by their numbers.
_ASH = {0: "black", 1: "white"}


def wepp(path: Path) -> Wepp:
    """What is wanted of the model, of the document at `path`; what it does not tell is as usual."""
    view = foreign.read(path)
    engine = told(view, "wepp_bin")
    return Wepp(
        wepp_bin=engine if isinstance(engine, str) and engine else None,
        multi_ofe=told(view, "multi_ofe") is True,
        run_watershed=told(view, "run_wepp_watershed") is not False,
        run_flowpaths=told(view, "run_flowpaths") is True,
    )


def ash_types(path: Path) -> dict[int, str]:
    """`black` or `white` by TOPAZ id, of the document at `path`; hillslopes without ash lack."""
    view = foreign.read(path)
    found: dict[int, str] = {}
    for top, about in pairs(told(view, "meta")):
        kind = _ASH.get(number(about.get("ash_type"))) if isinstance(about, Mapping) else None
        if kind and str(top).isdigit():
            found[int(top)] = kind
    return found


def watershed(root: Path) -> Watershed:
    """The hillslopes of the run in `root`, and its rasters; what else there is, others tell.

    The hillslopes are those of the table beside the document, or of an older document itself.
    """
    view = foreign.read(Watershed.path(root))
    tops = tabled(root / "watershed" / "hillslopes.parquet")
    if not tops:
        keys = (str(key) for key, _ in pairs(told(view, "subs_summary")))
        tops = [int(key) for key in keys if key.isdigit()]
    whole = (pair for pair in _RASTERS if all((root / name).is_file() for name in pair))
    subcatchments, distances = next(whole, (None, None))
    folder = next((name for name in _SLOPES if (root / name).is_dir()), "watershed")
    parts = [
        HillslopePart(
            topaz_id=top,
            slope_file=f"{folder}/hill_{top}.slp",
            mofe_slope_file=f"{folder}/hill_{top}.mofe.slp",
        )
        for top in sorted(tops)
    ]
    return Watershed(
        hillslopes=parts,
        subcatchments=subcatchments,
        distance_to_channel=distances,
    )


@contextmanager
def worded(path: Path) -> Iterator[None]:
    """Whatever makes no sense of the document at `path` is a ForeignDocument that names it."""
    try:
        yield
    except FormatError:
        # A file that the document names, and not its own words.
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where} {first['input']!r}: {first['msg']}"
        raise foreign.ForeignDocument(f"{path}: {error.title}: {why}") from error
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise foreign.ForeignDocument(f"{path}: {error}") from error


def beside(root: Path) -> list[Path]:
    """What beside its own documents a stage's files depend on, where WEPPcloud wrote some of these.

    All of its documents, and the tables that they lean on.
    """
    ours = [path for path in root.glob("*.nodb") if foreign.is_foreign(path.read_bytes())]
    tables = (root / name for name in _TABLES)
    return [*ours, *(path for path in tables if path.is_file())] if ours else []


def tabled(path: Path) -> list[int]:
    """The TOPAZ ids of a table; none where there is no such table."""
    from pyarrow import parquet

    if not path.exists():
        return []
    tops = parquet.read_table(path, columns=["topaz_id"])["topaz_id"]
    return [int(top) for top in tops.to_pylist()]


def told(view: foreign.Foreign, field: str) -> Any:
    """A field of a document, None where it has none."""
    try:
        return view.get(field)
    except foreign.ForeignDocument:
        return None


def pairs(found: Any) -> Iterable[tuple[Any, Any]]:
    """The keys and values of a field, none where it is no dictionary."""
    return found.items() if isinstance(found, Mapping) else ()


def number(value: Any) -> int:
    """The number of an enumeration's member, -1 for what is none."""
    if isinstance(value, foreign.Opaque) and value.arguments:
        # Older documents have nulls behind it, for all that such a value may have.
        inner, *_ = value.arguments
        value = inner[0] if isinstance(inner, tuple) and len(inner) == 1 else inner
    return value if type(value) is int else -1


def elsewhere(path: Path, field: str) -> Any:
    """A field of another document of the run, None where that is not there, or ours."""
    try:
        return told(foreign.read(path), field)
    except (FileNotFoundError, foreign.ForeignDocument):
        return None


def field(of: Any, name: str, path: Path) -> Any:
    """A field of an entry of the document at `path`; foreign.ForeignDocument where it has none."""
    if not isinstance(of, Mapping) or not of.get(name):
        raise foreign.ForeignDocument(f"{path}: an entry of it has no {name}")
    return of[name]
