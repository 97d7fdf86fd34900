"""Results for people: a table, a bar chart, the tables of docs/performance.md; and for programs: JSON."""
import json
import os
import re
import statistics
from xml.sax.saxutils import escape

from bench import launcher as m
from bench import rows

TITLES = {"mnemos": "Mnemos", "linux": "Linux", "lean": "lean"}


def number(v):
    """Three digits at least: 1.04, 94.0, 769, 30,638."""
    if v is None:
        return "-"
    if v < 9.995:
        return f"{v:.2f}"
    return f"{v:,.1f}" if v < 100 else f"{v:,.0f}"


class Result:
    """One row on one build: raw (total, n) of each run of each kernel, and what follows."""

    def __init__(self, row, arch, raw):
        self.row, self.arch, self.raw = row, arch, raw

    def value(self, kernel):
        """Per operation, the median of the runs; None when it was not measured."""
        runs = self.raw.get(kernel)
        return statistics.median(t / n for t, n in runs) if runs else None

    def spread(self, kernel):
        """Greatest difference of a run from the median, as a share of it."""
        mid = self.value(kernel)
        return max(abs(t / n - mid) for t, n in self.raw[kernel]) / mid if mid else 0

    def ratio(self):
        own, lean = self.value("mnemos"), self.value("lean")
        return own / lean if own is not None and lean else None

    def limit(self, which):
        """As rows.Row.limit, with what lean Linux was measured to take, or a share of it, where that is the limit."""
        share, lean = self.row.of_lean(which), self.value("lean")
        if share is None:
            return self.row.limit(which, self.arch)
        return None if lean is None else share * lean

    def verdict(self):
        own, first, goal = self.value("mnemos"), self.limit("first"), self.limit("goal")
        if own is None or first is None:
            return ""
        if own > first:
            return "OVER"
        return "goal" if goal is not None and own <= goal else "ok"

    def above_fiwix(self):
        """On the build that Fiwix has too: does it cost more here?"""
        return self.arch == "i386" and self.row.fiwix is not None and (self.value("mnemos") or 0) > self.row.fiwix

    def cells(self):
        ratio = self.ratio()
        return [self.row.name, self.row.unit] + [number(self.value(k)) for k in TITLES] + \
            ["-" if ratio is None else f"{ratio:.2f}"] + [number(self.limit(k)) for k in ("first", "goal")] + \
            [number(self.row.fiwix), self.verdict()]


HEAD = ["row", "unit", "Mnemos", "Linux", "lean", "ratio", "first", "goal", "Fiwix", ""]


def table(results):
    lines = [HEAD] + [r.cells() for r in results]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.ljust(w) if i in (0, 1, 9) else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def summary(results):
    """One line: rows over, rows at their goal, the mean of the ratios."""
    judged = [r for r in results if r.verdict()]
    ratios = [r.ratio() for r in results if r.ratio()]
    text = f"{len(results)} rows; {sum(r.verdict() == 'OVER' for r in judged)} over their target, " \
        f"{sum(r.verdict() == 'goal' for r in judged)} of {len(judged)} at their goal"
    fiwix = [r.row.name for r in results if r.above_fiwix()]
    text += f"; above Fiwix: {', '.join(fiwix)}" if fiwix else ""
    return text + (f"; geometric mean of the ratios {statistics.geometric_mean(ratios):.3f}" if ratios else "")


def as_json(arch, results, about):
    found = {r.row.name: {"unit": r.row.unit, "first": r.limit("first"), "goal": r.limit("goal"), "fiwix": r.row.fiwix,
                         "runs": {k: [{"total": t, "operations": n} for t, n in runs] for k, runs in r.raw.items()},
                         "value": {k: r.value(k) for k in r.raw}, "ratio": r.ratio(), "verdict": r.verdict()} for r in results}
    return {"arch": arch, "about": about, "rows": found}


def write_json(path, data):
    with open(path, "w") as f:
        json.dump(data, f, indent=1)
        f.write("\n")


# ---- the chart ----
LINE, LEFT, SCALE, RIGHT = 18, 150, 460, 190
COLOURS = {"ok": "#2f7d4f", "goal": "#2f7d4f", "OVER": "#c0392b", "": "#4a6fa5"}


def bar(r, y):
    """One row: a bar as long as the share of lean Linux's cost, and a mark where its target is."""
    ratio, first = r.ratio(), r.limit("first")
    shown, out = min(ratio, 1.0), []
    out.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(r.row.name)}</text>')
    out.append(f'<rect x="{LEFT}" y="{y + 3}" width="{shown * SCALE:.1f}" height="11" fill="{COLOURS[r.verdict()]}">'
               f'<title>{escape(r.row.meaning)}</title></rect>')
    if first is not None and first <= r.value("lean"):
        at = LEFT + first / r.value("lean") * SCALE
        out.append(f'<path d="M{at:.1f} {y + 1}v15" stroke="#222" stroke-width="2"/>')
    text = f'{number(r.value("mnemos"))} of {number(r.value("lean"))}' + (f" ({ratio:.1f} times)" if ratio > 1 else "")
    out.append(f'<text x="{LEFT + SCALE + 8}" y="{y + 12}">{text}</text>')
    return out


