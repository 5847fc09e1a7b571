"""`python -m tasks.hillsim < p1.run`: answers on standard input, words on standard output.

`compare` holds it against other engines, `plot` draws a hillslope.

Exit code 0 and the marker on success. Any error is one line that names file and thing, without the
marker, and exit code 1: the Fortran engines leave with 0 then, which has fooled their callers.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tasks.hillsim.errors import Refusal
from tasks.wepp.files.errors import FormatError


def main() -> int:
    """Run the answers on standard input in the current directory; the exit code."""
    if sys.argv[1:2] == ["compare"]:
        return _compare(sys.argv[2:])
    if sys.argv[1:2] == ["plot"]:
        return _plot(sys.argv[2:])
    from tasks.hillsim import engine

    text = sys.stdin.buffer.read().decode("latin-1")
    try:
        engine.simulate(text, "standard input", Path(), sys.stdout)
    except (Refusal, FormatError) as error:
        return _failed(str(error))
    except BrokenPipeError:
        # Nobody listens any more; what was written is whole, and there is no one to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}")
    return 0


def _compare(arguments: list[str]) -> int:
    from tasks.hillsim.pictures import compare

    if len(arguments) not in (1, 2) or not (Path(arguments[0]) / "runs").is_dir():
        sys.stderr.write("python -m tasks.hillsim compare DIR [PAGE]: DIR has runs/, output*/\n")
        return 2
    if len(arguments) == 2:
        compare.write(Path(arguments[0]), Path(arguments[1]))
        return 0
    for line in compare.table(list(compare.cases(Path(arguments[0])))):
        sys.stdout.write(line + "\n")
    return 0


def _plot(arguments: list[str]) -> int:
    from tasks.hillsim.pictures import slope as picture

    if len(arguments) not in (2, 3):
        sys.stderr.write("python -m tasks.hillsim plot RUN_DIR p1 [FILE]\n")
        return 2
    target = Path(arguments[2]) if len(arguments) == 3 else None
    try:
        path = picture.draw(Path(arguments[0]), arguments[1], target)
    except (Refusal, FormatError) as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}")
    sys.stdout.write(f"{path}\n")
    return 0


def _failed(why: str) -> int:
    sys.stdout.write(f" ERROR: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
