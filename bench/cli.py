"""./mnemos bench: measure, report, judge."""
import os
import subprocess
import sys

from bench import gate, linux, machine, profile, programs, report, rows, size, wall
from bench import launcher as m


def say(text, end="\n"):
    print(text, file=sys.stderr, end=end, flush=True)


def progress(arch, kernel, run):
    """A line that grows by a dot for each group."""
    say(f"{arch}: {kernel}, run {run}: ", end="")
    return lambda name: say(".", end="")


def boots(kernel, arch, groups, found):
    """(image, more for machine.run) of each boot: the shell's row has an image of its own, for a shell takes memory. found: programs."""
    apart = ("script", size.GROUP, machine.SWAP_GROUP, *programs.GROUPS)
    counted = groups and [g for g in groups if g not in apart]
    if groups is None or counted:
        yield machine.image(arch), {"groups": counted}
    if groups is None or "script" in groups:
        yield machine.image(arch, with_shell=True), {"groups": ["script"]}
    if groups is None or machine.SWAP_GROUP in groups:
        modules = linux.disk_modules(arch) if kernel != "mnemos" else ()
        yield machine.image(arch, modules=modules), {"groups": [machine.SWAP_GROUP], "with_disks": True, "memory": machine.SWAP_MEMORY}
    if found:
        img, mib = programs.packed(found)
        yield img, {"programs": found, "memory": mib}


def measure(arch, kernels, groups, runs):
    """row -> kernel -> list of (total, operations), one for each run."""
    found, there = {}, programs.find(groups) if arch == programs.ARCH else ()
    for kernel in kernels:
        for run in range(1, runs + 1):
            on_group, one = progress(arch, kernel, run), {}
            for img, how in boots(kernel, arch, groups, there):
                one = machine.run(kernel, arch, img, on_group=on_group, **how) | one
            if groups is None or size.GROUP in groups:
                one |= size.measure(kernel, arch)
            one.pop("wall_boot", None)
            say(f" {len(one)} rows")
            for name, pair in one.items():
                found.setdefault(name, {}).setdefault(kernel, []).append(pair)
    return found


def about(arch, kernels):
    qemu = subprocess.run([machine.command("mnemos", arch, "", [])[0], "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    text = {"qemu": qemu, "lean": linux.LEAN}
    if len(kernels) > 1:
        text["linux"] = linux.version(arch)
    return text


def one_arch(arch, args, kernels, table, groups):
    """Measure and report one build. Return: the JSON data."""
    found = measure(arch, kernels, groups, args.runs)
    wanted = rows.selected(table, args.rows)
    unknown = sorted(set(found) - set(table))
    if unknown:
        raise m.Trouble("rows that bench/rows.tsv does not have: " + ", ".join(unknown))
    results = [report.Result(r, arch, found[n]) for n, r in wanted.items() if n in found]
    if not results:
        raise m.Trouble(f"none of these rows could be measured on {arch}")
    notes = about(arch, kernels)
    print(f"== {arch}: instructions for one operation (mem: bytes); Linux is {notes.get('linux', 'left out')}")
    print(report.table(results))
    print(report.summary(results))
    for r in results:
        for kernel in r.raw:
            if r.spread(kernel) > 0.001:
                print(f"{r.row.name} on {kernel}: the runs differ by {r.spread(kernel) * 100:.2f} %")
    if args.document:
        report.keep(arch, {r.row.name: {k: r.value(k) for k in r.raw} for r in results})
        report.update_document()
    data = report.as_json(arch, results, notes)
    out = os.path.join(m.ROOT, "build", "bench", arch)
    report.write_json(out + ".json", data)
    if len(kernels) > 1:
        with open(out + ".svg", "w") as f:
            f.write(report.chart(arch, results, notes))
        say(f"chart: {os.path.relpath(out)}.svg")
    return data


ONLY_WALL = "smp"
MODES = {"gate": "--gate", "save_baseline": "--save-baseline", "profile": "--profile", "wall": "--wall"}
# What a mode takes besides --arch.
TAKES = {"gate": (), "save_baseline": (), "profile": ("no_linux", "document"), "wall": ("rows", "programs", "runs", "json", "no_linux")}
OPTIONS = {"rows": None, "programs": False, "runs": 1, "json": None, "no_linux": False, "document": False}


def check(args):
    """Words that do not go together, files that cannot be written: said before anything is measured."""
    modes = [n for n in MODES if getattr(args, n)]
    if len(modes) > 1:
        raise m.Trouble(f"{MODES[modes[0]]} and {MODES[modes[1]]} do not go together")
    for mode in modes:
        for name, unset in OPTIONS.items():
            if name not in TAKES[mode] and getattr(args, name) != unset:
                raise m.Trouble(f"{MODES[mode]} takes no --{name.replace('_', '-')}")
    if args.json:
        folder = os.path.dirname(os.path.abspath(args.json))
        if os.path.isdir(args.json) or not os.access(args.json if os.path.exists(args.json) else folder, os.W_OK):
            raise m.Trouble(f"--json {args.json}: cannot be written")


def asked(args, table):
    """(builds, groups) that are meant; None for all groups."""
    names = None if args.rows is None else [n for n in args.rows if n]
    if args.programs:
        names = (names or []) + list(programs.GROUPS)
    if names is None:
        return [args.arch] if args.arch else m.ARCHES, None
    if not names:
        raise m.Trouble("--rows: none is named (bench/rows.tsv lists them)")
    args.rows = names
    if ONLY_WALL in names and not args.wall:
        raise m.Trouble(f"--rows {ONLY_WALL}: seconds on two CPUs, with --wall only")
    groups = rows.groups_of(table, [n for n in names if n != ONLY_WALL]) + [ONLY_WALL] * (ONLY_WALL in names)
    if all(g in programs.GROUPS for g in groups):
        if args.arch not in (None, programs.ARCH):
            raise m.Trouble(f"{', '.join(groups)}: programs of this host, on {programs.ARCH} only")
        return [programs.ARCH], groups
    return [args.arch] if args.arch else m.ARCHES, groups


def main(args):
    table = rows.load()
    check(args)
    archs, groups = asked(args, table)
    kernels = ("mnemos",) if args.no_linux else machine.KERNELS
    if args.gate or args.save_baseline:
        return gate.main(archs, args.save_baseline)
    if args.profile:
        return profile.main(args.arch or "x86_64", table, args.profile, not args.no_linux, args.document)
    if args.wall:
        data = wall.main(archs, groups, args.runs, [k for k in kernels if k != "linux"], table)
    else:
        data = {arch: one_arch(arch, args, kernels, table, groups) for arch in archs}
    if args.json:
        report.write_json(args.json, data)
    over = [] if args.wall else [n for d in data.values() for n, r in d["rows"].items() if r["verdict"] == "OVER"]
    return 1 if over else 0
