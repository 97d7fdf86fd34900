#!/usr/bin/env python3
"""Tests of ./mnemos lab and ./mnemos grade, for every lab: what is told in the terminal and what a browser draws are the same (on the first
and the last of its builds), templates and answers belong together, right is right and wrong is wrong (on builds by turns). That the checks hold
and the answers come on all builds is seen in the guest tests. Run by tools/test.sh.

  labs/tool/labs_test.py [LAB...]      only these labs
"""
import fcntl
import glob
import html.parser
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT)
loader = importlib.machinery.SourceFileLoader("mnemos", os.path.join(ROOT, "mnemos"))
launcher = importlib.util.module_from_spec(importlib.util.spec_from_loader("mnemos", loader))
loader.exec_module(launcher)
import labs.tool  # noqa: E402

labs.tool.launcher = launcher
from labs.tool import folder, grading, machine, page  # noqa: E402

ONLY = [int(a) for a in sys.argv[1:] if a.isdigit()]
LABS = [lab for lab in folder.every() if not ONLY or lab.number in ONLY]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 900  # for what hangs
SOME = "1234"  # an answer that every question takes


def mnemos(*words):
    done = subprocess.run([os.path.join(ROOT, "mnemos"), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def first_and_last(lab):
    return sorted({lab.builds[0], lab.builds[-1]})


def one_by_turns(lab):
    return [lab.builds[lab.number % len(lab.builds)]]


def on_all(builds, work):
    """@work(lab, arch) for the @builds of each lab, two at a time."""
    jobs = [(lab, arch) for lab in LABS for arch in builds(lab)]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(((lab.number, arch) for lab, arch in jobs), pool.map(lambda job: work(*job), jobs)))


# ---- pages in a browser ----

class Figures(html.parser.HTMLParser):
    """The figures of a page as the browser has drawn them: what is to be read, the values, the terminal's text, stops of Tab."""

    def __init__(self, text):
        super().__init__()
        self.figures, self.open, self.root = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.root = attrs
        if tag == "figure":
            self.figures.append({"type": attrs["data-type"], "shown": "", "says": [], "values": [], "text": "", "stops": 0, "svg": 0})
        if self.figures and tag == "svg":
            self.figures[-1]["svg"] += 1
        if self.figures and "data-says" in attrs:
            self.figures[-1]["says"].append(attrs["data-says"])
            self.figures[-1]["stops"] += attrs.get("tabindex") == "0"
        if tag not in ("meta", "br", "link"):
            self.open.append((tag, attrs))
            if "v" in (attrs.get("class") or "").split() and any(t == "figure" for t, _ in self.open):
                self.figures[-1]["values"].append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [t for t, _ in self.open]
        if "figure" not in tags or "summary" in tags:
            return
        figure = self.figures[-1]
        if "pre" in tags:
            figure["text"] += data
            return
        figure["shown"] += data + " "
        if any("v" in (a.get("class") or "").split() for _, a in self.open):
            figure["values"][-1] += data


# What a figure does not show: letters beyond its edges, and of address spaces what one has to scroll to.
CUT = """<script type="module">
const beyond = [...document.querySelectorAll("figure svg text")].filter((t) => {
	const letters = t.getBBox(), picture = t.ownerSVGElement.viewBox.baseVal;
	return letters.x < -1 || letters.x + letters.width > picture.width + 1;
});
const scrolled = [...document.querySelectorAll("figure[data-type=strip] .scroll")].filter((d) => d.scrollWidth > d.clientWidth);
document.documentElement.dataset.cut = beyond.map((t) => t.textContent).concat(scrolled.map(() => "a strip")).join("; ");
</script>
"""


def browser():
    return next((b for b in BROWSERS if shutil.which(b)), None)


def drawn(path, home, width=1200):
    """(figures, what the browser complains of) in a window of @width pixels."""
    done = subprocess.run([browser(), "--headless", f"--window-size={width},900", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                           "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={home}", "--enable-logging=stderr", "--dump-dom",
                           "file://" + path], capture_output=True, text=True, timeout=SECONDS)
    shutil.rmtree(home, ignore_errors=True)
    page_errors = ("CONSOLE", "Uncaught")
    complaints = [line for line in done.stderr.split("\n") if any(e in line for e in page_errors)]
    figures = Figures(done.stdout)
    complaints += [figures.root[k] for k in ("data-error", "data-cut") if figures.root.get(k)]
    return figures, complaints


def squeezed(text):
    return " ".join(text.split())


def values(item):
    """The values of a figure's JSON that a reader must find in the picture, or in what its parts say."""
    kind = item["type"]
    if kind == "bits":
        return [item["value"]] + [f[k] for f in item["fields"] for k in ("bits", "value")]
    if kind == "walk":
        found = [item[k] for k in ("address", "frame", "offset", "phys", "value")]
        return found + [level[k] for level in item["levels"] for k in ("name", "index", "entry")]
    if kind == "strip":
        return [v for a in item["areas"] for v in (f"{a['start']}-{a['end']}", a["size"], a["name"].split("/")[-1], a["note"], a["gap"])]
    if kind == "frames":
        return [str(o["frames"]) for o in item["owners"]] + [r[k] for r in item["runs"] for k in ("first", "owner", "note")]
    if kind == "buddy":
        return [v for b in item["blocks"] for v in (b["first"], f"order {b['order']}", b["state"], b["note"])]
    return [cell for row in item["rows"] for cell in row]


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.mkdtemp(prefix="mnemos-labs-")
        cls.runs = on_all(first_and_last, cls.run_lab)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.tmp, ignore_errors=True)

    @classmethod
    def run_lab(cls, lab, arch):
        name = os.path.join(cls.tmp, f"{lab.number}-{arch}")
        told = mnemos("lab", str(lab.number), "--arch", arch, "--html", name + ".html", "--json", name + ".json")
        again = mnemos("lab", str(lab.number), "--arch", arch) if arch == lab.builds[0] else None
        page = drawn(name + ".html", name + ".home") if browser() and not told[0] else (None, [])
        return name, told, again, page

    def on_each(self, look):
        """@look(base of the files' names, items, the other run, what the browser made of it) for each run."""
        for (number, arch), (name, told, again, drawing) in self.runs.items():
            with self.subTest(lab=number, arch=arch):
                self.assertEqual(told[0], 0, told[2])
                with open(name + ".json") as f:
                    look(name, json.load(f)["items"], again, drawing)

    def test_terminal_tells_the_same_in_another_run(self):
        def look(_, items, again, __):
            if not again:
                return
            self.assertEqual(again[0], 0, again[2])
            self.assertEqual(again[1].rpartition("\n\n")[0] + "\n", "".join(i["text"] for i in items))
            self.assertGreater(len([i for i in items if i["type"] == "step"]), 1)
        self.on_each(look)

    def test_page_is_one_file_below_a_mebibyte(self):
        def look(name, *_):
            text = launcher.read_file(name + ".html").decode()
            self.assertLess(len(text), page.MAX_BYTES)
            self.assertEqual(set(re.findall(r"https?://[^\"'\s<]+", text)) - {"http://www.w3.org/2000/svg"}, set())
            self.assertFalse(re.search(r"<(link|img|iframe)\b|<script[^>]* src=", text))
        self.on_each(look)

    def test_browser_draws_every_figure_with_the_values_of_the_text(self):
        self.assertTrue(browser(), "no browser: run 'make setup'")

        def look(_, items, __, drawing):
            made, complaints = drawing
            self.assertEqual(complaints, [])
            figures = [i for i in items if i["type"] not in ("lab", "step", "note")]
            self.assertEqual([f["type"] for f in made.figures], [i["type"] for i in figures])
            for item, figure in zip(figures, made.figures):
                self.one_figure(item, figure)
        self.on_each(look)

    def test_nothing_is_cut_off_in_wide_and_narrow_windows(self):
        def look(name, *_):
            with open(name + "-cut.html", "w") as f:
                f.write(launcher.read_file(name + ".html").decode().replace("</body>", CUT + "</body>"))
            for width in (1200, 500):
                figures, complaints = drawn(name + "-cut.html", name + ".home", width)
                self.assertEqual(complaints, [], width)
                self.assertEqual(figures.root.get("data-cut"), "", width)
        self.on_each(look)

    def one_figure(self, item, figure):
        self.assertEqual(figure["text"], item["text"].lstrip("\n"))
        text, shown = squeezed(figure["text"]), squeezed(figure["shown"] + " ".join(figure["says"]))
        self.assertTrue(figure["values"], item["title"])
        for value in figure["values"]:
            self.assertIn(squeezed(value), text, item["title"])
        for value in values(item):
            if value:
                self.assertIn(squeezed(value), shown, item["title"])
        self.assertEqual(figure["stops"], figure["svg"], f"{item['title']}: one stop of Tab for each picture")


