#!/usr/bin/env python3
"""make debug: Mnemos in QEMU, stopped before its first instruction, and GDB on it with symbols and the commands of mnemos_gdb.py.

    tools/debug.py [--arch ARCH] [--mem 256M] [--cpus 1] [--check]

--check boots a small machine of each build instead, stops it where its first program ends, and looks at what the commands print.
"""
import argparse
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ARCHES = ("i386", "i386-pae", "x86_64")
CPU = {"x86_64": "qemu64", "i386-pae": "qemu32,+nx", "i386": "qemu32"}
SECONDS = 60


def launcher():
    loader = importlib.machinery.SourceFileLoader("mnemos", os.path.join(ROOT, "mnemos"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("mnemos", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def image(arch, init):
    m = launcher()
    c = m.Cpio()
    c.directory("dev")
    c.directory("proc")
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    m.add_busybox(c, arch)
    c.file("init", init)
    return c.finish()


def qemu(arch, tmp, args, init):
    with open(os.path.join(tmp, "initrd"), "wb") as f:
        f.write(image(arch, init))
    program = "qemu-system-x86_64" if arch == "x86_64" else "qemu-system-i386"
    program = program if shutil.which(program) else "qemu-system-x86_64"
    return [program, "-accel", "tcg", "-kernel", os.path.join(ROOT, "build", arch, "mnemos.elf"), "-initrd", os.path.join(tmp, "initrd"),
            "-m", args.mem, "-smp", str(args.cpus), "-cpu", CPU[arch], "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-S", "-chardev", f"socket,path={tmp}/gdb,server=on,wait=off,id=gdb", "-gdb", "chardev:gdb", "-append", "console=ttyS0 panic=-1"]


def gdb(arch, tmp, extra):
    return ["gdb", "-q", "-nx", "-iex", "set pagination off", "-iex", "set confirm off", os.path.join(ROOT, "build", arch, "mnemos.elf.sym"),
            "-ex", "set architecture " + ("i386:x86-64" if arch == "x86_64" else "i386"), "-ex", f"target remote {tmp}/gdb",
            "-ex", "source " + os.path.join(ROOT, "tools", "mnemos_gdb.py")] + extra


def wait_for(path, process):
    while not os.path.exists(path):
        if process.poll() is not None:
            raise SystemExit("QEMU ended at once")


def session(args):
    """An interactive session: the machine's console goes to a file, GDB has the terminal."""
    with tempfile.TemporaryDirectory() as tmp:
        log = os.path.join(tmp, "console")
        cmd = qemu(args.arch, tmp, args, b"#!/bin/sh\nmount -t proc proc /proc\nexec sh\n") + ["-serial", "file:" + log]
        machine = subprocess.Popen(cmd, start_new_session=True)
        try:
            wait_for(os.path.join(tmp, "gdb"), machine)
            print(f"the machine's console: tail -f {log}; 'break panic', 'continue'; help user-defined; mn-tasks, mn-vmas, mn-walk, mn-zone, mn-page")
            return subprocess.call(gdb(args.arch, tmp, []))
        finally:
            machine.kill()
            machine.wait()


# What the commands must print at the end of the first program, on every build.
WANT = (("mn-tasks", r"^ +1 +1 R +0 [0-9a-f]+ init$"), ("mn-tasks", r"^ +2 +2 [SD] +\d+ 0+ kthreadd$"),
        ("mn-zone", r"^node 0 zone DMA: start_pfn 1 "), ("mn-zone", r"^  free blocks 0:\d+ 1:\d+ .* 10:\d+$"),
        ("mn-walk", r"^PGD [0-9a-f]+ \[ *\d+\] [0-9a-f]+ P "), ("mn-walk", r"^physical [0-9a-f]+, pfn [0-9a-f]+, page of \d+ bytes$"),
        ("mn-page", r"^pfn [0-9a-f]+ PS_RESERVED refcount"), ("mn-vmas", r"^[0-9a-f]+-[0-9a-f]+ r-xp flags [0-9a-f]+ pgoff "),
        ("mn-vmas", r"rw-p flags [0-9a-f]+ pgoff [0-9a-f]+ stack$"), ("mn-vmas", r"^\d+ vmas, \d+ pages$"))


def check(arch, args):
    """One batch run, bounded in time. Return: what is wrong."""
    steps = ["-ex", "hbreak group_exit_last", "-ex", "continue", "-ex", "mn-tasks", "-ex", "mn-vmas", "-ex", "mn-vmas 1", "-ex", "mn-zone",
             "-ex", "mn-walk &group_exit_last", "-ex", "mn-page 0x200" if arch == "x86_64" else "mn-page 0x110", "-ex", "mn-walk 0 1", "-batch"]
    with tempfile.TemporaryDirectory() as tmp:
        machine = subprocess.Popen(qemu(arch, tmp, args, b"#!/bin/sh\nexit 0\n") + ["-serial", "null"])
        try:
            wait_for(os.path.join(tmp, "gdb"), machine)
            out = subprocess.run(gdb(arch, tmp, steps), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS).stdout.decode()
        except subprocess.TimeoutExpired as e:
            out = (e.stdout or b"").decode() + f"\nnot done after {SECONDS} s"
        finally:
            machine.kill()
            machine.wait()
    missing = [w for w in WANT if not re.search(w[1], out, re.M)]
    print(f"{'not ok' if missing else 'ok'} - {arch}/debug commands")
    if missing:
        print(out)
        for name, want in missing:
            print(f"  {name}: nothing like {want}")
    return len(missing)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", default="x86_64", choices=ARCHES)
    p.add_argument("--mem", default="128M")
    p.add_argument("--cpus", type=int, default=1)
    p.add_argument("--check", action="store_true")
    p.add_argument("--all", action="store_true", help="with --check: every build")
    args = p.parse_args()
    if not shutil.which("gdb"):
        raise SystemExit("gdb is not installed: Debian's package is gdb")
    if not args.check:
        return session(args)
    return min(1, sum(check(a, args) for a in (ARCHES if args.all else (args.arch,))))


if __name__ == "__main__":
    sys.exit(main())
