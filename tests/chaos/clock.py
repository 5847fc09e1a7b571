"""The wall clock of a few processes, moved by a library that is loaded before all others.

The machine's own clock belongs to everybody. So the processes under test read theirs through a
shim that adds what stands in a file; the clocks that only ever go forward are left alone.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *offset_s;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("CHAOS_CLOCK");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *seen = mmap(0, sizeof(long long), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (seen != MAP_FAILED) offset_s = seen;
}

int clock_gettime(clockid_t id, struct timespec *at) {
  int said = syscall(SYS_clock_gettime, id, at);
  if (!said && offset_s && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
    at->tv_sec += *offset_s;
  return said;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


class Clock:
    """The wall clock of whoever is started with `env`."""

    def __init__(self, home: Path) -> None:
        self._file, library = home / "clock", home / "clock.so"
        self.offset_s = 0
        self.step(0)
        self.env: dict[str, str] = {}
        if compiler := shutil.which("cc"):
            argv = [compiler, "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", str(library)]
            subprocess.run(argv, input=SOURCE, text=True, check=True)
            self.env = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._file)}

    @property
    def can_step(self) -> bool:
        """Whether there is a compiler to make the shim with."""
        return bool(self.env)

    def step(self, to_s: int) -> None:
        """Have the clock show the true time and so many seconds."""
        self.offset_s = to_s
        with self._file.open("r+b" if self._file.exists() else "w+b") as file:
            file.write(struct.pack("=q", to_s))