# ---- grading ----

def template_names(lab):
    with open(lab.file("answers.template"), encoding="utf-8") as f:
        return re.findall(r"^([a-z0-9_]+) *=", f.read(), flags=re.M)


def solve(lab, copy):
    """Lay the solution of the exercise over a copy of the lab's folder."""
    place = os.path.join(ROOT, "tests", "labs", f"{lab.number:02}")
    for path in glob.glob(os.path.join(place, "**"), recursive=True):
        name = os.path.relpath(path, place)
        if os.path.isfile(path) and name != "edits.json":
            os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
            shutil.copy(path, os.path.join(copy, name))
    edits = os.path.join(place, "edits.json")
    for edit in json.loads(launcher.read_file(edits)) if os.path.exists(edits) else []:
        path = os.path.join(copy, edit["file"])
        text = launcher.read_file(path).decode()
        if text.count(edit["find"]) != 1:
            raise AssertionError(f"{edits}: {edit['file']} does not have that text once")
        with open(path, "w") as f:
            f.write(text.replace(edit["find"], edit["put"]))


def grade(copy, lab, answers):
    with open(os.path.join(copy, "answers.txt"), "w") as f:
        f.write("".join(f"{k} = {v}\n" for k, v in answers.items()))
    status, out, err = mnemos("grade", str(lab.number), copy, "--json")
    if not out:
        raise AssertionError(err)
    return status, json.loads(out)["items"]


