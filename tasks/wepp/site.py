"""What WEPPcloud's own documents say that its prepared runs need: looked at, never written.

Which executable, whether the channels are wanted, which hillslopes there are, whose ash is black. A
run that WEPPcloud has prepared is simulated as it is prepared: its soils and managements were
changed by tables that are not read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.run import foreign
from tasks.wepp.documents import HillslopePart, Watershed, Wepp

#: TOPAZ ids and distances to the channel, as TOPAZ leaves them.
_RASTERS = ("dem/topaz/SUBWTA.ARC", "dem/topaz/DISCHA.ARC")
#: WEPPcloud's kinds of ash, by their numbers.
_ASH = {0: "black", 1: "white"}


def wepp(path: Path) -> Wepp:
    """What is wanted of the model, of the document at `path`; what it does not tell is as usual."""
    view = foreign.read(path)
    engine = _told(view, "wepp_bin")
    return Wepp(
        wepp_bin=engine if isinstance(engine, str) and engine else None,
        multi_ofe=_told(view, "multi_ofe") is True,
        run_watershed=_told(view, "run_wepp_watershed") is not False,
    )


def ash_types(path: Path) -> dict[int, str]:
    """`black` or `white` by TOPAZ id, of the document at `path`; hillslopes without ash lack."""
    view = foreign.read(path)
    found: dict[int, str] = {}
    for top, about in _pairs(_told(view, "meta")):
        kind = _ASH.get(_number(about.get("ash_type"))) if isinstance(about, Mapping) else None
        if kind and str(top).isdigit():
            found[int(top)] = kind
    return found


def watershed(root: Path) -> Watershed:
    """The hillslopes of the run in `root`, and its rasters; channels and flowpaths are not told.

    The hillslopes are those of the table beside the document, or of an older document itself.
    """
    view = foreign.read(Watershed.path(root))
    tops = _tabled(root / "watershed" / "hillslopes.parquet")
    if not tops:
        keys = (str(key) for key, _ in _pairs(_told(view, "subs_summary")))
        tops = [int(key) for key in keys if key.isdigit()]
    rasters = all((root / name).is_file() for name in _RASTERS)
    subcatchments, distances = _RASTERS if rasters else (None, None)
    slopes = "watershed/slope_files/hillslopes/hill_{}.slp"
    return Watershed(
        hillslopes=[HillslopePart(topaz_id=t, slope_file=slopes.format(t)) for t in sorted(tops)],
        subcatchments=subcatchments,
        distance_to_channel=distances,
    )


def _tabled(path: Path) -> list[int]:
    from pyarrow import parquet

    if not path.exists():
        return []
    tops = parquet.read_table(path, columns=["topaz_id"])["topaz_id"]
    return [int(top) for top in tops.to_pylist()]


def _told(view: foreign.Foreign, field: str) -> Any:
    try:
        return view.get(field)
    except foreign.ForeignDocument:
        return None


def _pairs(found: Any) -> Iterable[tuple[Any, Any]]:
    return found.items() if isinstance(found, Mapping) else ()


def _number(value: Any) -> int:
    """The number of an enumeration's member, -1 for what is none."""
    if isinstance(value, foreign.Opaque) and len(value.arguments) == 1:
        (inner,) = value.arguments
        value = inner[0] if isinstance(inner, tuple) and len(inner) == 1 else inner
    return value if type(value) is int else -1
