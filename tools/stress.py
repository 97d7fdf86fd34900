#!/usr/bin/env python3
"""A guest program by hand, for long: alone in a machine with little memory, two CPUs and the disks of tools/disks.py.

  tools/stress.py mem_press 600                     10 minutes of random memory calls at twice the RAM, over zram
  tools/stress.py --debug fail_loops 1              each allocation of a shell script fails once, then each transfer of a disk
  tools/stress.py oom_hogs 100                      all memory is taken, by each way there is
  tools/stress.py --arch i386 --mem 128M PROGRAM ARGUMENTS...

The console is shown as it comes. Exit status: the program's, 125 when the machine did not come to the end.
"""
import argparse
import importlib.machinery
import importlib.util
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INIT = """#!/bin/sh
for m in proc:/proc sysfs:/sys devtmpfs:/dev; do /bin/busybox mount -t ${m%%:*} none ${m#*:}; done
cd /tmp
/tests/%s
echo "# stress: status $?"
/bin/busybox grep -E '^(MemFree|Slab|Swap)' /proc/meminfo
/bin/busybox poweroff -f
"""


def guest_tests():
    """tools/guest-tests.py as a module."""
    loader = importlib.machinery.SourceFileLoader("guest_tests", os.path.join(ROOT, "tools", "guest-tests.py"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def main():
    gt = guest_tests()
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", choices=gt.ARCHES, default="x86_64")
    p.add_argument("--mem", default="64M")
    p.add_argument("--debug", action="store_true", help="the kernel with asserts, lock ranks, poison and failpoints")
    p.add_argument("--limit", type=int, default=36000, help="seconds after which the machine is stopped")
    p.add_argument("program")
    p.add_argument("arguments", nargs=argparse.REMAINDER)
    args = p.parse_args()
    make = ["make", "--no-print-directory", "-s", "-j2"]
    program = os.path.join("build", "guest", gt.abi(args.arch), args.program)
    for goal in ([program], ["kernel", "ARCH=" + args.arch] + ["DEBUG=1"] * args.debug):
        if gt.subprocess.run(make + goal, cwd=ROOT).returncode:
            return 125

    def image(arch):
        c = gt.base(arch, init=False)
        c.file("tests/" + args.program, gt.read(gt.program(arch, args.program)))
        c.file("init", (INIT % " ".join([args.program] + args.arguments)).encode())
        return c.finish()

    boot = gt.DiskBoot(args.arch, [], mem=args.mem, seconds=args.limit, kernel=gt.debug_kernel if args.debug else None)
    boot.image = image
    text, _, seconds = boot.run(None, sys.stdout.buffer)
    status = re.search(r"^# stress: status (\d+)$", text, re.M)
    print(f"{args.program}: {seconds:.0f} s")
    return int(status.group(1)) if status else 125


if __name__ == "__main__":
    sys.exit(main())
