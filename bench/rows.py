"""The rows, from rows.tsv: what each counts and what it may cost on each build."""
import os

from bench import launcher as m

HERE = os.path.dirname(os.path.realpath(__file__))
LEAN = "lean"  # in place of a limit: what lean Linux takes; lean*F: F times that
WIDE_BLOCK, NARROW_BLOCK = 512, 1024  # instructions that clear or copy 4 KiB


class Row:
    def __init__(self, line):
        self.name, self.group, self.unit, first, goal, fiwix, blocks, self.meaning = line.split("\t")
        self.limits = {"first": first, "goal": goal}
        self.fiwix = None if fiwix == "-" else int(fiwix)
        self.blocks = int(blocks)

    def limit(self, which, arch):
        """What an operation may cost on @arch by the column "first" or "goal"; None when there is none or lean Linux is it."""
        text = self.limits[which]
        wide, slash, narrow = text.partition("/")
        if text == "-" or text.startswith(LEAN):
            return None
        if arch == "x86_64":
            return int(wide)
        if slash:
            return int(narrow)
        if self.unit in ("bytes", "boot"):
            return int(wide)
        value = int(wide) + self.blocks * (NARROW_BLOCK - WIDE_BLOCK)
        return value * 11 // 10 if arch == "i386-pae" else value

    def of_lean(self, which):
        """What share of lean Linux's cost is the limit; None when it is a figure, or there is none."""
        text = self.limits[which]
        return float(text.partition("*")[2] or 1) if text.startswith(LEAN) else None


def load(path=os.path.join(HERE, "rows.tsv")):
    with open(path) as f:
        rows = [Row(line.rstrip("\n")) for line in f if line.strip() and not line.startswith("#")]
    return {r.name: r for r in rows}


def groups_of(rows, names, option="--rows"):
    """The groups that have these rows (a group's own name stands for all of its rows), in order."""
    known = {r.group for r in rows.values()}
    wanted = []
    for name in names:
        if name not in rows and name not in known:
            raise m.Trouble(f"{option} {name}: no such row or group (bench/rows.tsv lists them)")
        group = rows[name].group if name in rows else name
        if group not in wanted:
            wanted.append(group)
    return wanted


def selected(rows, names):
    """The rows that were asked for: all when nothing was."""
    return {n: r for n, r in rows.items() if not names or n in names or r.group in names}
