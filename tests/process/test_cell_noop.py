"""The shortest way: zygote, cell, warm child, a job that does nothing, over, ack."""

from __future__ import annotations

import pytest

from tests.process.fakeweppd import FakeWeppd


@pytest.fixture
def weppd(tmp_path):
    """A fake weppd with one cell."""
    fake = FakeWeppd(tmp_path)
    fake.spawn()
    yield fake
    fake.close()


def test_a_job_that_does_nothing(weppd):
    """A job travels from start to over and the cell takes the next one after the ack."""
    ready = weppd.set_up()
    assert ready["problems"] == []
    assert ready["registry"]["tasks.noop.noop"]["short"] is True
    hello = weppd.fork()
    assert hello["phase"] == "idle"
    for _ in range(3):
        over = weppd.run("tasks.noop.noop", 1, 2)
        began = weppd.wait("began", eid=over["eid"])
        assert over["verdict"] == {"kind": "finished", "none": True}
        assert (over["status"], over["pid"]) == (0, began["pid"])
        assert over["usage"]["processes"] == 1
