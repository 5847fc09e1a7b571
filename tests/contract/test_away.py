"""When Redis is away, late, or forgets to answer: what a store says, and that nothing is lost."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.contract.build import NODE, a_job, an_ask, an_end, claimed
from tests.contract.proxy import Proxy, between
from weppd.embedded import Embedded
from weppd.errors import StoreAway, StoreChanged, StoreDenied, StoreError
from weppd.model import Answer
from weppd.store.nouns import Exchanged
from weppd.store.server.faults import Fault
from weppd.store.server.line import Line, address
from weppd.store.server.redis import RedisStore


def play(
    server: Embedded, story: Callable[[RedisStore, Proxy], Awaitable[None]], call_s: float = 5.0
) -> None:
    """Play a story on a store whose line goes through a proxy."""

    async def whole() -> None:
        with tempfile.TemporaryDirectory(prefix="wp-") as directory:
            async with between(server.socket, Path(directory)) as proxy:
                store = RedisStore(proxy.url, call_timeout_s=call_s)
                await store.open()
                try:
                    await asyncio.wait_for(story(store, proxy), 30)
                finally:
                    await store.close()

    asyncio.run(whole())


@pytest.fixture
def server(redis_server: Embedded, redis_url: str) -> Embedded:
    """The session's server, emptied."""
    return redis_server


def test_a_claim_whose_reply_was_cut_off_loses_no_job(server: Embedded) -> None:
    """The jobs are out of the queue and nobody was told: the same token gets them."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        await store.enqueue([a_job() for _ in range(3)])
        ask = an_ask(2)
        proxy.swallow = True
        with pytest.raises(StoreAway):
            await store.exchange([], ask)
        proxy.swallow = False
        again = await store.exchange([], ask)
        assert [c.eid for c in again.claims] == list(ask.eids)
        assert (await store.counts())["default"].queued == 1

    play(server, story)


def test_a_finish_whose_reply_was_cut_off_is_known_when_it_is_sent_again(server: Embedded) -> None:
    """It was written; the second sending says so, and writes nothing twice."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        proxy.swallow = True
        with pytest.raises(StoreAway):
            await store.exchange([an_end(claim)], None)
        proxy.swallow = False
        assert (await store.exchange([an_end(claim)], None)).answers == (Answer.ALREADY,)
        assert (await store.counts())["default"].finished == 1

    play(server, story)


def test_a_command_is_not_sent_twice_when_the_line_breaks(server: Embedded) -> None:
    """A plain counter counts one, whatever the line did."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        line = Line(address(proxy.url))
        await line.call("PING")
        proxy.swallow = True
        with pytest.raises(StoreAway):
            await line.call("INCR", "counter")
        proxy.swallow = False
        assert await line.call("GET", "counter") == b"1"
        await line.close()

    play(server, story)


def test_a_server_that_does_not_answer_in_time_is_away(server: Embedded) -> None:
    """A call ends at its deadline, and so do all calls behind it; later ones work again."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        proxy.deaf = True
        calls = [store.counts(), store.pulse(NODE, []), store.exchange([], an_ask(1))]
        said = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(error) for error in said] == [StoreAway] * 3
        assert "no reply within 0.2 s" in str(said[0])
        proxy.deaf = False
        assert (await store.pulse(NODE, [])).seq == 1

    play(server, story, call_s=0.2)


def test_the_doorbell_tells_that_the_store_went_away_and_works_again(server: Embedded) -> None:
    """wait ends with StoreAway when its line breaks; the next wait hears the next job."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        bell = asyncio.create_task(store.wait(["high", "default"], 20))
        while not bell.done():
            await proxy.cut()
            await asyncio.sleep(0.01)
        with pytest.raises(StoreAway):
            bell.result()
        bell = asyncio.create_task(store.wait(["high", "default"], 20))
        await store.enqueue([a_job()])
        assert await bell == Exchanged()

    play(server, story)


def test_the_commands_tell_that_the_store_went_away(server: Embedded) -> None:
    """The iterator ends with StoreAway when its line breaks, so that its reader can begin anew."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        commands = store.commands(NODE.workers)
        first = asyncio.ensure_future(anext(commands))
        while not first.done():
            await proxy.cut()
            await asyncio.sleep(0.01)
        with pytest.raises(StoreAway):
            first.result()

    play(server, story)


def test_calls_at_once_on_a_new_line_all_go_to_the_right_database(server: Embedded) -> None:
    """No call slips in between connecting and choosing the database."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        line = Line(address(server.url(5)))
        await asyncio.gather(*(line.call("SET", f"k{i}", i) for i in range(50)))
        assert await line.call("DBSIZE") == 50
        got = await asyncio.gather(*(line.call("GET", f"k{i}") for i in range(50)))
        assert got == [str(i).encode() for i in range(50)]
        await line.close()

    play(server, story)


def test_a_call_given_up_does_not_shift_the_replies_of_others(server: Embedded) -> None:
    """A cancelled caller's reply is thrown away, not handed to the next one."""

    async def story(store: RedisStore, proxy: Proxy) -> None:
        line = Line(address(server.url(5)))
        await line.call("PING")
        given_up = asyncio.create_task(line.call("ECHO", "mine"))
        kept = asyncio.create_task(line.call("ECHO", "theirs"))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await kept == b"theirs"
        await line.close()

    play(server, story)


