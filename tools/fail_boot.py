#!/usr/bin/env python3
"""One thing fails while a machine boots and runs a shell script: the n-th allocation, or the n-th transfer of its disk.

  tools/fail_boot.py --arch i386 1 500            allocations 1 to 500
  tools/fail_boot.py 1 100000 --times 300         300 of them, spread, until one is not reached
  tools/fail_boot.py --transfers 1 1000           transfers of a disk

A boot may end in a panic only while there is no first program, and then says in one line what could not be had. Otherwise the
script succeeds when nothing fails any more, or misses what the log says there was no memory for, and as many pages are free as
in a boot in which nothing failed, but for SLACK (unless drop_caches is what is missed).
Output: a line per boot that does not, and how many of each outcome there were. Exit status: 0 when all is well.
"""
import argparse
import collections
import importlib.machinery
import importlib.util
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(path, name):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


gt = load("tools/guest-tests.py", "guest_tests")
SLACK = 24  # pages: slabs that are in part used, lists of CPUs
END = re.compile(r"^# fail_boot: script (\S+) after (\d+), free pages (-?\d+); transfers to fail (-?\d+); (?:reached (\d+) fired ([01]) ?(\S*))?", re.M)
PANIC = re.compile(r"Kernel panic - not syncing: (.*)")
# What the kernel says when it cannot begin.
CLEAR = re.compile(gt.FAIL_BOOT_PANIC)
# What it goes on without.
MISSED = re.compile(r"^\[.*(\w+: no memory|no memory for /)", re.M)
BAD = re.compile(r"BUG|Oops|assertion|fatal:|WARNING|lock rank")


def judge(boot, text, status, free):
    """Return: (outcome, None or what is wrong, free pages or None)."""
    panic, end = PANIC.search(text), END.search(text)
    site = re.search(r"failpoint: allocation (\S+) fails", text)
    name = site.group(1) if site else ""
    if bad := BAD.search(text):
        return "bad", f"{name}: " + text[bad.start():].split("\n")[0], None
    if panic:
        ok = CLEAR.search(panic.group(1)) and "Run /init" not in text
        return "panic", None if ok else f"{name}: {panic.group(0)}", None
    if not end:
        return "no end", f"{name}: " + ("hangs" if status is None else f"ends with {status}"), None
    pages = int(end.group(3))
    if int(end.group(1), 16) and MISSED.search(text):
        return "goes without", None, pages
    if int(end.group(1), 16):
        return "script fails", f"{name}: the script fails still: {end.group(1)}", pages
    if free is not None and pages < free - SLACK and "# /proc/sys/vm/drop_caches:" not in text:
        return "leak", f"{name}: {free - pages} pages are gone", pages
    return "survived" if name or end.group(4) == "0" else "not reached", None, pages


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", choices=gt.ARCHES, default="x86_64")
    p.add_argument("--transfers", action="store_true", help="transfers of a disk, not allocations")
    p.add_argument("--times", type=int, help="so many boots, spread from FIRST to what is reached at most")
    p.add_argument("--jobs", type=int, default=2, help="machines at a time (2)")
    p.add_argument("--keep", metavar="DIR", help="write the consoles of those that go wrong to DIR/N.log")
    p.add_argument("first", type=int)
    p.add_argument("last", type=int)
    args = p.parse_args()
    for goal in ("guest-programs", "kernel"):
        if gt.LAUNCHER.make("-j2", goal, "DEBUG=1", "ARCH=" + args.arch).returncode:
            return 125
    first = gt.FailBoot(args.arch, 0, args.transfers)
    text, status, seconds = first.run(None, None)
    outcome, wrong, free = judge(first, text, status, None)
    reached = int(END.search(text).group(5)) if free is not None and not args.transfers else None
    print(f"{args.arch}: nothing fails: {wrong or outcome}, {reached} allocations, {free} pages free, {seconds:.1f} s", flush=True)
    if wrong:
        print(text[-3000:])
        return 1
    last = min(args.last, reached or args.last)
    step = max(1, (last - args.first + 1) // args.times) if args.times else 1
    boots = [gt.FailBoot(args.arch, n, args.transfers) for n in range(args.first, last + 1, step)]
    count = collections.Counter()

    def one(boot):
        text, status, _ = boot.run(None, None)
        outcome, wrong, _ = judge(boot, text, status, free)
        count[outcome] += 1
        if wrong:
            count["wrong"] += 1
            print(f"{boot.name}: {wrong}", flush=True)
            if args.keep:
                os.makedirs(args.keep, exist_ok=True)
                with open(os.path.join(args.keep, boot.name.replace("/", "-") + ".log"), "w") as f:
                    f.write(text)

    with ThreadPoolExecutor(max_workers=args.jobs) as pool:
        for done in [pool.submit(one, b) for b in boots]:
            done.result()
    print(f"{args.arch}: {len(boots)} boots: " + ", ".join(f"{n} {what}" for what, n in sorted(count.items())))
    return count["wrong"] != 0


if __name__ == "__main__":
    sys.exit(main())
