"""Stubs of the public modules: generated into the wheel, and held against what the wheel does.

`build` runs stubgen over the public modules and builds the wheel with the result. `check` does
that, installs the wheel alone into a fresh environment, runs stubtest there, lets mypy read a
user's code against it, and compares the stubs in the wheel with what stubgen makes of its modules.
"""

from __future__ import annotations

import filecmp
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUBS = ROOT / "build" / "stubs"
FRESH = ROOT / "build" / "stubs-env"
AGAIN = ROOT / "build" / "stubs-again"
CONSUMER = ROOT / "tests" / "stubs" / "consumer.py"
ALLOWED = ROOT / ".ci" / "stubtest-allow.txt"

#: mypy is compiled, and its modules cannot be run by `python -m`.
STUBGEN = "from mypy.stubgen import main; main()"
STUBTEST = "import sys; from mypy.stubtest import main; sys.exit(main())"

#: Modules that others write code against, and the task modules as the seed names them.
PUBLIC = (
    *("errors", "model", "runs", "settings", "task", "client", "flask", "job_info", "cancel_job"),
)
TASKS = (
    *("project_rq", "wepp_rq", "batch_rq", "omni_rq", "path_ce_rq", "land_and_soil_rq"),
    *("interchange_rq", "weppcloudr_rq", "agent_rq"),
)


def public_modules() -> list[str]:
    """The public modules that exist, by their dotted names."""
    named = [f"weppd.{name}" for name in PUBLIC] + [f"tasks.{name}" for name in TASKS]
    return [name for name in named if importlib.util.find_spec(name)]


def main(verb: str) -> int:
    """Carries out one verb; returns the exit code."""
    if verb not in ("build", "check"):
        print("usage: stubs.py build | check", file=sys.stderr)
        return 2
    wheel = build(public_modules())
    print(f"{wheel.relative_to(ROOT)}: {len(list(STUBS.rglob('*.pyi')))} stubs")
    return check(wheel, public_modules()) if verb == "check" else 0


def build(modules: list[str]) -> Path:
    """The wheel, with fresh stubs of `modules` in it."""
    generate(sys.executable, modules, STUBS)
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist), cwd=ROOT)
    [wheel] = dist.glob("*.whl")
    return wheel


def generate(python: str, modules: list[str], into: Path) -> None:
    """Runs stubgen; an inline type that it cannot see is a reason to stop."""
    shutil.rmtree(into, ignore_errors=True)
    named = [part for name in modules for part in ("-m", name)]
    _run(python, "-c", STUBGEN, "--quiet", "-o", str(into), *named)
    for module in modules:
        if not _stub(into, module).is_file():
            raise SystemExit(f"stubgen wrote no stub of {module} into {into}")


def check(wheel: Path, modules: list[str]) -> int:
    """Installs the wheel alone, asks stubtest, compares; 0 where the stubs say what is true."""
    python = _fresh_environment(wheel)
    _run(python, "-c", STUBTEST, "--concise", "--allowlist", str(ALLOWED), *modules)
    _run(python, "-m", "mypy", "--config-file=", "--strict", "--no-incremental", str(CONSUMER))
    generate(python, modules, AGAIN)
    installed = Path(_run(python, "-c", "import weppd; print(weppd.__path__[0])").strip()).parent
    differ = [
        module
        for module in modules
        if not filecmp.cmp(_stub(installed, module), _stub(AGAIN, module), shallow=False)
    ]
    for module in differ:
        print(f"{module}: the stub in the wheel is not that of its module", file=sys.stderr)
    print(f"stubs: {len(modules)} modules checked, {len(differ)} differ")
    return 1 if differ else 0


def _fresh_environment(wheel: Path) -> str:
    """An environment that holds the wheel; what it depends on is lent by ours, weppd is not."""
    shutil.rmtree(FRESH, ignore_errors=True)
    venv.create(FRESH, with_pip=False, symlinks=True)
    python = str(FRESH / "bin" / "python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(_run(python, "-c", ask).strip())
    # Entry by entry, since mypy follows .pth files: ours would lead back to the sources.
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "weppd" not in entry.name and entry.suffix != ".pth":
            (site / entry.name).symlink_to(entry)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    _run(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return python


def _stub(folder: Path, module: str) -> Path:
    return folder / (module.replace(".", "/") + ".pyi")


def _run(*command: str, cwd: Path = ROOT / "build") -> str:
    """The output of a command that must succeed; where it does not, its words and its code.

    Not from the project's own folder, from where Python would find the sources first.
    """
    cwd.mkdir(exist_ok=True)
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise SystemExit(f"{' '.join(command[1:4])} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
