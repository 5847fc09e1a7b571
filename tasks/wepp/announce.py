"""What people are told when a run is complete."""

from __future__ import annotations

from urllib.parse import quote

from tasks.run import foreign
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.documents import Ron
from weppd.task import current

SITE = "https://wepp.cloud/weppcloud"


def complete(runid: str, run: RunDirectory) -> str:
    """`:fireworks: [<name> - <scenario> _<runid>_](<site>/runs/<runid>/<config>/)`.

    What ron.nodb does not tell, in either dialect, is left out.
    """
    ron = _ron(run)
    site = (current().settings.get("notify") or {}).get("site") or SITE
    called = " - ".join(word for word in (ron.name, ron.scenario) if word)
    path = "/".join(quote(part, safe="") for part in (runid, ron.config) if part)
    shown = f"{called} _{runid}_" if called else f"_{runid}_"
    return f":fireworks: [{shown}]({site}/runs/{path}/)"


def _ron(run: RunDirectory) -> Ron:
    try:
        return Ron.load(run.root)
    except NotPrepared:
        return Ron()
    except foreign.ForeignDocument:
        view = foreign.read(Ron.path(run.root))
    return Ron(
        name=_text(view, "name"),
        scenario=_text(view, "scenario"),
        config=_text(view, "config_stem") or _text(view, "config"),
    )


def _text(view: foreign.Foreign, field: str) -> str:
    try:
        found = view.get(field)
    except foreign.ForeignDocument:
        return ""
    return found if isinstance(found, str) else ""
