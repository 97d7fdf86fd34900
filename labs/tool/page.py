"""The page of a lab: one file with everything in it, drawn by the modules of labs/tool/page."""
import html
import json
import os
import re

from labs.tool import launcher as m

PAGE = os.path.join(m.ROOT, "labs", "tool", "page")
MODULES = ("svg.js", "bits.js", "walk.js", "maps.js", "main.js")  # each after those that it imports
CHAPTERS = ("Why it is so", "Exercises", "What to change")
MAX_BYTES = 1 << 20


def source(name):
    with open(os.path.join(PAGE, name), encoding="utf-8") as f:
        return f.read()


def script():
    """The modules as one: no imports between them are left."""
    text = "\n".join(source(name) for name in MODULES)
    return re.sub(r"^export ", "", re.sub(r"^import .*;\n", "", text, flags=re.M), flags=re.M)


# ---- the little of Markdown that READMEs of labs use ----

def inline(text):
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def block(lines):
    """A paragraph, a list or a piece of code, from lines without empty ones at its ends."""
    if all(x.startswith("    ") or not x for x in lines):
        return "<pre><code>" + html.escape("\n".join(x[4:] for x in lines), quote=False) + "</code></pre>"
    for mark, tag in ((r"\d+\. ", "ol"), (r"- ", "ul")):
        if re.match(mark, lines[0]):
            items = re.split(rf"\n(?={mark})", "\n".join(lines))
            rows = "".join("<li>" + inline(re.sub(rf"^{mark}", "", x).replace("\n", " ")) + "</li>" for x in items)
            return f"<{tag}>{rows}</{tag}>"
    return "<p>" + inline(" ".join(x.strip() for x in lines)) + "</p>"


def chapter_html(text):
    out, lines = [], []
    for line in text.strip("\n").split("\n") + [""]:
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            out.append(block(lines))
            lines = []
    return "\n".join(out)


def readme(lab):
    """The chapters of the lab's README that the program does not tell."""
    with open(lab.file("README.md"), encoding="utf-8") as f:
        parts = re.split(r"^## (.+)\n", f.read(), flags=re.M)
    return "\n".join(f"<h2>{html.escape(name)}</h2>\n{chapter_html(text)}"
                     for name, text in zip(parts[1::2], parts[2::2]) if name.strip() in CHAPTERS)


def page(lab, arch, items):
    data = json.dumps({"lab": lab.number, "arch": arch, "items": items}, ensure_ascii=False, separators=(",", ":"))
    fill = {"title": html.escape(f"Lab {lab.number}: {lab.title}"), "where": html.escape(f"lab {lab.number} on {arch}"),
            "teaches": html.escape(f"What you learn: {lab.teaches}."), "style": source("page.css"), "script": script(),
            "readme": readme(lab), "data": data.replace("<", "\\u003c")}
    text = re.sub(r"@(\w+)@", lambda k: fill[k[1]], source("page.html"))
    if len(text.encode()) > MAX_BYTES:
        raise m.Trouble(f"lab {lab.number}: the page would take more than {MAX_BYTES >> 20} MiB")
    return text
