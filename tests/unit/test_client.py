"""The client's options, and what it imports."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from rq import Callback as RqCallback
from rq import Retry as RqRetry
from rq.job import Dependency

from weppd.model import Callback
from weppd.store.nouns import Retry
from weppd.store.options import dotted, seconds, spec, split

TASK = "tasks.wepp_rq.run_hillslope_rq"


def made(**options: Any) -> Any:
    """The spec for these options."""
    return spec(TASK, (), {}, options, "default", "pickle")


def test_the_client_imports_neither_rq_nor_tasks() -> None:
    """A web process pays for redis-py and a few light modules only."""
    code = (
        "import sys, weppd.client;"
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'rq', 'tasks', 'numpy', 'pydantic', 'starlette', 'click', 'rich', 'psutil'}))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_options_are_told_from_the_functions_own_keywords() -> None:
    """rq's option names are options; everything else is the function's."""
    options, own = split({"job_timeout": 5, "wepp_bin": "x", "meta": {}, "runid": "r"})
    assert options == {"job_timeout": 5, "meta": {}}
    assert own == {"wepp_bin": "x", "runid": "r"}


def test_a_function_is_named_by_its_module() -> None:
    """The function itself will do; one that no worker can import is refused by name."""
    assert dotted(subprocess.run) == "subprocess.run"
    with pytest.raises(ValueError, match="cannot be enqueued"):
        dotted(lambda: None)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(None, None), (90, 90), ("90", 90), ("30m", 1800), ("12h", 43200), ("1d", 86400), (-1, -1)],
)
def test_periods_are_seconds_or_words(given: Any, wanted: int | None) -> None:
    """As rq takes them."""
    assert seconds("job_timeout", given) == wanted


def test_a_bad_period_is_named() -> None:
    """The message says which option and how to write it."""
    with pytest.raises(ValueError, match="job_timeout='soon' is no period"):
        made(job_timeout="soon")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (3, Retry(3)),
        (Retry(2, (1,)), Retry(2, (1,))),
        (RqRetry(max=2, interval=[10, 60]), Retry(2, (10, 60))),
        (RqRetry(max=2), Retry(2, (0,))),
    ],
)
def test_a_retry_of_rqs_is_understood(given: Any, wanted: Retry) -> None:
    """Numbers, our Retry and rq's."""
    assert made(retry=given).retry == wanted


def test_a_callback_of_rqs_is_understood() -> None:
    """Names, functions, our Callback and rq's."""
    assert made(on_success="m.f").on_success == Callback("m.f", 60)
    assert made(on_success=RqCallback("m.f", timeout=5)).on_success == Callback("m.f", 5)
    assert made(on_failure=subprocess.run).on_failure == Callback("subprocess.run", 60)


def test_dependencies_may_be_ids_jobs_or_rqs_dependency() -> None:
    """One or many, and whether their failure is allowed."""
    assert made(depends_on="a").depends_on == ("a",)
    assert made(depends_on=["a", "b"]).depends_on == ("a", "b")
    told = made(depends_on=Dependency(jobs=["a", "b"], allow_failure=True, enqueue_at_front=True))
    assert (told.depends_on, told.allow_failures, told.at_front) == (("a", "b"), True, True)


def test_a_bad_job_id_is_refused() -> None:
    """RQ's ids hold letters, digits, - and _."""
    with pytest.raises(ValueError, match="job_id='a:b'"):
        made(job_id="a:b")
