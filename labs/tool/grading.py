"""`mnemos grade`: a student's answers against what the machine says in this run, and the student's code by running it.

The answers are asked of the lab's own program and module; the checks and the exercise run on the student's. Words of the student reach the
machine as arguments of the program, nothing else of them does.
"""
import json
import os
import re
import shlex
import stat
import tempfile

from labs.tool import folder, machine
from labs.tool import launcher as m

NAME = re.compile(r"[a-z0-9_]+")
VALUE = re.compile(r"[\w .,:+/*()'-]{1,100}")
TAP = re.compile(r"(not )?ok \d+ - [\w.-]+/(\S+)( # SKIP)?")
PARTS = ("answers", "check", "exercise")
MAX_BYTES = 1 << 16  # of a file of answers
MAX_WRONG = 5  # lines that are no answers are told one by one
TEST_MS = 250  # of the machine, as many million instructions
REPORT = re.compile(r"BUG: |kernel BUG at|Oops|Kernel panic|general protection fault|kernel stack overflow|double fault|stack guard page")
PLACE = re.compile(r"[RE]IP: [0-9a-f]+:(\S+\+0x[0-9a-f]+)/\S+( \[\w+\])?")


class Item:
    """One question, one check, one exercise."""

    def __init__(self, kind, name, ok, text, **more):
        self.kind, self.name, self.ok, self.text, self.more = kind, name, ok, text, more

    def line(self):
        return f"{self.name}: {self.text}" if self.kind == "answer" else f"{self.kind} {self.name}: {self.text}"

    def data(self):
        return {"kind": self.kind, "name": self.name, "ok": self.ok, **({} if self.ok else {"message": self.line()}), **self.more}


# ---- the answer file ----

def read_lines(path):
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            raise m.Trouble(f"{path} is no file" if not stat.S_ISDIR(mode) else f"{path} is a folder")
        if os.path.getsize(path) > MAX_BYTES:
            raise m.Trouble(f"{path} has {os.path.getsize(path)} bytes: no answers are that long (the questions are in answers.template)")
        with open(path, encoding="utf-8-sig", errors="replace") as f:
            return f.read(MAX_BYTES).split("\n")
    except OSError as e:
        raise m.Trouble(f"{path}: {e.strerror}" if not isinstance(e, FileNotFoundError) else
                        f"{path} is not there: copy answers.template to it and answer")


