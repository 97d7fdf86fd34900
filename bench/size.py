"""What a kernel needs to exist: the bytes of its file, and the smallest machine that it runs a shell in. No instructions here."""
import gzip
import os

from bench import launcher as m
from bench import linux, machine

GROUP = "size"
MIB, LEAST, MOST = 1 << 20, 2, 256
PATIENCE = 60  # seconds for a machine that has too little and does not say so


def shell_runs(kernel, arch, img, mib):
    """Does the shell's script give its output on a machine of @mib?"""
    try:
        return "shell_script" in machine.run(kernel, arch, img, ["script"], counted=False, memory=mib, patience=PATIENCE)
    except m.Trouble:
        return False


def least(works, low=LEAST, high=MOST):
    """The smallest number in [low, high] for which works() is true, if it is true for all above it too. None: not even the highest."""
    if not works(high):
        return None
    while low < high:
        mid = (low + high) // 2
        low, high = (low, mid) if works(mid) else (mid + 1, high)
    return high


def file_bytes(kernel, arch):
    """Linux's file is compressed as it comes; ours as QEMU also takes it, by gzip."""
    path = machine.kernel_file(kernel, arch)
    return len(gzip.compress(m.read_file(path), 9, mtime=0)) if kernel == "mnemos" else os.path.getsize(path)


def measure(kernel, arch):
    """row -> (total, operations), as machine.run."""
    rows, img = {"kernel_file": (file_bytes(kernel, arch), 1)}, machine.image(arch, with_shell=True)
    if os.path.exists(linux.busybox(arch)):
        mib = least(lambda n: shell_runs(kernel, arch, img, n))
        if mib is not None:
            rows["least_memory"] = (mib * MIB, 1)
    return rows