def plain(item):
    """The answer that is expected, as a student may write it."""
    return SOME if item["asks"] == "given" else item["want"]


class Grades(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.mkdtemp(prefix="mnemos-grades-")
        cls.runs = on_all(one_by_turns, cls.run_lab)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.tmp, ignore_errors=True)

    @classmethod
    def run_lab(cls, lab, arch):
        """Verdicts of a folder as it is shipped, every answer SOME; and of right answers and the exercise done."""
        copy = os.path.join(cls.tmp, f"{lab.number}-{arch}")
        shutil.copytree(lab.path, copy)
        first = grade(copy, lab, {"arch": arch, **{n: SOME for n in template_names(lab)[1:]}})
        right = {"arch": arch, **{i["name"]: plain(i) for i in first[1] if i.get("asks")}}
        solve(lab, copy)
        return lab, first, grade(copy, lab, right)

    def on_each(self, look):
        """@look(lab, verdict of the folder as it is shipped, verdict of the solution) for each."""
        for (number, arch), run in self.runs.items():
            with self.subTest(lab=number, arch=arch):
                look(*run)

    def test_template_has_the_questions_in_their_order(self):
        def look(lab, first, _):
            items = first[1]
            self.assertEqual(template_names(lab), ["arch"] + [i["name"] for i in items if i["kind"] == "answer"])
        self.on_each(look)

    def test_shipped_code_holds_and_its_exercise_is_to_be_done(self):
        def look(_, first, __):
            status, items = first
            self.assertEqual(status, 1)
            self.assertEqual([i["message"] for i in items if i["kind"] == "code" and not i["ok"]], [])
            self.assertTrue([i for i in items if i["kind"] == "code"])
            todo = [i for i in items if i["kind"] == "exercise"]
            self.assertTrue(todo)
            self.assertEqual([i["name"] for i in todo if i["ok"]], [])
        self.on_each(look)

    def test_wrong_answers_are_told_one_by_one(self):
        def look(_, first, __):
            for i in first[1]:
                if i["kind"] == "answer" and i["asks"] != "given" and i["want"] not in (SOME, "0x" + SOME):
                    self.assertEqual(i["message"], f"{i['name']}: {SOME} is wrong; expected {i['want']} ({i['where']})")
                    self.assertNotIn("\n", i["message"])
        self.on_each(look)

    def test_right_answers_and_the_exercise_done_are_right(self):
        def look(_, __, solved):
            status, items = solved
            self.assertEqual([i["message"] for i in items if not i["ok"]], [])
            self.assertEqual(status, 0)
        self.on_each(look)


