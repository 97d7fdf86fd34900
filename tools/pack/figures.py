"""`./mnemos run --policy, --frames, --trace`: which policies there are, and the table at the end of what memory the program used and how."""
import glob
import os
import re

from tools.pack.elf import Trouble

# (line, [(what, names of /proc/vmstat that are added up, those that are taken off)])
MOST_FRAMES = 65536
LINES = (
    ("faults", (("minor", ("pgfault",), ("pgmajfault",)), ("major", ("pgmajfault",), ()), ("huge", ("thp_fault_alloc",), ()),
                ("taken back", ("pgreuse",), ()))),
    ("refaults", (("anonymous", ("workingset_refault_anon",), ()), ("of files", ("workingset_refault_file",), ()))),
    ("swap", (("in", ("pswpin",), ()), ("out", ("pswpout",), ()), ("read ahead", ("swap_ra",), ()), ("of use", ("swap_ra_hit",), ()))),
    ("writes", (("pages written back", ("nr_written",), ()), ("made dirty", ("nr_dirtied",), ()))),
    ("reclaim", (("looked at", ("pgscan_kswapd", "pgscan_direct"), ()), ("anonymous", ("pgsteal_anon",), ()), ("of files", ("pgsteal_file",), ()))),
)


def policies(root):
    """Names of the policies that a kernel can have."""
    found = []
    for path in glob.glob(os.path.join(root, "mm", "reclaim", "policy", "*.c")):
        with open(path, encoding="utf-8") as f:
            for body in re.findall(r"^DEFINE_POLICY\(\w+\) = \{(.*?)^\};", f.read(), re.M | re.S):
                if "POLICY_NEEDS_FUTURE" not in body:
                    found.append(re.search(r'\.name = "([^"]+)"', body).group(1))
    return sorted(found)


def check(root, name):
    if name not in policies(root):
        raise Trouble(f"--policy {name}: use one of {', '.join(policies(root))}")


def check_frames(frames):
    if not 1 <= frames <= MOST_FRAMES:
        raise Trouble(f"--frames {frames}: 1 to {MOST_FRAMES}")


def parse(text):
    """One frame of init: /proc/uptime, /proc/vmstat, debugfs's frames. Return: (seconds, {name: number})."""
    first, _, rest = text.decode(errors="replace").partition("\n")
    return float(first.split()[0]), {k: int(v) for k, v in re.findall(r"^(\w+) (\d+)$", rest, re.M)}


def table(policy, figures, frames=None):
    """The lines to print; none when the machine ended before the program did. frames: of the program alone; None: no limit."""
    if len(figures) < 2:
        return []
    (begin, before), (end, after) = parse(figures[0]), parse(figures[1])

    def delta(names):
        return sum(after.get(n, 0) - before.get(n, 0) for n in names)

    rows = [("policy", policy or "lru2"), ("time", f"{end - begin:.2f} s")]
    if frames:
        used, missed, cold = (delta(("frames_" + n,)) for n in ("references", "faults", "cold"))
        rows.append(("frames", f"{frames}: {used} references, {missed} faults, {cold} cold, {missed - cold} refaults"))
    for head, parts in LINES:
        rows.append((head, ", ".join(f"{delta(plus) - delta(minus)} {what}" for what, plus, minus in parts)))
    return [f"{head:<10}{text}" for head, text in rows]