def chart(arch, results, about):
    shown = [r for r in results if r.ratio() is not None]
    height, width = 76 + LINE * len(shown), LEFT + SCALE + RIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           'font-family="sans-serif" font-size="11">', f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="10" y="20" font-size="15">Mnemos as a share of lean Linux, {escape(arch)}</text>',
           f'<text x="10" y="37" fill="#555">Instructions (mem: bytes) for one operation; {escape(about.get("linux", ""))}. '
           'Black mark: target. Red: over it.</text>']
    for i in range(0, 11, 2):
        x = LEFT + SCALE * i / 10
        out.append(f'<path d="M{x} 58V{height - 12}" stroke="#ddd"/><text x="{x}" y="54" text-anchor="middle" fill="#555">{i * 10} %</text>')
    for i, r in enumerate(shown):
        out += bar(r, 60 + i * LINE)
    return "\n".join(out + ["</svg>", ""])


# ---- the tables of the documentation, between two marks: made of the last figures of every row, which bench/results.json keeps ----
RESULTS, DOCUMENT = os.path.join(m.ROOT, "bench", "results.json"), os.path.join(m.ROOT, "docs", "performance.md")


def kept():
    """arch -> row -> kernel -> per operation."""
    try:
        with open(RESULTS) as f:
            return json.load(f)
    except OSError:
        return {}


def keep(arch, found):
    """@found: row -> kernel -> per operation. Figures that were not measured now stay as they were."""
    data = kept()
    for name, values in found.items():
        data.setdefault(arch, {}).setdefault(name, {}).update({k: round(v, 2) for k, v in values.items()})
    with open(RESULTS, "w") as f:
        json.dump(data, f, indent=1, sort_keys=True)
        f.write("\n")


PARTS = os.path.join(m.ROOT, "bench", "parts.json")
SHOWN, OF = 6, 0.03  # so many functions of a row, and none below this share


def kept_parts():
    """arch -> row -> function -> instructions for one operation."""
    try:
        with open(PARTS) as f:
            return json.load(f)
    except OSError:
        return {}


def keep_parts(arch, row, functions):
    data, whole = kept_parts(), sum(functions.values())
    data.setdefault(arch, {})[row] = {f: round(c, 1) for f, c in functions.most_common(SHOWN) if c >= OF * whole}
    with open(PARTS, "w") as f:
        json.dump(data, f, indent=1)
        f.write("\n")


def floors(path=os.path.join(m.ROOT, "bench", "floors.tsv")):
    """row -> (floor or None, what stands between)."""
    with open(path) as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return {name: (None if floor == "-" else int(floor), why) for name, floor, why in lines}


def parts_markdown(arch):
    """What each row consists of, how far it is from its floor, and why."""
    lines, parts = ["| row | here | floor | its largest parts | what stands between |", "|---|--:|--:|---|---|"], kept_parts().get(arch, {})
    for name, (floor, why) in floors().items():
        own = kept()[arch][name]["mnemos"]
        text = ", ".join(f"{f if f[0] == '(' else f'`{f}`'} {number(c)}" for f, c in parts.get(name, {}).items())
        lines.append(f"| {name} | {number(own)} | {'-' if floor is None else f'{floor:,}'} | {text or '-'} | {why} |")
    return "\n".join(lines)


def markdown(results):
    lines = ["| row | one operation | Mnemos | Linux | lean | ratio | first | goal | Fiwix |", "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    for r in results:
        c = r.cells()
        own = {"OVER": f"**{c[2]}**", "goal": f"{c[2]} ✓"}.get(c[9], c[2])
        lines.append(f"| {c[0]} | {r.row.meaning} ({c[1]}) | {own} | " + " | ".join(c[3:9]) + " |")
    return "\n".join(lines + ["", summary(results) + "."])


def with_tables(text):
    """@text with its tables as bench/results.json has the figures."""
    for arch, found in kept().items():
        results = [Result(row, arch, {k: [(v, 1)] for k, v in found[name].items()}) for name, row in rows.load().items() if name in found]
        text, n = re.subn(rf"(<!-- table {re.escape(arch)} -->\n).*?(<!-- end -->)",
                          lambda at: at[1] + markdown(results) + "\n" + at[2], text, flags=re.S)
        if n != 1:
            raise m.Trouble(f"docs/performance.md has no place for the table of {arch}")
    return re.sub(r"(<!-- parts (\w+) -->\n).*?(<!-- end -->)", lambda at: at[1] + parts_markdown(at[2]) + "\n" + at[3], text, flags=re.S)


def update_document():
    with open(DOCUMENT) as f:
        text = with_tables(f.read())
    with open(DOCUMENT, "w") as f:
        f.write(text)
