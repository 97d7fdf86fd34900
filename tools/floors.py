#!/usr/bin/env python3
"""Check that no file includes a header of a higher floor (docs/map.md), and that private headers stay in their room.

A floor may include its own and lower ones. Rooms of mm/ are floors among themselves. Tests may include anything.
"""
import os
import re
import subprocess
import sys

# Longest prefix wins. (path prefix, floor)
FLOORS = [
    ("include/base/", 0), ("include/uapi/", 0), ("lib/", 1),
    ("include/arch/", 2), ("arch/x86/include/", 2), ("arch/sim/include/", 2), ("arch/x86/hw/", 2), ("arch/sim/hw/", 2),
    ("include/sync/", 3), ("sync/", 3),
    ("include/mm/", 4.0), ("mm/phys/", 4.1), ("mm/pt/", 4.2), ("mm/kva/", 4.3), ("mm/track/", 4.4), ("mm/backing/", 4.5),
    ("mm/aspace/", 4.6), ("mm/reclaim/", 4.7), ("mm/obs/", 4.8),
    ("include/kernel/", 5), ("kernel/", 5),
    ("include/block/", 5.5), ("block/", 5.5),
    ("include/fs/", 6), ("fs/", 6), ("include/ipc/", 6), ("ipc/", 6.2), ("include/net/", 6), ("net/", 6.2),
    ("include/drivers/", 6), ("drivers/", 6.5), ("include/module/", 6.8), ("include/linux/", 6.8), ("include/asm/", 6.8), ("module/", 6.8),
    ("sys/", 7), ("arch/x86/entry/", 8), ("arch/conformance/", 8), ("sim/", 8), ("init/", 9), ("user/", 9),
]
# What the machine's hw half may include of mm: the types its contract speaks of (include/arch/physmap.h).
ROOTS = ["", "include/", "arch/x86/include/", "arch/sim/include/", "arch/x86/hw/i386/", "arch/x86/hw/pae/", "arch/x86/hw/x64/", "arch/x86/hw/long/",
         "arch/x86/hw/la57/"]
# An edge that is not downwards, and why it stands.
ALLOWED = {("init/main.c", "arch/conformance/conformance.h")}  # the contract's tests, run at boot on request


def floor_of(path):
    best = max((p for p in FLOORS if path.startswith(p[0])), key=lambda p: len(p[0]), default=None)
    return best[1] if best else None


def resolve(src, name, files):
    near = os.path.normpath(os.path.join(os.path.dirname(src), name))
    if near in files:
        return near
    for root in ROOTS:
        if root + name in files:
            return root + name
    return None


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    files = set(subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True).stdout.split("\n"))
    bad = 0
    for src in sorted(f for f in files if f.endswith((".c", ".h", ".S", ".inc"))):
        mine = floor_of(src)
        if mine is None or src.endswith(("_test.c", "_test.h")) or not os.path.exists(src):
            continue
        includes = re.findall(r'^\s*#\s*include\s*"([^"]+)"', open(src).read(), re.M)
        for name in includes:
            dst = resolve(src, name, files)
            if dst is None:
                print(f"{src}: \"{name}\" is nowhere")
                bad += 1
                continue
            theirs = floor_of(dst)
            if theirs is None:
                continue
            private = not dst.startswith(("include/", "lib/")) and "/include/" not in dst and "hw/" not in dst
            if theirs > mine and (src, dst) not in ALLOWED:
                print(f"{src} (floor {mine}) includes {dst} (floor {theirs})")
                bad += 1
            elif private and os.path.dirname(src) != os.path.dirname(dst) and not src.startswith("sim/"):
                if dst not in ("sys/sys.h",) and (src, dst) not in ALLOWED:
                    print(f"{src} includes the private header {dst}")
                    bad += 1
        if src.endswith(".c") and len(includes) > 12 and not src.startswith("init/"):
            print(f"{src}: {len(includes)} includes, at most 12")
            bad += 1
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
