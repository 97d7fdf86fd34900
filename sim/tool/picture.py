"""Results for people: a table, and a page with curves that needs nothing but a browser."""
import math
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 300, 64, 36, 12
COLOURS = ["#1f5fa8", "#c0392b", "#2f7d4f", "#8e44ad", "#d4820a", "#16807a", "#7f4a22", "#d6337c", "#5a6b7b", "#4b7f0e", "#333333", "#a0522d",
           "#0b8ec4", "#9a8500", "#6a1b9a"]


def ratio(r, one):
    return r["faults"] / one["references"] if one["references"] else 0


def table(one):
    head = ["frames", "policy", "faults", "cold", "refaults", "write-backs", "miss ratio"]
    lines = [head] + [[f"{r['frames']:,}", r["policy"]] + [f"{r[k]:,}" for k in ("faults", "cold", "refaults", "writebacks")]
                      + [f"{ratio(r, one):.4f}"] for r in one["results"]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    about = f"{one['trace']} ({one['format']}): {one['references']:,} references to {one['pages']:,} pages, {one['writes']:,} writes"
    return about + "\n" + "\n".join("  ".join(c.ljust(w) if i == 1 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))).rstrip()
                                    for line in lines)


class Axis:
    """Values on a line from @low to @high: equal steps, or equal factors."""

    def __init__(self, values, log, begin, end):
        self.log, self.begin, self.end = log, begin, end
        self.low, self.high = (min(values), max(values)) if log else (0, max(values) or 1)
        if self.low == self.high:
            self.high = self.low * 2 or 1

    def at(self, v):
        f = math.log if self.log else float
        share = (f(v) - f(self.low)) / (f(self.high) - f(self.low))
        return self.begin + share * (self.end - self.begin)

    def marks(self):
        if not self.log:
            step = 10 ** math.floor(math.log10(self.high / 4))
            step *= next((m for m in (1, 2, 5, 10) if self.high / (step * m) <= 5), 10)
            return [step * i for i in range(int(self.high / step + 1e-9) + 1)]
        if self.high <= 1:  # ratios
            return [10.0 ** k for k in range(math.ceil(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)] or [self.low]
        first, last = math.ceil(math.log2(self.low)), math.floor(math.log2(self.high))
        every = max(1, (last - first) // 6)
        return [2 ** k for k in range(first, last + 1, every)] or [self.low]


def short(v):
    for size, unit in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if v >= size and v % size == 0:
            return f"{v // size:g}{unit}"
    return f"{v:g}"


def chart(title, lines, x_name, y_name, log_x=True):
    """An SVG of @lines: name -> list of (x, y), x > 0."""
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return ""
    x = Axis([p[0] for points in lines.values() for p in points], log_x, LEFT, WIDTH - 130)
    values = [p[1] for points in lines.values() for p in points]
    far = max(values) <= 1 and 0 < min(values) < max(values) / 50  # ratios of which most would lie on the ground
    y = Axis(values, far, HEIGHT - BOTTOM, TOP + 16)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
           f'<text x="{LEFT}" y="{TOP + 4}" font-weight="bold">{escape(title)}</text>']
    for v in y.marks():
        out.append(f'<path d="M{LEFT} {y.at(v):.1f}H{WIDTH - 130}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y.at(v) + 4:.1f}" text-anchor="end">{v:g}</text>')
    for v in x.marks():
        out.append(f'<text x="{x.at(v):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(v)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - 130) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{escape(x_name)}; upwards: {escape(y_name)}{", in powers of ten" * far}</text>')
    for i, (name, points) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"><title>{escape(name)}</title></polyline>')
        out += [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="2.5" fill="{colour}"><title>{escape(name)}: {short(a)}, {b:.6g}</title></circle>'
                for a, b in (points if len(points) <= 40 else [])]
        out.append(f'<text x="{WIDTH - 122}" y="{TOP + 24 + 15 * i}" fill="{colour}">{escape(name)}</text>')
    return "".join(out) + "</svg>"


def miss_ratios(one):
    lines = {}
    for r in one["results"]:
        lines.setdefault(r["policy"], []).append((r["frames"], ratio(r, one)))
    if "lru" in one:
        lines["LRU, all sizes"] = [(f, n / one["references"]) for f, n in one["lru"]]
    return {name: sorted(points) for name, points in lines.items()}


def charts(one):
    out = chart("Miss ratio", miss_ratios(one), "frames", "faults of references")
    if "working_set" in one:
        out += chart("Mean working set W(T)", {"pages": [tuple(p) for p in one["working_set"]]}, "window T, references", "pages")
    if one.get("windows", {}).get("pages"):
        n = one["windows"]["references"]
        out += chart(f"Working set over time, W(t, {short(n)})", {"pages": [((i + 1) * n, p) for i, p in enumerate(one["windows"]["pages"])]},
                     "t, references", "pages", log_x=False)
    return out


def rows(one):
    head = "<tr><th>frames<th>policy<th>faults<th>cold<th>refaults<th>write-backs<th>miss ratio</tr>"
    return head + "".join(
        f"<tr><td>{r['frames']:,}<td>{escape(r['policy'])}<td>{r['faults']:,}<td>{r['cold']:,}<td>{r['refaults']:,}<td>{r['writebacks']:,}"
        f"<td>{ratio(r, one):.4f}</tr>" for r in one["results"])


STYLE = ("body{font:14px sans-serif;margin:2em;max-width:70em}svg{font:11px sans-serif;margin:0 1em 1em 0}table{border-collapse:collapse}"
         "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}")


def page(runs):
    out = ['<!doctype html><html lang="en"><meta charset="utf-8"><title>Page replacement</title>', f"<style>{STYLE}</style>",
           "<h1>Page replacement</h1><p>Faults are misses, the first use of each page included.</p>"]
    for one in runs:
        out.append(f"<h2>{escape(one['trace'])}</h2><p>{one['references']:,} references to {one['pages']:,} pages, "
                   f"{one['writes']:,} writes; format {escape(one['format'])}.</p>{charts(one)}<table>{rows(one)}</table>")
    return "\n".join(out + ["</html>", ""])
