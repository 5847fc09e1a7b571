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
    """What reseeds random numbers stays, and is shorter."""
    words = """
put_back = forkhooks.leave_out()
print(found, len(sum(forkhooks._lists, [])))
put_back()
print([list(hooks) for hooks in forkhooks._lists] == whole, sum(map(len, whole)))
"""
    assert said_by(words) == "True 1\nTrue 8\n"


def test_random_numbers_of_a_child_are_its_own() -> None:
    """Neither uniform nor normal deviates are its parent's, or another child's."""
    words = """
forkhooks.leave_out()
random.gauss(0, 1)
def child():
    ours, its = os.pipe()
    if os.fork() == 0:
        os.write(its, repr((random.gauss(0, 1), random.random())).encode())
        os._exit(0)
    return os.read(ours, 100).decode()
print(len({child(), child(), repr((random.gauss(0, 1), random.random()))}))
"""
    assert said_by(words) == "3\n"


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
