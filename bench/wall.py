"""Seconds instead of counts: plain runs in turn (Mnemos, Linux, Mnemos, Linux ...), medians and spread. Not for judging a change."""
import statistics
import sys

from bench import launcher as m
from bench import machine, programs, size

PAIRS = ("smp_fault", "smp_map", "smp_pipe", "smp_fork")


UNTIMED = ("usage", size.GROUP, machine.SWAP_GROUP)  # bytes, and rows that count processor time themselves


def timed(table, asked):
    """The groups of which seconds can be told: all of them when @asked is None."""
    there = [g for g in dict.fromkeys(r.group for r in table.values()) if g not in UNTIMED]
    if asked is None:
        return [g for g in there if g not in programs.GROUPS] + ["smp"]
    for g in asked:
        if g in UNTIMED:
            raise m.Trouble(f"--wall: the rows of {g} have no seconds")
    return asked


def boots(arch, groups, found):
    """(image, more for machine.run) of each boot. The rows of two CPUs come from a machine that has two."""
    single = [g for g in groups if g != "smp" and g not in programs.GROUPS]
    if single:
        yield machine.image(arch, with_shell=True), {"groups": single}
    if "smp" in groups:
        yield machine.image(arch), {"groups": ["smp"], "cpus": 2}
    if found:
        img, mib = programs.packed(found)
        yield img, {"programs": found, "memory": mib}


def gather(arch, groups, runs, kernels):
    """kernel -> row -> list of nanoseconds per operation."""
    there = programs.find(groups) if arch == programs.ARCH and set(groups) & set(programs.GROUPS) else ()
    found, ready = {kernel: {} for kernel in kernels}, list(boots(arch, groups, there))
    if not ready:
        raise m.Trouble(f"none of these rows can be timed on {arch}")
    for i in range(runs):
        for kernel, rows in found.items():
            print(f"{arch}: {kernel}, run {i + 1} of {runs}", file=sys.stderr)
            one = {}
            for img, how in ready:
                one = machine.run(kernel, arch, img, counted=False, **how) | one
            one.pop("boot")
            for name, (t, n) in one.items():
                rows.setdefault(name, []).append(t / n)
    return found


def times(ns):
    for unit, length in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= length:
            return f"{ns / length:.3g} {unit}"
    return f"{ns:.0f} ns"


def cell(values):
    return f"{times(statistics.median(values))} ({times(min(values))}-{times(max(values))})"


def speedups(found):
    """How much faster two workers are than one after the other, of each kernel."""
    for pair in PAIRS:
        for other in ("2", "threads"):
            if f"{pair}_{other}" in found["mnemos"]:
                yield f"{pair}_{other}", [statistics.median(rows[f"{pair}_1"]) / statistics.median(rows[f"{pair}_{other}"])
                                          for rows in found.values()]


def report(found):
    own, lean = found["mnemos"], found.get("lean", {})
    for name in own:
        ratio = f"{statistics.median(own[name]) / statistics.median(lean[name]):5.2f}" if name in lean else "-"
        print(f"{name:18}  {cell(own[name]):>34}  {cell(lean[name]) if name in lean else '-':>34}  {ratio:>5}")
    for name, values in speedups(found):
        there = f", {values[1]:.2f} times on Linux" if len(values) > 1 else ""
        print(f"{name:18}  two workers are {values[0]:.2f} times as fast as one here{there}")


def main(archs, groups, runs, kernels, table):
    """@groups: of bench/rows.tsv, and "smp"; None: all that can be timed. Return: arch -> kernel -> row -> times."""
    data, groups = {}, timed(table, groups)
    for arch in archs:
        data[arch] = gather(arch, groups, runs, kernels)
        print(f"== {arch}: wall time, median (least-most) of {runs}; Mnemos, lean Linux, ratio")
        report(data[arch])
    return data
