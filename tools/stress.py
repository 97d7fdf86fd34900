#!/usr/bin/env python3
"""A guest program by hand, for long: alone in a machine with little memory, two CPUs and the disks of tools/disks.py.

  tools/stress.py mem_press 600                     10 minutes of random memory calls at twice the RAM, over zram
  tools/stress.py mem_press 600 /dev/vdi            the same over a disk; mnt/swap: over a file of ext2
  tools/stress.py disk_press all                    twice the RAM over swap of each kind, 4 times the RAM of files, a million names
  tools/stress.py --debug fail_loops 1              each allocation of a shell script fails once, then each transfer of a disk
  tools/stress.py oom_hogs 100                      all memory is taken, by each way there is
  tools/stress.py --arch i386 --mem 128M PROGRAM ARGUMENTS...

Beside those of tools/disks.py there are vdi, empty, and vdj with ext2, 8 times the memory each. The console is shown as it comes. Exit status: the program's, 125 when the machine did not come to the end.
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


def large_disks(disks, size, tmp):
    """vdi and vdj of so many bytes, sparse. Return: QEMU's arguments."""
    paths = [os.path.join(tmp, name) for name in ("vdi", "vdj")]
    os.mkdir(os.path.join(tmp, "empty"))
    disks.mke2fs(paths[1], 4096, f"{size >> 20}M", os.path.join(tmp, "empty"))
    disks.write(paths[0], b"")
    os.truncate(paths[0], size)
    return [arg for path in paths for arg in ("-drive", f"if=virtio,format=raw,discard=unmap,cache=unsafe,file={path}")]


def main():
    gt = guest_tests()

    class StressBoot(gt.DiskBoot):
        def command(self, tmp):
            return super().command(tmp) + large_disks(gt.disks, 8 * gt.LAUNCHER.mem_kib(self.mem) << 10, tmp)

    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", choices=gt.ARCHES, default="x86_64")
    p.add_argument("--mem", default="64M", metavar="SIZE", help="of the machine: 64M, 2G (64M)")
    p.add_argument("--debug", action="store_true", help="the kernel with asserts, lock ranks, poison and failpoints")
    p.add_argument("--limit", type=int, default=36000, help="seconds after which the machine is stopped")
    p.add_argument("program")
    p.add_argument("arguments", nargs=argparse.REMAINDER)
    args = p.parse_args()
    try:
        gt.LAUNCHER.check_mem(args.mem)
    except gt.LAUNCHER.Trouble as e:
        p.error(str(e))
    program = os.path.join("build", "guest", gt.abi(args.arch), args.program)
    for goal in ([program], ["kernel", "ARCH=" + args.arch] + ["DEBUG=1"] * args.debug):
        if gt.LAUNCHER.make("-j2", *goal).returncode:
            return 125

    def image(arch):
        c = gt.base(arch, init=False)
        c.file("tests/" + args.program, gt.read(gt.program(arch, args.program)))
        c.file("init", (INIT % " ".join([args.program] + args.arguments)).encode())
        return c.finish()

    boot = StressBoot(args.arch, [], mem=args.mem, seconds=args.limit, kernel=gt.debug_kernel if args.debug else None)
    boot.image = image
    text, _, seconds = boot.run(None, sys.stdout.buffer)
    status = re.search(r"^# stress: status (\d+)$", text, re.M)
    print(f"{args.program}: {seconds:.0f} s")
    return int(status.group(1)) if status else 125


if __name__ == "__main__":
    sys.exit(main())
