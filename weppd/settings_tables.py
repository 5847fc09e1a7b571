"""The tables of weppd.toml, one frozen dataclass each: keys, defaults, and how each is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weppd import settings_checks as checks
from weppd import settings_redis
from weppd.settings_checks import absolute, at_least, each, one_of, unless_empty


@dataclass(frozen=True, slots=True)
class Daemon:
    """[daemon]: this node, and where it keeps its files. Workers are called `<name>.<slot>`."""

    name: str = field(default="localhost", metadata={"check": checks.NAME})
    slots: int = field(default=1, metadata={"check": at_least(1)})
    state_dir: str = field(default="/var/lib/weppd", metadata={"check": absolute})
    runtime_dir: str = field(default="/run/weppd", metadata={"check": checks.runtime_dir})
    log_dir: str = field(default="/var/log/weppd", metadata={"check": absolute})
    admin_socket: str = field(
        default="/run/weppd-admin/admin.sock", metadata={"check": checks.socket_path}
    )
    log_level: str = field(
        default="info", metadata={"check": one_of("debug", "info", "warning", "error")}
    )
    watch: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Redis:
    """[redis]: the shared store. Times in seconds; the databases are those of WEPPcloud."""

    url: str = field(default=settings_redis.DEFAULT_URL, metadata={"check": settings_redis.check})
    prefix: str = field(default="rq", metadata={"check": checks.NAME})
    status_db: int = field(default=2, metadata={"check": at_least(0)})
    lock_db: int = field(default=0, metadata={"check": at_least(0)})
    connect_timeout_s: float = field(default=2.0, metadata={"check": at_least(0.05)})
    call_timeout_s: float = field(default=5.0, metadata={"check": at_least(0.05)})

    def __repr__(self) -> str:
        return f"Redis(url={settings_redis.masked(self.url)!r}, prefix={self.prefix!r})"


@dataclass(frozen=True, slots=True)
class Queues:
    """[queues]: which queues this node serves, in strict order of precedence; how many jobs of
    short tasks a slot is given at a time."""

    names: tuple[str, ...] = field(
        default=("high", "default", "low"), metadata={"check": each(checks.QUEUE, least=1)}
    )
    prefetch: int = field(default=1, metadata={"check": at_least(1)})


@dataclass(frozen=True, slots=True)
class Jobs:
    """[jobs]: seconds that hold for a job that carries none of its own; a TTL of -1 is for ever."""

    result_ttl: int = field(default=604_800, metadata={"check": at_least(-1)})
    failure_ttl: int = field(default=31_536_000, metadata={"check": at_least(-1)})
    timeout: int = field(default=43_200, metadata={"check": at_least(1)})


#: Limits by name, as weppd.limits reads them.
Held = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Host:
    """[host]: what the jobs of this node may claim together.

    `cpus` of 0 is the larger of the CPUs that weppd may use and its slots; memory that is empty is
    not counted.
    """

    cpus: int = field(default=0, metadata={"check": at_least(0)})
    memory: str = field(default="", metadata={"check": unless_empty(checks.memory)})


@dataclass(frozen=True, slots=True)
class Limits:
    """[limits]: what no job may exceed, and who holds it: the kernel's cgroups, or weppd itself."""

    backend: str = field(default="auto", metadata={"check": one_of("auto", "psutil", "cgroup")})
    each: Held = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """[queue.<name>]: what holds for each job of one queue, where its task or it says no less.

    `cpus` ("", a number or "all") and `memory` are what a job claims that says nothing itself.
    """

    cpus: str = field(default="", metadata={"check": unless_empty(checks.CPUS)})
    memory: str = field(default="", metadata={"check": unless_empty(checks.memory)})
    limits: Held = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancel:
    """[cancel]: seconds from SIGUSR1 to SIGTERM, and from there to SIGKILL; 0 skips the rung.

    `kill_grace`: seconds from SIGKILL till a process that will not die is named and given up.
    """

    usr1_grace: float = field(default=10.0, metadata={"check": at_least(0)})
    term_grace: float = field(default=5.0, metadata={"check": at_least(0)})
    kill_grace: float = field(default=30.0, metadata={"check": at_least(1)})


@dataclass(frozen=True, slots=True)
class Stop:
    """[stop]: what becomes of running jobs at SIGTERM; `timeout` (s) bounds the modes that wait."""

    mode: str = field(
        default="detach", metadata={"check": one_of("detach", "drain", "requeue", "cancel")}
    )
    timeout: float = field(default=300.0, metadata={"check": at_least(0)})


#: weppd's own modules of tasks whose imports cost more than the forks that carry them.
PRELOADED = ("tasks.interchange_rq", "tasks.wepp_rq")


@dataclass(frozen=True, slots=True, repr=False)
class Zygote:
    """[zygote.<class>]: a family of cells: its interpreter (empty: weppd's own), its imports.

    Where "light" says neither, it preloads what of `PRELOADED` is among the modules of tasks.
    """

    python: str = field(default="", metadata={"check": unless_empty(absolute)})
    preload: tuple[str, ...] = field(default=(), metadata={"check": each(checks.MODULE)})
    jobs_per_child: int = field(default=1, metadata={"check": at_least(1)})
    env: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = f"python={self.python!r}, preload={self.preload!r}"
        return f"Zygote({shown}, jobs_per_child={self.jobs_per_child}, env={sorted(self.env)})"


LIGHT = Zygote(preload=PRELOADED)