def test_no_server_at_all_is_away_and_named() -> None:
    """The message names the address, and no password."""

    async def story() -> None:
        store = RedisStore("unix://:secret@/nowhere/redis.sock?db=9")
        with pytest.raises(StoreAway, match=r"redis at /nowhere/redis\.sock is away") as caught:
            await store.open()
        assert "secret" not in str(caught.value)
        assert "secret" not in repr(store)
        await store.close()

    asyncio.run(story())


def test_a_wrong_password_is_said_to_be_refused(server: Embedded) -> None:
    """That does not pass by waiting: StoreError, and not StoreAway."""

    async def story() -> None:
        store = RedisStore(f"unix://nobody:secret@{server.socket}?db=9")
        with pytest.raises(StoreError, match="refused: WRONGPASS") as caught:
            await store.open()
        assert not isinstance(caught.value, StoreAway)
        await store.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ("redis_version:7.0.15\r\nredis_mode:cluster", "is a cluster"),
        ("redis_version:5.0.14\r\nredis_mode:standalone", "6.2 or newer is needed"),
    ],
)
def test_a_server_that_cannot_serve_is_refused_at_the_start(info: str, words: str) -> None:
    """A cluster, and a server too old, are refused with what would do."""

    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(4096):
            text = info.encode()
            said = b"$%d\r\n%s\r\n" % (len(text), text) if b"INFO" in asked else b"+OK\r\n"
            writer.write(said)
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    async def story() -> None:
        with tempfile.TemporaryDirectory(prefix="wp-") as directory:
            path = f"{directory}/old.sock"
            listener = await asyncio.start_unix_server(answer, path)
            store = RedisStore(f"unix://{path}")
            with pytest.raises(StoreError, match=words):
                await store.open()
            await store.close()
            await hung_up.wait()
            listener.close()

    asyncio.run(story())


def test_an_address_that_is_none_is_refused() -> None:
    """A wrong scheme is named at once."""
    with pytest.raises(StoreError, match="redis url cannot be read"):
        RedisStore("http://localhost")


def test_a_restarted_server_is_found_again() -> None:
    """With a durable server the job that was enqueued before the restart is claimed after it."""

    async def story(owned: Embedded) -> None:
        store = RedisStore(owned.url())
        await store.open()
        (jid,) = await store.enqueue([a_job()])
        owned.stop()
        with pytest.raises(StoreAway):
            await store.counts()
        owned.start()
        with pytest.raises(StoreChanged):
            await claimed(store)
        await asyncio.wait_for(store.parted(), 5)
        await store.greet("n", 3.0)
        await store.reassert("n", [])
        await store.met("n")
        assert [c.job.id for c in await claimed(store)] == [jid]
        await store.close()

    with tempfile.TemporaryDirectory(prefix="wp-") as directory:
        owned = Embedded(directory, durable=True)
        owned.start()
        try:
            asyncio.run(story(owned))
        finally:
            owned.stop()


def test_a_right_that_is_taken_away_is_waited_for_and_at_the_start_a_wrong_setting(
    server: Embedded,
) -> None:
    """An operator who changes the user in Redis must not end a weppd that was at work."""
    url = server.url(9).replace("unix://", "unix://mary:secret@")

    async def story(store: RedisStore, proxy: Proxy) -> None:
        line, marys = Line(address(server.url(9))), RedisStore(url)
        await line.call("ACL", "SETUSER", "mary", "reset", "on", ">secret", "~*", "&*", "+@all")
        await marys.open()
        for taken in ("-evalsha", "-lpop", "-blmove"):
            await line.call("ACL", "SETUSER", "mary", taken)
        with pytest.raises(StoreDenied, match="NOPERM"):
            await marys.exchange([], an_ask(1))
        with pytest.raises(StoreDenied, match="NOPERM"):
            await marys.wait(["default"], 5)
        await line.call("ACL", "SETUSER", "mary", "+evalsha", "+blmove")
        await marys.enqueue([a_job()])
        with pytest.raises(StoreDenied, match="lpop"):
            await marys.exchange([], an_ask(1))
        await line.call("ACL", "SETUSER", "mary", "+@all")
        assert len((await marys.exchange([], an_ask(1))).claims) == 1
        await line.call("ACL", "SETUSER", "mary", "resetpass", ">other")
        with pytest.raises(StoreError, match="WRONGPASS") as refused:
            await RedisStore(url).open()
        assert not isinstance(refused.value, StoreAway)
        await line.call("ACL", "DELUSER", "mary")
        await marys.close()
        await line.close()

    play(server, story)


@pytest.mark.parametrize(
    ("text", "word", "passing", "denied"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'. script: a", "OOM", True, False),
        (
            "ERR Error running script (call to f_a): @user_script:3: -OOM command not allowed",
            "OOM",
            True,
            False,
        ),
        ("NOREPLICAS Not enough good replicas to write.", "NOREPLICAS", True, False),
        ("ERR max number of clients reached", "ERR", True, False),
        ("NOAUTH Authentication required.", "NOAUTH", False, True),
        ("ERR The user executing the script can't run this command", "ERR", False, True),
        ("ERR ACL failure in script: User mary has no permissions", "ERR", False, True),
        ("WRONGTYPE Operation against a key", "WRONGTYPE", False, False),
        ("ERR unknown command", "ERR", False, False),
    ],
)
def test_error_replies_are_told_apart(text: str, word: str, passing: bool, denied: bool) -> None:
    """What passes by itself, what somebody may mend in Redis, and what nobody can work with."""
    fault = Fault(text)
    assert (fault.word, fault.passing, fault.denied) == (word, passing, denied)
