#!/usr/bin/env python3
"""Count what boot and the basic operations cost in guest instructions, on every build. usage: tools/costs.py [ARCH...]

QEMU runs with -icount shift=0,sleep=off -seed 1: an instruction is a nanosecond of guest time, and figures repeat.
"""
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def launcher():
    loader = importlib.machinery.SourceFileLoader("mnemos", os.path.join(ROOT, "mnemos"))
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_loader("mnemos", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def compile_program(arch, out, src, libc):
    wide = arch == "x86_64"
    cmd = ["musl-gcc" if wide and libc else "gcc", "-m64" if wide else "-m32", "-O2", "-static", "-o", out, os.path.join(ROOT, src)]
    if not libc:
        cmd += ["-I" + ROOT, "-ffreestanding", "-nostdlib", "-fno-stack-protector", "-fno-pie", "-no-pie", "-fomit-frame-pointer"]
    subprocess.run(cmd, check=True)


def main():
    m = launcher()
    for arch in sys.argv[1:] or m.ARCHES:
        print(f"== {arch}")
        with tempfile.TemporaryDirectory() as tmp:
            costs, boot = os.path.join(tmp, "costs"), os.path.join(tmp, "bootcost")
            compile_program(arch, costs, "bench/costs.c", True)
            compile_program(arch, boot, "bench/bootcost.c", False)
            c = m.Cpio()
            c.directory("dev")
            c.entry("dev/console", 0o020600, rdev=(5, 1))
            with open(boot, "rb") as f:
                c.file("init", f.read())
            image = os.path.join(tmp, "boot.cpio")
            with open(image, "wb") as f:
                f.write(c.finish())
            run = subprocess.run([os.path.join(ROOT, "mnemos"), "boot", "--arch", arch, "--icount", "--append", "quiet", "--initrd", image],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
            text = run.stdout + run.stderr
            for key, label in (("boot_instructions", "boot_instructions"), ("MemTotal:", "MemTotal_kB"), ("MemFree:", "MemFree_kB")):
                found = re.search(re.escape(key) + r"\s+(\d+)", text)
                print(f"{label:18} {found.group(1) if found else '?':>10}")
            run = subprocess.run([os.path.join(ROOT, "mnemos"), "run", "--arch", arch, "--icount", "--", costs],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
            print(run.stdout, end="")
            if run.returncode:
                print(f"(status {run.returncode}) {run.stderr.strip()}")


if __name__ == "__main__":
    main()