@dataclass(frozen=True, slots=True)
class Tasks:
    """[tasks]: the modules that hold tasks; prefixes of functions' names to read as others."""

    modules: tuple[str, ...] = field(
        default=(
            *("tasks.wepp_rq", "tasks.interchange_rq", "tasks.project_rq"),
            *("tasks.batch_rq", "tasks.omni_rq", "tasks.path_ce_rq"),
            *("tasks.land_and_soil_rq", "tasks.weppcloudr_rq", "tasks.agent_rq", "tasks.noop"),
        ),
        metadata={"check": each(checks.MODULE)},
    )
    alias: Mapping[str, str] = field(default_factory=lambda: {"wepppy.rq": "tasks"})


@dataclass(frozen=True, slots=True)
class Security:
    """[security]: what a payload may name beside the tasks; who may use the admin socket."""

    allow: tuple[str, ...] = field(default=(), metadata={"check": each(checks.ALLOW)})
    allow_types: tuple[str, ...] = field(default=(), metadata={"check": each(checks.TYPE)})
    admin_group: str = field(default="", metadata={"check": unless_empty(checks.NAME)})
    read_group: str = field(default="", metadata={"check": unless_empty(checks.NAME)})


@dataclass(frozen=True, slots=True)
class Run:
    """[run]: where run directories are; the first root that holds a run is its home."""

    roots: tuple[str, ...] = field(
        default=("/wc1/runs", "/geodata/weppcloud_runs"), metadata={"check": each(absolute)}
    )
    batch_root: str = field(default="/wc1/batch", metadata={"check": unless_empty(absolute)})


@dataclass(frozen=True, slots=True)
class Binary:
    """[wepp.binaries.<name>]: how one executable differs: its prompt contract.

    `answers` names the order in which it reads the `.run` file, `name_chars` is how much of a file
    name it keeps, and the markers are what its output holds after a whole simulation.
    """

    answers: str = field(default="weppcloud", metadata={"check": checks.NAME})
    name_chars: int = field(default=50, metadata={"check": at_least(8)})
    hillslope_marker: str = "COMPLETED HILLSLOPE SIM"
    watershed_marker: str = "COMPLETED WATERSHED SIM"


@dataclass(frozen=True, slots=True)
class Wepp:
    """[wepp]: the executables; `default_bin` serves jobs that name none.

    `management_dir` has the management files that runs name and do not hold; empty for none.
    """

    bin_dir: str = field(default="/usr/local/lib/weppd/bin", metadata={"check": absolute})
    management_dir: str = field(default="", metadata={"check": unless_empty(absolute)})
    default_bin: str = field(default="", metadata={"check": unless_empty(checks.BINARY)})
    binaries: Mapping[str, Binary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Data:
    """[data]: the maps and files of a site that runs are made of; empty for none of a kind.

    `landuse` is a directory of rasters of class codes, by their names (`nlcd/2019`), and
    `landuse_classes` the table that says what grows where a code stands. `soils` has rasters of map
    units, `soil_files` a soil file for each unit, `climate` climate files of stations, of which one
    counts for what is no farther than `station_km` from it. `dem` is a raster of elevations (m). No
    map is made that has more cells than `max_map_dimension_px` either way. Extracts of maps are put
    into the directory `extracts`, which keeps those that were used within `extracts_days` days, and
    at most `extracts_gib` GiB; 0 is no bound.
    """

    dem: str = field(default="", metadata={"check": unless_empty(absolute)})
    landuse: str = field(default="", metadata={"check": unless_empty(absolute)})
    landuse_classes: str = field(default="", metadata={"check": unless_empty(absolute)})
    soils: str = field(default="", metadata={"check": unless_empty(absolute)})
    soil_files: str = field(default="", metadata={"check": unless_empty(absolute)})
    climate: str = field(default="", metadata={"check": unless_empty(absolute)})
    station_km: float = field(default=100.0, metadata={"check": at_least(0)})
    max_map_dimension_px: int = field(default=4096, metadata={"check": at_least(1)})
    extracts: str = field(default="/wc1/land_and_soil_rq", metadata={"check": absolute})
    extracts_days: float = field(default=90.0, metadata={"check": at_least(0)})
    extracts_gib: float = field(default=100.0, metadata={"check": at_least(0)})


@dataclass(frozen=True, slots=True)
class Scribe:
    """[scribe]: how many days a job's log stays in `log_dir`; 0 keeps it for ever."""

    keep_days: float = field(default=30.0, metadata={"check": at_least(0)})


@dataclass(frozen=True, slots=True)
class Node:
    """[node]: when nodes take each other for dead (s): a lease that stands still for `lease_s`.

    A node that stops with its jobs going on is given `hold_s` to come back. `settle_s` is how long
    nothing is claimed after the store was restarted or replaced, until all nodes have told theirs.
    """

    lease_s: float = field(default=60.0, metadata={"check": at_least(1)})
    hold_s: float = field(default=600.0, metadata={"check": at_least(0)})
    settle_s: float = field(default=3.0, metadata={"check": at_least(0)})


@dataclass(frozen=True, slots=True, repr=False)
class Notify:
    """[notify]: who is told that a run is complete; without a webhook nobody is.

    `discord` is the address of a Discord webhook, which is a secret; `site` is put before the run's
    path in links.
    """

    discord: str = field(default="", metadata={"check": unless_empty(checks.web_address)})
    site: str = field(
        default="https://wepp.cloud/weppcloud", metadata={"check": checks.web_address}
    )

    def __repr__(self) -> str:
        return f"Notify(discord={'set' if self.discord else 'not set'}, site={self.site!r})"


@dataclass(frozen=True, slots=True)
class Compat:
    """[compat]: where older readers of a run's state look.

    `ledger` is "full" for one hash under the whole run id, "both" for a copy under its last part.
    """

    ledger: str = field(default="full", metadata={"check": one_of("full", "both")})


@dataclass(frozen=True, slots=True)
class Flask:
    """[flask]: what the blueprint of `tasks.web` does for pages that are older than it."""

    legacy_get_cancel: bool = False
