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


def main(args):
    table = rows.load()
    if args.programs:
        args.arch, args.rows = args.arch or programs.ARCH, (args.rows or []) + list(programs.GROUPS)
    if args.wall and args.rows == ["smp"]:
        groups = args.rows
    else:
        groups = rows.groups_of(table, args.rows) if args.rows else None
    archs = [args.arch] if args.arch else m.ARCHES
    if args.gate or args.save_baseline:
        return gate.main(archs, args.save_baseline)
    if args.profile:
        return profile.main(args.arch or "x86_64", table, args.profile, not args.no_linux)
    if args.wall:
        timed = [g for g in dict.fromkeys(r.group for r in table.values()) if g not in ("usage", size.GROUP, machine.SWAP_GROUP)] + ["smp"]
        data = wall.main(archs, groups or timed, args.runs)
    else:
        kernels = ("mnemos",) if args.no_linux else machine.KERNELS
        data = {arch: one_arch(arch, args, kernels, table, groups) for arch in archs}
    if args.json:
        report.write_json(args.json, data)
    over = [] if args.wall else [n for d in data.values() for n, r in d["rows"].items() if r["verdict"] == "OVER"]
    return 1 if over else 0