def read_answers(path):
    """({name: value}, [what is wrong with the file])."""
    given, wrong = {}, []
    for number, line in enumerate(read_lines(path), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        name, eq, value = (x.strip() for x in line.partition("="))
        if not eq or not NAME.fullmatch(name):
            wrong.append(Item("answer", f"line {number}", False, "is not 'name = answer'"))
        elif name in given:
            wrong.append(Item("answer", name, False, f"answered twice (line {number})"))
        elif value and not VALUE.fullmatch(value):
            wrong.append(Item("answer", name, False, f"line {number} has signs that no answer has"))
            given[name] = ""
        else:
            given[name] = value
    return given, shortened(wrong)


def shortened(items):
    """The first few of @items, and how many more there are."""
    more = len(items) - MAX_WRONG
    return items if more < 2 else items[:MAX_WRONG] + [Item("answer", "lines", False, f"{more} more are no answers")]


def short(text):
    return text if len(text) <= 40 else text[:40] + "..."


def number(text, base):
    """The number that a student wrote; None when it is none."""
    text = text.lower().replace("_", "").replace(" ", "")
    hexadecimal = base == 16 or text.startswith("0x")
    if not re.fullmatch(r"(0x)?[0-9a-f]+" if hexadecimal else r"[0-9]+", text):
        return None
    return int(text, 16 if hexadecimal else 10)


def is_right(q, got):
    if q["kind"] == "word":
        words = " ".join(got.casefold().split())
        return any(words == " ".join(w.casefold().split()) for w in q["want"].split("|"))
    value = number(got, q["base"])
    return value is not None and (q["kind"] == "given" or value == number(q["want"], q["base"]))


def wanted(q):
    if q["kind"] == "given":
        return "a hexadecimal number of your run" if q["base"] == 16 else "a number of your run"
    return {16: "0x" + q["want"], 10: q["want"], 0: q["want"].split("|")[0]}[q["base"]]


def judge_answer(q, got):
    name, want = q["title"], wanted(q)
    more = {"asks": q["kind"], "got": got, "want": want, "where": q["where"]}
    if not got:
        return Item("answer", name, False, f"missing; expected {want} ({q['where']})", **more)
    if not is_right(q, got):
        return Item("answer", name, False, f"{short(got)} is wrong; expected {want} ({q['where']})", **more)
    return Item("answer", name, True, "", **more)


# ---- the run ----

def script(lab, given, counted):
    words = " ".join(shlex.quote(f"{k}={v}") for k, v in given.items() if v)
    p = lab.program
    return f"""{p} answers {words}; echo "== answers $?"
echo 1 >/proc/sys/kernel/panic_on_oops # and nothing waits for a module that has died
export LAB_MODULES=/lab TAP_MS={TEST_MS if counted else ""}
/bin/{p} check 2>&1; echo "== check $?"
/bin/{p} exercise 2>&1; echo "== exercise $?"
"""


def run(args, lab, given, own, tmp):
    """{part: its output}, and what stopped the machine before the end; @own: (modules, program) of the student."""
    files, program = machine.modules(lab, args.arch), machine.program(lab, args.arch)

    def fill(c):
        m.add_busybox(c, args.arch)
        c.file("bin/" + lab.program, m.read_file(program))
        c.file("lab/student", m.read_file(own[1] or program))
        machine.pack(c, files, machine.module_home())
        machine.pack(c, own[0] or files, "lab")
    words = ["/bin/sh", "-c", script(lab, given, args.cpus == 1)]
    status, output = machine.boot(args, lab, words, fill, b"== answers ")
    text, parts = output.out.decode(errors="replace"), {}
    for name in PARTS:
        body, mark, rest = text.partition(f"== {name} ")
        parts[name] = body
        if not mark:
            return parts, Stop(name, output, status)
        text = rest.partition("\n")[2]
    return parts, None


class Stop:
    """Why the machine ended before the end."""

    def __init__(self, part, output, status):
        self.part, self.late, self.status = part, output.late, status
        self.words = output.last_words() if status else "it ended early"
        self.report = kernel_report(output.text.decode(errors="replace"))

    def item(self, done):
        """@done: the names of the part's tests that had come to an end."""
        if self.report:
            return Item("code", "kernel", False, self.report)
        if not self.late:
            return Item(self.part_kind(), "machine", False, self.words)
        where = f"after {done[-1]}" if done else "before the first check, or while the module was loaded" if self.part == "check" else "at its beginning"
        return Item(self.part_kind(), "machine", False, f"it had to be stopped {where}: something loops or waits for ever, in the kernel or with its processes")

    def part_kind(self):
        return {"check": "code"}.get(self.part, self.part)


def kernel_report(text):
    """The kernel's first complaint, and the function that it was in; None: it has none."""
    lines = [re.sub(r"^\[ *[\d.]+\] ", "", line) for line in text.replace("\r", "").split("\n")]
    found = next((n for n, line in enumerate(lines) if REPORT.search(line)), None)
    if found is None:
        return None
    place = next((p for p in map(PLACE.match, lines[found:]) if p), None)
    return lines[found] + (f", in {place[1]}{place[2] or ''}" if place else "")


def questions(lab, args, parts, stopped):
    asked = []
    for line in parts.get("answers", "").split("\n"):
        if line.startswith("{"):
            asked.append(json.loads(line))
    if not asked and os.path.exists(lab.file("answers.template")):
        why = stopped.words if stopped else parts.get("answers", "").strip()
        raise m.Trouble(f"lab {lab.number} on {args.arch} gave no answers: {why or 'no word'}")
    return asked


def judge_answers(args, lab, asked, given):
    """A judgement of each question, then of names that are none."""
    items = [judge_answer(q, given.get(q["title"], "")) for q in asked]
    if not given.get("arch"):
        items.insert(0, Item("answer", "arch", False, f"missing; expected the build that the answers are about ({', '.join(lab.builds)})"))
    known = {q["title"] for q in asked} | {"arch"}
    return items + [Item("answer", name, False, "there is no such question") for name in given if name not in known]


def judge_tap(kind, text):
    """One item for each TAP line, with the first note before it."""
    items, note = [], None
    for line in text.split("\n"):
        if t := TAP.match(line):
            why = (note or "did not hold").partition(": ")
            why = why[2] if re.fullmatch(r"\S+\.[ch]:\d+", why[0]) else "".join(why)
            if "(took too long)" in why:
                why = f"did not end within {TEST_MS} ms of the machine's time: it loops or waits for ever"
            items.append(Item(kind, t[2], not t[1], why if t[1] else ""))
            note = None
        elif line.startswith("# ") and not line.startswith("# skipped"):
            note = note or line[2:]
        elif line.startswith("lab ") and "insmod" in line:
            items.append(Item(kind, "module", False, line.partition(": ")[2]))
    return items


# ---- grade ----

def chosen_paths(args, lab):
    """(answer file, folder with code or None)."""
    path = args.path or lab.path
    if os.path.isdir(path):
        return os.path.join(path, "answers.txt"), folder.checked(path)
    return path, None


def build_own(args, lab, code, tmp):
    """((modules, program), [what does not build])."""
    if not code:
        return (None, None), []
    try:
        return (machine.modules(lab, args.arch, code, tmp), machine.own_program(lab, args.arch, code, tmp)), []
    except machine.BuildFailed as e:
        return (None, None), [Item("code", "build", False, str(e))]


def chosen_arch(args, lab, given):
    said = given.get("arch")
    if args.arch is None and said and said not in lab.builds:
        raise m.Trouble(f"arch = {said}: lab {lab.number} is for {' or '.join(lab.builds)}")
    return lab.arch(args.arch or said or None)


def judge_code(parts, stopped, broken):
    if broken:
        return broken
    items = []
    for kind, part in (("code", "check"), ("exercise", "exercise")):
        told = {item.text for item in items if item.name == "module"}
        items += [item for item in judge_tap(kind, parts.get(part, "")) if item.text not in told]
        if stopped and stopped.part == part:
            return items + [stopped.item([item.name for item in items if item.kind == kind])]
    return items


def grade(args, lab):
    answers, code = chosen_paths(args, lab)
    given, items = read_answers(answers)
    args.arch = chosen_arch(args, lab, given)
    machine.kernel(args.arch)
    with tempfile.TemporaryDirectory(prefix="mnemos-grade-") as tmp:
        own, broken = build_own(args, lab, code, tmp)
        parts, stopped = run(args, lab, given, own, tmp)
        if stopped and stopped.report:
            stopped.report = stopped.report.replace(tmp + os.sep, "")
    items += judge_answers(args, lab, questions(lab, args, parts, stopped), given)
    if code:
        items += judge_code(parts, stopped, broken)
    return report(args, lab, items)


def report(args, lab, items):
    """(status, text) of the verdict."""
    right = sum(item.ok for item in items)
    status = 0 if right == len(items) else 1
    if args.json:
        data = {"lab": lab.number, "arch": args.arch, "right": right, "all": len(items), "items": [i.data() for i in items]}
        return status, json.dumps(data, indent=1) + "\n"
    lines = [item.line() for item in items if not item.ok]
    return status, "\n".join(lines + [f"lab {lab.number} on {args.arch}: {right} of {len(items)} right"]) + "\n"
