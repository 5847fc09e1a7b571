"""`python -m tests.vm [pytest's arguments]`: tests on Debian's kernel, with every controller.

Many hosts (containers, small machines) have no controllers of cgroup v2 to hand down; there the
tests of limits hold trees by signals and by the freezer alone. This boots Debian's kernel in QEMU
over this host's own root, read-only below a file system in memory, and runs the same tests there.

Needs root, and Debian's qemu-system-x86, busybox-static and cpio; fetches the kernel's package
(70 MB) into .vm. Emulated, since nested virtual machines are rare: some ten times slower.
"""

from __future__ import annotations

import base64
import gzip
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".vm"
TESTS = ["-q", "tests/process/test_quota.py", "tests/process/test_handing.py",
         "tests/process/test_group.py", "-k", "controllers or handing or group"]  # fmt: skip
MODULES = ("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci",
           "netfs", "fscache", "9pnet", "9pnet_virtio", "9p", "overlay")  # fmt: skip
DONE = "the tests ended with "
INIT = """#!/bin/sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t devtmpfs dev /dev
# Each in its own turn: those that others need go in first, whatever their names.
for turn in 1 2 3 4 5; do for m in /modules/*.ko; do $b insmod $m 2>/dev/null; done; done
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /lower
$b mount -t tmpfs -o size=3g none /upper; $b mkdir /upper/u /upper/w
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/u,workdir=/upper/w none /whole
$b mount -t proc proc /whole/proc; $b mount -t sysfs sys /whole/sys
$b mount -t devtmpfs dev /whole/dev; $b mkdir -p /whole/dev/shm
$b mount -t tmpfs none /whole/dev/shm; $b mount -t tmpfs none /whole/run
$b mount -t cgroup2 none /whole/sys/fs/cgroup
echo "+cpu +cpuset +io +memory +pids" > /whole/sys/fs/cgroup/cgroup.subtree_control
$b ifconfig lo 127.0.0.1 up
exec $b switch_root /whole /bin/sh -c "$($b sed 's/.* run=//' /proc/cmdline | $b base64 -d)"
"""
OFF = "echo o > /proc/sysrq-trigger; while :; do :; done"  # nothing is read any more


def kernel() -> Path:
    """Debian's newest kernel, unpacked; fetched if it is not there yet."""
    place = HOME / "kernel"
    if not place.exists():
        HOME.mkdir(exist_ok=True)
        told = subprocess.check_output(["apt-cache", "depends", "linux-image-amd64"], text=True)
        name = next(word for word in told.split() if word.startswith("linux-image-6"))
        subprocess.run(["apt-get", "download", name], cwd=HOME, check=True)
        (package,) = HOME.glob(f"{name}_*.deb")
        subprocess.run(["dpkg", "-x", package, place], check=True)
    return place


def initrd(modules: Path) -> Path:
    """The first file system: a shell, the modules that reach this host's files, and `INIT`."""
    tree = HOME / "initrd"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "proc", "dev", "lower", "upper", "whole", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", tree / "bin")
    (tree / "bin/sh").symlink_to("busybox")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    for name in MODULES:
        for found in modules.rglob(f"{name}.ko"):
            shutil.copy(found, tree / "modules")
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, check=True,
                            input=names.encode(), capture_output=True).stdout  # fmt: skip
    image = HOME / "initrd.gz"
    image.write_bytes(gzip.compress(packed))
    return image


def main() -> int:
    """Boot, run, power off. 0 if all tests passed."""
    if os.geteuid() != 0:
        sys.exit("as root: control groups are made, and this host's files are read")
    place = kernel()
    (image,) = (place / "boot").glob("vmlinuz-*")
    pytest = shlex.join([sys.executable, "-m", "pytest", *(sys.argv[1:] or TESTS)])
    env = f"PATH={os.environ['PATH']} HOME=/root"
    command = f"cd {shlex.quote(str(ROOT))}; {env} {pytest} 2>&1; echo '{DONE}'$?; {OFF}"
    words = base64.b64encode(command.encode()).decode()
    argv = ["qemu-system-x86_64", *"-accel tcg,thread=multi -cpu max -smp 2 -m 4096".split(),
            *"-nographic -no-reboot".split(), "-kernel", str(image),
            "-initrd", str(initrd(place / "lib/modules")), "-virtfs",
            "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
            "-append", f"console=ttyS0 quiet panic=-1 run={words}"]  # fmt: skip
    last = ""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as machine:
        for raw in machine.stdout or ():
            line = raw.decode("utf-8", "replace").rstrip()
            print(line, flush=True)
            last = line if DONE in line else last
    return 0 if last.endswith(f"{DONE}0") else 1


if __name__ == "__main__":
    sys.exit(main())