class Wrong(unittest.TestCase):
    """Submissions that crash, loop or are no program: told in a line, and no machine runs on."""

    def grade(self, lab, name, edit):
        with tempfile.TemporaryDirectory() as tmp:
            copy = shutil.copytree(lab.path, os.path.join(tmp, "copy"))
            path = os.path.join(copy, name)
            text = edit(launcher.read_file(path))
            with open(path, "wb") as f:
                f.write(text)
            status, items = grade(copy, lab, {"arch": lab.builds[0]})
        self.assertEqual(status, 1)
        said = [i["message"] for i in items if i["kind"] != "answer" and not i["ok"]]
        for line in said:
            self.assertNotIn("\n", line)
        return said

    def test_modules(self):
        lab = next((lab for lab in LABS if lab.modules == ["logadd2phyadd"]), None)
        if not lab:
            self.skipTest("not lab 3")

        def init(body):
            return lambda text: text.replace(b"{\n\tif (!proc_create(", b"{\n\t" + body + b"\n\tif (!proc_create(")
        looped = "it had to be stopped before the first check, or while the module was loaded: something loops or waits for ever"
        for edit, says in ((lambda text: b"", "code module: insmod logadd2phyadd: loaded, but it made no /proc/logadd2phyadd"),
                           (lambda text: bytes(range(256)) * 4096, "code build: .*error: stray"),
                           (lambda text: b'#include "/dev/zero"\n' + text, "code build: .*(memory|did not come to an end)"),
                           (init(b"return -EINVAL;"), "code module: insmod logadd2phyadd: Invalid argument$"),
                           (init(b"nothing_like_it();"), "code build: .*implicit declaration of function .nothing_like_it"),
                           (init(b"{ extern int nowhere(void); nowhere(); }"), "code module: .*Unknown symbol nowhere"),
                           (init(b"*(volatile int *)8 = 1;"), "code kernel: BUG: kernel NULL pointer dereference, address: 00000008, in .*\\[logadd2phyadd\\]$"),
                           (init(b"for (;;) cond_resched();"), "code machine: " + looped),
                           (init(b'asm volatile("cli; hlt");'), "code machine: " + looped)):
            said = self.grade(lab, "module/logadd2phyadd.c", edit)
            self.assertEqual(len(said), 1, said)
            self.assertRegex(said[0], says)

    def test_programs(self):
        lab = next((lab for lab in LABS if lab.name == "06-relocation"), None)
        if not lab:
            self.skipTest("not lab 6")

        def first(body):
            return lambda text: b"#include <signal.h>\n#include <unistd.h>\n" + text.replace(b"{\n\tfprintf", b"{\n\t" + body + b"\n\tfprintf")
        wants = "; expected the linear address and the descriptor, hexadecimal$"
        for edit, says in ((lambda text: text, "the program ended with status 1 and no such line" + wants),
                           (first(b"raise(SIGSEGV);"), r"the program was ended by signal 11 \(Segmentation fault\)" + wants),
                           (first(b'puts("ok 1 - lab6/x");'), 'the program printed "ok 1 - lab6/x"' + wants),
                           (first(b"for (;;) ;"), "did not end within 250 ms of the machine's time: it loops or waits for ever$"),
                           (first(b"for (;;) fork();"), "did not end within 250 ms of the machine's time: it loops or waits for ever$")):
            said = self.grade(lab, "try.c", edit)
            self.assertEqual([line.partition(": ")[0] for line in said], ["exercise student_has_process_7", "exercise student_has_any_process"])
            self.assertRegex(said[0], says)


