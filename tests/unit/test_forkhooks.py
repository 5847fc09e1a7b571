"""What libraries have done around a fork, as an interpreter of its own has it."""

from __future__ import annotations

import subprocess
import sys

_FORKED = """
import concurrent.futures.thread, logging, os, random, threading
from weppd.cell import forkhooks
found = forkhooks.find()
whole = [list(hooks) for hooks in forkhooks._lists]
"""


def said_by(words: str) -> str:
    """What an interpreter says that has these libraries, when it runs this."""
    command = [sys.executable, "-c", _FORKED + words]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout


def test_all_that_renews_locks_is_left_out_and_put_back_in_its_place() -> None:
    """What reseeds random numbers stays: a child must not draw its parent's."""
    words = """
put_back = forkhooks.leave_out()
print(found, sum(forkhooks._lists, []) == [random._inst.seed])
put_back()
print([list(hooks) for hooks in forkhooks._lists] == whole, sum(map(len, whole)))
"""
    assert said_by(words) == "True True\nTrue 8\n"


def test_function_of_another_version_that_does_more_is_not_left_out() -> None:
    """It may do what a child needs: its locks are renewed as before."""
    words = """
def _after_fork(): threading.current_thread()._set_native_id()
hook = threading._after_fork
hook.__code__ = _after_fork.__code__
forkhooks.leave_out()
print(hook in sum(forkhooks._lists, []))
"""
    assert said_by(words) == "True\n"


def test_library_of_which_one_function_is_not_known_keeps_all() -> None:
    """Without its counterpart, what takes a lock would take it for ever."""
    words = """
taking = getattr(logging, "_acquireLock", None) or logging._prepareFork
logging._after_at_fork_child_reinit_locks = print
forkhooks.leave_out()
print(taking in sum(forkhooks._lists, []))
"""
    assert said_by(words) == "True\n"


def test_child_of_a_process_that_left_it_out_knows_its_thread() -> None:
    """Its main thread is alive, and its own children have their locks renewed."""
    words = """
put_back = forkhooks.leave_out()
handler = logging.StreamHandler()
lock = handler.lock
pid = os.fork()
if pid == 0:
    put_back()
    threads = [threading.Thread(target=lambda: None) for _ in range(2)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    held = threading.Event()
    def hold():
        with lock:
            held.set()
            threading.Event().wait()
    threading.Thread(target=hold, daemon=True).start()
    held.wait()
    inner = os.fork()
    if inner == 0:
        lock.acquire()
        os._exit(7 if threading.main_thread() is threading.current_thread() else 1)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert said_by(words) == "7\n"
