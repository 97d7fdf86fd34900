"""Seconds instead of counts: plain runs in turn (Mnemos, Linux, Mnemos, Linux ...), medians and spread. Not for judging a change."""
import statistics
import sys

from bench import machine

PAIRS = ("smp_fault", "smp_map", "smp_pipe", "smp_fork")


def gather(arch, groups, runs):
    """kernel -> row -> list of nanoseconds per operation. The rows of two CPUs come from a machine that has two."""
    img, found = machine.image(arch, with_shell=True), {"mnemos": {}, "lean": {}}
    single = [g for g in groups if g != "smp"]
    for i in range(runs):
        for kernel, rows in found.items():
            print(f"{arch}: {kernel}, run {i + 1} of {runs}", file=sys.stderr)
            one = machine.run(kernel, arch, img, single, counted=False) if single else {}
            if "smp" in groups:
                one.update(machine.run(kernel, arch, img, ["smp"], counted=False, cpus=2))
            one.pop("boot")
            for name, (t, n) in one.items():
                rows.setdefault(name, []).append(t / n)
    return found


def times(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
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
    own, lean = found["mnemos"], found["lean"]
    for name in own:
        ratio = statistics.median(own[name]) / statistics.median(lean[name]) if name in lean else 0
        print(f"{name:18}  {cell(own[name]):>34}  {cell(lean[name]) if name in lean else '-':>34}  {ratio:5.2f}")
    for name, (a, b) in speedups(found):
        print(f"{name:18}  two workers are {a:.2f} times as fast as one here, {b:.2f} times on Linux")


def main(archs, groups, runs):
    """@groups: of bench/rows.tsv, and "smp". Return: arch -> kernel -> row -> times."""
    data = {}
    for arch in archs:
        data[arch] = gather(arch, groups, runs)
        print(f"== {arch}: wall time, median (least-most) of {runs}; Mnemos, lean Linux, ratio")
        report(data[arch])
    return data