class Trouble(unittest.TestCase):
    def test_answers(self):
        def ask(kind, base, want):
            return {"kind": kind, "base": base, "want": want}
        for got in ("2f5d", "0x2f5d", "0x0002F5D", "2F5D"):
            self.assertTrue(grading.is_right(ask("number", 16, "2f5d"), got), got)
        for got in ("2f5e", "", "x", "12125", "-2f5d", "0x"):
            self.assertFalse(grading.is_right(ask("number", 16, "2f5d"), got), got)
        self.assertTrue(grading.is_right(ask("number", 10, "32"), "0x20"))
        self.assertFalse(grading.is_right(ask("number", 10, "32"), "20"))
        self.assertTrue(grading.is_right(ask("word", 0, "the stack|stack"), " The  Stack "))
        self.assertFalse(grading.is_right(ask("word", 0, "yes|y"), "no"))
        self.assertTrue(grading.is_right(ask("given", 16, None), "0xffff"))
        self.assertFalse(grading.is_right(ask("given", 10, None), "many"))

    def test_answer_files(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
            f.write("# none\n\na = 1 # one\nb=\na = 2\nnonsense\nc = `reboot`\nd = x;y\n")
            f.flush()
            given, wrong = grading.read_answers(f.name)
        self.assertEqual(given, {"a": "1", "b": "", "c": "", "d": ""})
        self.assertEqual([w.line() for w in wrong], ["a: answered twice (line 5)", "line 6: is not 'name = answer'",
                                                     "c: line 7 has signs that no answer has", "d: line 8 has signs that no answer has"])

    def test_numbers_are_no_signs_and_no_digits_of_other_scripts(self):
        self.assertEqual([grading.number(t, 10) for t in ("12", "1_0", "0x1F", "-5", "+5", "\u0663", "")], [12, 10, 31, None, None, None, None])

    def test_what_is_no_file_of_answers(self):
        with tempfile.TemporaryDirectory() as tmp:
            fifo, big = os.path.join(tmp, "fifo"), os.path.join(tmp, "big")
            os.mkfifo(fifo)
            with open(big, "w") as f:
                f.write("a = 1\n" * 200000)
            for path, says in ((fifo, "is no file"), (tmp, "is a folder"), (big, "1200000 bytes: no answers are that long")):
                with self.assertRaisesRegex(launcher.Trouble, says):
                    grading.read_lines(path)
            with open(big, "w", encoding="utf-8") as f:
                f.write("\ufeffarch = i386\r\n" + "what\n" * 100)
            given, wrong = grading.read_answers(big)
        self.assertEqual((given, len(wrong), wrong[-1].line()), ({"arch": "i386"}, grading.MAX_WRONG + 1, "lines: 95 more are no answers"))

    def test_of_a_kbuild_only_the_parts_reach_make(self):
        with tempfile.TemporaryDirectory() as tmp:
            with open(os.path.join(tmp, "Kbuild"), "w") as f:
                f.write("obj-m := a.o # one\na-objs += b.o c.o\nX := $(shell touch made)\nobj-m += $(shell id)\nccflags-y := -I/etc\n")
            self.assertEqual(machine.own_kbuild(tmp), "obj-m := a.o\na-objs += b.o c.o\n")

    def test_reports_of_the_kernel_are_one_line(self):
        oops = "[    0.1] x: loaded\r\n[    0.2] BUG: kernel NULL pointer dereference, address: 00000008\n[    0.2] EIP: 0060:f+0x1/0x9 [x] [fa0]\n"
        self.assertEqual(grading.kernel_report(oops), "BUG: kernel NULL pointer dereference, address: 00000008, in f+0x1 [x]")
        self.assertEqual(grading.kernel_report("[    0.1] Kernel panic - not syncing: why\n"), "Kernel panic - not syncing: why")
        self.assertIsNone(grading.kernel_report("[    0.1] x: loaded\n"))

    def test_a_line_for_what_cannot_be(self):
        lab = LABS[0]
        for words, says in ((("lab", "99"), "there is no lab 99"), (("lab", "x"), "there is no lab x"), (("grade", "3", "/nowhere"), "/nowhere is not there"),
                            (("lab", str(lab.number), "--shell", "--html", "x"), "--shell goes without"),
                            (("lab", str(lab.number), "--html", "/nowhere/x.html"), "/nowhere/x.html: No such file"),
                            (("lab", str(lab.number), "--from", "/"), "neither a program")):
            status, out, err = mnemos(*words)
            self.assertEqual((status, out), (125, ""))
            self.assertIn(says, err)
            self.assertEqual(err.count("\n"), 1)

    def test_list(self):
        status, out, _ = mnemos("lab")
        self.assertEqual(status, 0)
        self.assertEqual([int(n) for n in re.findall(r"^ *(\d+)  ", out, flags=re.M)], [lab.number for lab in folder.every()])

    def test_code_that_does_not_build_is_one_line(self):
        lab = next((lab for lab in LABS if lab.modules), LABS[0])
        with tempfile.TemporaryDirectory() as tmp:
            copy = shutil.copytree(lab.path, os.path.join(tmp, "copy"))
            path = glob.glob(os.path.join(copy, "module", "*.c"))[0] if lab.modules else os.path.join(copy, folder.sources(copy)[0])
            with open(path, "a") as f:
                f.write("int broken(void) { return nothing; }\n")
            status, items = grade(copy, lab, {"arch": lab.builds[0]})
            code = [i for i in items if i["kind"] != "answer"]
            self.assertEqual((status, [i["name"] for i in code]), (1, ["build"]))
            self.assertIn("'nothing' undeclared", code[0]["message"].replace("‘", "'").replace("’", "'"))

    def test_compilers_that_were_stopped(self):
        for status, err in ((124, ""), (2, "cc1: CPU time limit exceeded signal terminated program"), (2, "gcc: fatal error: Killed signal terminated program cc1")):
            said = machine.complaint(subprocess.CompletedProcess([], status, "", err))
            self.assertRegex(said, "^the compiler did not come to an end within 4 seconds")

    def test_two_that_build_take_turns(self):
        began = threading.Event()
        with open(os.path.join(ROOT, "build", "making"), "w") as turn, mock.patch("subprocess.run", side_effect=lambda *a, **k: began.set()):
            fcntl.flock(turn, fcntl.LOCK_EX)
            other = threading.Thread(target=machine.make, args=("kernel",))
            other.start()
            self.assertFalse(began.wait(0.3))
            fcntl.flock(turn, fcntl.LOCK_UN)
            other.join()
        self.assertTrue(began.is_set())

    def test_shell(self):
        lab = LABS[0]
        done = subprocess.run([os.path.join(ROOT, "mnemos"), "lab", str(lab.number), "--shell"], input=f"lab{lab.number} check\n",
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertIn(f"Lab {lab.number}: {lab.title}", done.stdout)
        self.assertRegex(done.stdout, rf"\nok \d+ - lab{lab.number}/")
        self.assertNotIn("not ok", done.stdout)

    def test_by_hand(self):
        """What the READMEs say to type in the machine works there."""
        for lab in LABS:
            said = re.search(r"^By hand.*--shell.*:\n\n((?:    .*\n)+)", launcher.read_file(lab.file("README.md")).decode(), flags=re.M)
            typed = [line.partition("   ")[0] for line in said[1].replace("\n    ", "\n")[4:].splitlines()] if said else []
            self.assertEqual(bool(typed), bool(lab.modules), lab.name)
            for arch in one_by_turns(lab) if typed else []:
                done = subprocess.run([os.path.join(ROOT, "mnemos"), "lab", str(lab.number), "--arch", arch, "--shell"],
                                      input="echo BY HAND\n" + "".join(f"{{ {t}; }} || echo BAD\n" for t in typed) + "echo END\n",
                                      capture_output=True, text=True, timeout=SECONDS)
                shown = done.stdout.partition("BY HAND")[2]
                self.assertIn("END", shown)
                self.assertNotRegex(shown, "BAD|can't|not found|No such|not ok")


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if not a.isdigit()]
    unittest.main()
