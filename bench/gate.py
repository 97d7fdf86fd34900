"""The gate against slow decay: no row may cost over 2 % more than bench/baseline.json says. Mnemos only; counts, never seconds."""
import json
import os
import subprocess
import sys
import zlib

from bench import launcher as m
from bench import machine, report

PATH = os.path.join(m.ROOT, "bench", "baseline.json")
ALLOWED = 0.02


def made_with(arch):
    """What else a count depends on: the compiler, and the program that is measured with (its C library is in it)."""
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return {"compiler": gcc, "program": f"{zlib.crc32(m.read_file(machine.program(arch))):08x}"}


def compare(old, new, allowed=ALLOWED):
    """Lines about rows of @new that cost more than @old allows, and about rows that cost as much less. Both: row -> per operation."""
    worse, better = [], []
    for name, value in new.items():
        before = old.get(name)
        if before is None:
            worse.append(f"{name}: not in the baseline")
        elif value > before * (1 + allowed):
            worse.append(f"{name}: {before:,.1f} -> {value:,.1f} (+{(value / before - 1) * 100:.1f} %)")
        elif value < before * (1 - allowed):
            better.append(f"{name}: {before:,.1f} -> {value:,.1f} (-{(1 - value / before) * 100:.1f} %)")
    worse += [f"{name}: no longer measured" for name in old if name not in new]
    return worse, better


def measure(arch):
    rows = machine.run("mnemos", arch, machine.image(arch))
    rows.pop("wall_boot", None)
    return {name: round(t / n, 2) for name, (t, n) in rows.items()}


def load():
    try:
        with open(PATH) as f:
            return json.load(f)
    except OSError:
        return {}


def check(arch, kept, new):
    """Print what changed. Return: is everything within bounds?"""
    worse, better = compare(kept["rows"], new)
    have = made_with(arch)
    for line in better:
        print(f"{arch}: less: {line}")
    for line in worse:
        print(f"{arch}: MORE: {line}")
    if have["compiler"] != kept["with"]["compiler"]:
        print(f"{arch}: no judgement: the baseline's compiler was {kept['with']['compiler']}")
        return True
    if have["program"] != kept["with"]["program"]:
        print(f"{arch}: the benchmark program is not the baseline's: measure again with --save-baseline")
        return False
    print(f"{arch}: {len(new)} rows, {len(worse)} cost more than the baseline allows")
    return not worse


def main(archs, save):
    """The gate on @archs, or with @save the new baseline, in the documentation too. Return: exit status."""
    kept, good = load(), True
    for arch in archs:
        new = measure(arch)
        if save:
            kept[arch] = {"with": made_with(arch), "rows": new}
            report.keep(arch, {name: {"mnemos": value} for name, value in new.items()})
        elif arch not in kept:
            print(f"{arch}: not in the baseline", file=sys.stderr)
            good = False
        else:
            good = check(arch, kept[arch], new) and good
    if save:
        with open(PATH, "w") as f:
            json.dump(kept, f, indent=1, sort_keys=True)
            f.write("\n")
        report.update_document()
    return 0 if good else 1
