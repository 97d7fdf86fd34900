"""`./mnemos run --policy`: which policies there are, and the table at the end of what memory the program used and how."""
import glob
import os
import re

from tools.pack.elf import Trouble

# (line, [(what, names of /proc/vmstat that are added up, those that are taken off)])
LINES = (
    ("faults", (("minor", ("pgfault",), ("pgmajfault",)), ("major", ("pgmajfault",), ()), ("huge", ("thp_fault_alloc",), ()),
                ("taken back", ("pgreuse",), ()))),
    ("refaults", (("anonymous", ("workingset_refault_anon",), ()), ("of files", ("workingset_refault_file",), ()))),
    ("swap", (("in", ("pswpin",), ()), ("out", ("pswpout",), ()), ("read ahead", ("swap_ra",), ()), ("of use", ("swap_ra_hit",), ()))),
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


def parse(text):
    """One frame of init: /proc/uptime, then /proc/vmstat. Return: (seconds, {name: number})."""
    first, _, rest = text.decode(errors="replace").partition("\n")
    return float(first.split()[0]), {k: int(v) for k, v in re.findall(r"^(\w+) (\d+)$", rest, re.M)}


def table(policy, frames):
    """The lines to print; none when the machine ended before the program did."""
    if len(frames) < 2:
        return []
    (begin, before), (end, after) = parse(frames[0]), parse(frames[1])

    def delta(names):
        return sum(after.get(n, 0) - before.get(n, 0) for n in names)

    rows = [("policy", policy), ("time", f"{end - begin:.2f} s")]
    for head, parts in LINES:
        rows.append((head, ", ".join(f"{delta(plus) - delta(minus)} {what}" for what, plus, minus in parts)))
    return [f"{head:<10}{text}" for head, text in rows]
