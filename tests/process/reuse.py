"""Run as the first process of a pid namespace: the number of a deep member goes to a stranger.

Prints what happened as three words. The namespace lets us choose the next process's number.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from weppd.cell.tree import proctree


def fork_as(number: int) -> int:
    """Fork a sleeper with the given number; the number that it got."""
    Path("/proc/sys/kernel/ns_last_pid").write_text(str(number - 1))
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    return pid


asked, ask = os.pipe()
answered, answer = os.pipe()
subreaper = os.fork()
if subreaper == 0:
    proctree.become_subreaper()
    parent = os.fork()
    if parent == 0:
        member = os.fork()
        if member == 0:
            signal.pause()
        os.write(answer, f"{member}\n".encode())
        os.waitpid(member, 0)
        os.write(answer, b"reaped\n")
        signal.pause()
    os.read(asked, 1)
    number = int(os.read(asked, 20))
    sent = proctree._send(number, frozenset({parent, os.getpid()}), signal.SIGKILL)
    os.write(answer, b"sent\n" if sent else b"refused\n")
    proctree.Tree(parent).kill(5)
    os._exit(0)
old = int(os.read(answered, 20))
os.kill(old, signal.SIGKILL)
assert os.read(answered, 20) == b"reaped\n"
new = fork_as(old)
print("reused" if new == old else f"{new}!={old}")
os.write(ask, b"g")
os.write(ask, str(old).encode())
print(os.read(answered, 20).decode().strip())
os.waitpid(subreaper, 0)
print("alive" if os.waitpid(new, os.WNOHANG) == (0, 0) else "hit")
