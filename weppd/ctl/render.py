"""The admin API's answers as people read them: a dict in, text out. Pure functions.

`now` is the time in seconds since the epoch, `width` the number of columns, `paint` colours a text
by a state's word.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from weppd.ctl.table import Paint, clean, clock, columns, cut, plain, plural, size, span

Data = Mapping[str, Any]
TERMINAL = ("finished", "failed", "stopped", "canceled")
_COUNTS = ("queued", "started", "deferred", "scheduled", "finished", "failed", "canceled")
_QUEUE = ["QUEUE", "WAITS", "QUEUED", "RUN", "DEFER", "SCHED", "DONE", "FAILED", "CANCEL"]
# A node that beats is seen to move at every look.
_QUIET_S = 15.0
_KEY = 11
_HELD = {"cgroup": "held by weppd (freezer)", "psutil": "held by weppd (signals)"}


def status(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """The node: its state, its store, the busy slots, the queues, and what is wrong."""
    slots = _slots(data["slots"], now, width, paint) + [
        line for each in data["claimed"] for line in _hung("taken", _wanted(each), width)
    ]
    blocks = [_node(data, now, paint), slots]
    if data["queues"]:
        rows = [[name, *(str(row[key]) for key in _COUNTS)] for name, row in data["queues"].items()]
        table = columns(["QUEUE", *map(str.upper, _COUNTS)], rows, width, numbers=True)
        blocks.append(
            table + _listed("paused", [n for n, q in data["queues"].items() if q["paused"]])
        )
    problems = [*_zygote_problems(data), *data["problems"]]
    blocks.append([paint("problem", "failed") + f": {clean(each)}" for each in problems])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def queues(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """The queues: for how long the first job of each waits, and how many jobs stand where."""
    rows = [
        [clean(q["name"]), _since(q["oldest_at"], now), *(str(q[key]) for key in _COUNTS)]
        for q in data["queues"]
    ]
    lines = columns(_QUEUE, rows, width, numbers=True)
    lines += _listed("paused", [q["name"] for q in data["queues"] if q["paused"]])
    strange = [q["name"] for q in data["queues"] if not q["served"]]
    return "\n".join(lines + _listed("not served by this node", strange))


def _listed(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(map(clean, names))}"] if names else []


def nodes(data: Data, width: int = 80, paint: Paint = plain) -> str:
    """The nodes, a line each: this one first."""
    rows = [
        [clean(each["name"]), _beating(each, paint), str(each["running"])] for each in data["nodes"]
    ]
    return "\n".join(columns(["NODE", "LEASE", "RUNNING"], rows, width))


def locks(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """The locks of documents, a line each; or that there are none."""
    rows = [
        [clean(each["lock"]), span(now - each["since"]) if each["since"] else "-", _holder(each)]
        for each in data["locks"]
    ]
    if not rows:
        return "no lock is held"
    return "\n".join(columns(["LOCK", "HELD", "HOLDER"], rows, width, paint, 2))


def _holder(lock: Data) -> str:
    who = f"job {clean(lock['job'])}" if lock["job"] else clean(lock["owner"])
    words = {True: "lives:", False: "gone:", None: "unseen:"}
    return f"{words[lock['lives']]} {who}"


def unlocked(data: Data) -> str:
    """That a lock was taken away, and whose it was."""
    return f"lock {clean(data['lock'])} is free; it was held by {clean(data['owner'])}"


def _beating(node: Data, paint: Paint) -> str:
    if node["own"]:
        return "this node"
    if node["hold_s"]:
        return f"away for up to {span(node['hold_s'])}, quiet for {span(node['quiet_s'])}"
    if node["quiet_s"] >= _QUIET_S:
        return paint(f"quiet for {span(node['quiet_s'])}", "failed")
    return "beats"


def _node(data: Data, now: float, paint: Paint) -> list[str]:
    since = f" for {span(now - data['since'])}" if data["since"] else ""
    line = f"weppd {clean(data['name'])}: {paint(clean(data['mood']), 'started')}{since}"
    details = [f"pid {data['pid']}" if data["pid"] else "", clean(data["version"])]
    lines = [", ".join([line, *filter(None, details)]), _store(data["store"], now, paint)]
    held = _HELD.get(data.get("limits", ""))
    if data.get("controllers"):
        held = f"held by the kernel ({' '.join(map(clean, data['controllers']))})"
    return [*lines, f"limits: {held}"] if held else lines


def _store(store: Data, now: float, paint: Paint) -> str:
    away = store["state"] == "away"
    line = "store: " + (paint("away", "failed") if away else paint("up", "finished"))
    if store["since"] and away:
        line += f" for {span(now - store['since'])}"
    if store["outbox"]:
        line += f", {plural(store['outbox'], 'outcome')} on disk for it"
    return line + (f" ({clean(store['detail'])})" if store["detail"] else "")


def _slots(slots: Sequence[Data], now: float, width: int, paint: Paint) -> list[str]:
    busy = [slot for slot in slots if slot["job"]]
    lines = [f"slots: {len(busy)} of {len(slots)} busy"]
    if busy:
        rows = [
            [
                clean(slot["name"]).rpartition(".")[2],
                clean(slot["phase"]),
                clean(slot["job"]),
                _since(slot["since"], now),
                _what(slot),
            ]
            for slot in busy
        ]
        lines += ["", *columns(["SLOT", "PHASE", "JOB", "FOR", "WHAT"], rows, width, paint, 1)]
    return lines


def _wanted(claimed: Data) -> str:
    """A job that waits for room, though there may be idle slots."""
    memory = f" and {size(claimed['memory'])} of memory" if claimed["memory"] else ""
    name = clean(claimed["function"]).rpartition(".")[2]
    what = " ".join(filter(None, (name, clean(claimed["runid"]))))
    return f"{clean(claimed['job'])} waits for {plural(claimed['cpus'], 'CPU')}{memory}: {what}"


def _zygote_problems(data: Data) -> Iterator[str]:
    for zygote in data["zygotes"]:
        for each in zygote["problems"]:
            yield f"zygote {zygote['name']}: {each}"


def jobs(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """One line for each job; the id is never cut, for it is what the other verbs take."""
    rows = [
        [clean(job["id"]), clean(job["state"]), _age(job, now), _what(job)] for job in data["jobs"]
    ]
    lines = columns(["JOB", "STATE", "FOR", "WHAT"], rows, width, paint, 1) if rows else ["no jobs"]
    lines += _notes(data["jobs"], width) + note(data, width)
    if data["next"] is not None:
        lines.append(f"there are more: --offset {data['next']}")
    return "\n".join(lines)


def _notes(jobs: Sequence[Data], width: int) -> list[str]:
    told = [f"job {clean(job['id'])}: {clean(job['note'])}" for job in jobs if job["note"]]
    return [line for each in told for line in _hung("note", each, width)]


def note(data: Data, width: int) -> list[str]:
    """What is said of an answer as a whole, on lines of its own."""
    return _hung("note", clean(data["note"]), width) if data.get("note") else []


def _age(job: Data, now: float) -> str:
    # How long a running job runs, how long an ended one ran, how long the others wait.
    if job["started_at"]:
        return _since(job["started_at"], job["ended_at"] or now)
    return _since(job["enqueued_at"] or job["created_at"], job["ended_at"] or now)


def _since(begin: float | None, end: float) -> str:
    return span(end - begin) if begin else ""


def _what(job: Data) -> str:
    name = clean(job["function"]).rpartition(".")[2] or "?"
    label = clean(job["label"])
    parts = [_percent(job["progress"]), name, clean(job["runid"]), label if label != name else ""]
    return " ".join(filter(None, (*parts, clean(job.get("error")))))


def _percent(progress: Data | None) -> str:
    if not progress or not progress["total"]:
        return ""
    return f"{100 * progress['done'] / progress['total']:.0f}%"


def job(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """All that is known of one job, a line for each thing; what is longer goes on below."""
    told = [(key, text) for key, text in (*_about(data, paint), *_course(data, now)) if text]
    lines = [line for key, text in told for line in _hung(key, text, width)]
    if data["traceback"]:
        lines += ["", *(clean(each) for each in data["traceback"].rstrip().splitlines())]
    return "\n".join(lines)


def _hung(key: str, text: str, width: int) -> list[str]:
    if len(text) <= width - _KEY or "\x1b" in text:
        return [f"{key:<{_KEY}}{text}"]
    room = max(20, width - _KEY)
    parts = textwrap.wrap(text, room, break_on_hyphens=False, drop_whitespace=True)
    return [f"{word:<{_KEY}}{part}" for word, part in zip_longest([key], parts, fillvalue="")]


def _about(data: Data, paint: Paint) -> Iterator[tuple[str, str]]:
    state = clean(data["state"])
    yield "job", clean(data["id"])
    phase = clean(data["phase"])
    yield "state", paint(state, state) + (f" ({phase})" if phase not in ("", state) else "")
    yield "error", clean(data["error"])
    yield "note", clean(data.get("note") or "")
    yield "waits", clean(data.get("waits") or "").removeprefix("waits ")
    yield "function", clean(data["function"])
    yield "call", cut(clean(data["description"]), 500)
    yield "run", clean(data["runid"])
    yield "place", " ".join(filter(None, (clean(data["place"]), clean(data["label"]))))
    yield "parent", clean(data["parent"])
    yield "queue", clean(data["queue"])
    worker = clean(data["worker"])
    yield "worker", worker + (f", pid {data['pid']}" if data["pid"] and worker else "")


def _course(data: Data, now: float) -> Iterator[tuple[str, str]]:
    waited = data["enqueued_at"] or data["created_at"]
    yield "enqueued", _moment(waited, now)
    yield "started", _moment(data["started_at"], now)
    yield "ended", _end(data, now)
    yield "progress", _progress(data["progress"])
    yield "timeout", span(data["timeout"]) if (data["timeout"] or 0) > 0 else ""
    yield "cpus", clean(data["cpus"])
    yield "lock", clean(data.get("lock") or "")
    for name, held in data.get("limits", {}).items():
        yield "limit", f"{clean(name)} {clean(held['value'])}, set by the {clean(held['source'])}"
    yield "retries", f"{data['retries_left']} left" if data["retries_left"] else ""
    yield "crashes", str(data["crashes"] or "")
    yield "usage", _usage(data["usage"])
    yield "ended by", _rungs(data["rungs"])
    left = data["left_behind"]
    yield "left", f"{plural(left, 'process', 'processes')} behind, ended by weppd" if left else ""
    yield "result", cut(clean(data["result"]), 500)
    yield "log", clean(data["log"])


def _moment(epoch: float | None, now: float) -> str:
    return f"{clock(epoch)}, {span(now - epoch)} ago" if epoch else ""


def _end(data: Data, now: float) -> str:
    if not data["ended_at"]:
        return ""
    ran = _since(data["started_at"], data["ended_at"])
    return _moment(data["ended_at"], now) + (f", ran {ran}" if ran else "")


def _progress(progress: Data | None) -> str:
    if not progress or not (progress["total"] or progress["note"]):
        return ""
    parts = [f"{progress['done']:g}/{progress['total']:g}", _percent(progress)]
    if progress["eta_s"] is not None:
        parts.append(f"{span(progress['eta_s'])} to go")
    return ", ".join(filter(None, (*parts, clean(progress["note"]))))


def _usage(usage: Data | None) -> str:
    if not usage:
        return ""
    held = usage.get("stopped_s") or 0
    parts = [
        f"{span(usage['user_s'])} user",
        f"{span(usage['system_s'])} system",
        f"{size(usage['peak_bytes'])} peak",
        plural(usage["processes"], "process", "processes"),
        f"held still for {span(held)} by cpu.max" if held else "",
    ]
    return ", ".join(filter(None, parts))


def _rungs(rungs: Mapping[str, int]) -> str:
    ended = ((name.removeprefix("SIG"), count) for name, count in rungs.items() if count)
    return ", ".join(f"{count} at SIG{clean(name)}" for name, count in ended)


def cancelled(data: Data) -> str:
    """What a cancel did: how many processes ended at which signal, that none is left, and what
    became of the jobs below."""
    line = f"job {clean(data['job'])}: {_end_of_one(data)}"
    tree = _end_of_tree(data)
    line += f"; {tree}" if tree else ""
    return f"{line}; {clean(data['note'])}" if data["note"] else line


def _end_of_tree(data: Data) -> str:
    """The jobs of the whole tree, where there are more than the one that was named."""
    counts = {
        "cancelled before they began": data["canceled"],
        "stopped": data["stopped"],
        "still ending": data["ending"],
    }
    total = sum(counts.values())
    if total == 0 or (total == 1 and data["was"] not in TERMINAL):
        return ""
    parts = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"of its tree of jobs: {parts}"


def _end_of_one(data: Data) -> str:
    name, was, state = clean(data["job"]), data["was"], data["state"]
    if was in TERMINAL and state != "canceled":
        below = data["canceled"] + data["stopped"] + data["ending"]
        return f"was {was} already" + ("" if below else "; nothing to cancel")
    if data["survivors"]:
        return _alive(data)
    # "Nothing lives" is said of an end that has been seen, and of nothing else.
    if not data["waited"] or state not in TERMINAL:
        return f"the cancel is under way; `weppdctl show {name}` tells when it is over"
    rungs = _rungs(data["rungs"])
    if not rungs:
        return f"{state}; no process of it lives"
    count = sum(data["rungs"].values())
    took = f" in {span(data['seconds'])}" if data["seconds"] is not None else ""
    ended = f"{plural(count, 'process', 'processes')} ended{took}: {rungs}"
    return f"{state}; {ended}; nothing of it lives"


def retried(data: Data) -> str:
    """Which jobs are on their queues again, and how many wait for them."""
    count, woken = len(data["retried"]), data["woken"]
    who = data["job"] if data["retried"] == [data["job"]] else f"{plural(count, 'job')} below it"
    line = f"job {clean(data['job'])}: "
    line += "on its queue again" if who == data["job"] else f"{who} on their queues again"
    return line + (f"; {plural(woken, 'job waits', 'jobs wait')} for that again" if woken else "")


def mood(data: Data) -> str:
    """What the daemon is about after a verb that steers it."""
    line = f"weppd: {clean(data['mood'])}; {plural(data['running'], 'job runs', 'jobs run')}"
    paused = data.get("paused")
    return line + (f"; paused: {', '.join(map(clean, paused))}" if paused else "")


def reloaded(data: Data, seconds: float) -> str:
    """That the daemon has begun again, by its new status."""
    busy = sum(1 for slot in data["slots"] if slot["job"])
    line = f"weppd: began again, {span(seconds)}; {clean(data['mood'])}"
    return f"{line}; {plural(busy, 'job runs', 'jobs run')}"


def _alive(data: Data) -> str:
    pids = ", ".join(str(pid) for pid in data["undead"])
    still = "still lives" if data["survivors"] == 1 else "still live"
    line = f"{plural(data['survivors'], 'process', 'processes')} {still}"
    return line + (f" (pid {pids}: the kernel does not let go of it yet)" if pids else "")


def enqueued(data: Data) -> str:
    """Where the new job is."""
    return f"job {clean(data['id'])}: on queue {clean(data['queue'])}"


def ended(data: Data) -> str:
    """How a job that was waited for ended."""
    took = _since(data["started_at"], data["ended_at"]) if data["ended_at"] else ""
    line = f"job {clean(data['id'])}: {clean(data['state'])}" + (f" after {took}" if took else "")
    return line + (f": {clean(data['error'])}" if data["error"] else "")
