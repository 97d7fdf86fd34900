"""`mnemos grade`: a student's answers against what the machine says in this run, and the student's code by running it.

The answers are asked of the lab's own program and module; the checks and the exercise run on the student's. Words of the student reach the
machine as arguments of the program, nothing else of them does.
"""
import json
import os
import re
import shlex
import tempfile

from labs.tool import folder, machine
from labs.tool import launcher as m

NAME = re.compile(r"[a-z0-9_]+")
VALUE = re.compile(r"[\w .,:+/*()'-]{1,100}")
TAP = re.compile(r"(not )?ok \d+ - [\w.-]+/(\S+)( # SKIP)?")
PARTS = ("answers", "check", "exercise")


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
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read(1 << 20).split("\n")
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
    return given, wrong


def number(text, base):
    """The number that a student wrote; None when it is none."""
    text = text.lower().replace("_", "").replace(" ", "")
    try:
        return int(text, 16 if base == 16 or text.startswith("0x") else 10)
    except ValueError:
        return None


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
        return Item("answer", name, False, f"{got} is wrong; expected {want} ({q['where']})", **more)
    return Item("answer", name, True, "", **more)


# ---- the run ----

def script(lab, given):
    words = " ".join(shlex.quote(f"{k}={v}") for k, v in given.items() if v)
    p = lab.program
    return f"""{p} answers {words}; echo "== answers $?"
export LAB_MODULES=/lab
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
    status, output = machine.boot(args, lab, ["/bin/sh", "-c", script(lab, given)], fill)
    text, parts = output.out.decode(errors="replace"), {}
    for name in PARTS:
        body, mark, text = text.partition(f"== {name} ")
        if not mark:
            return parts, output.last_words() if status else "it ended early"
        parts[name], text = body, text.partition("\n")[2]
    return parts, None


def questions(lab, args, parts, stopped):
    asked = []
    for line in parts.get("answers", "").split("\n"):
        if line.startswith("{"):
            asked.append(json.loads(line))
    if not asked and os.path.exists(lab.file("answers.template")):
        raise m.Trouble(f"lab {lab.number} on {args.arch} gave no answers: {stopped or parts.get('answers', '').strip() or 'no word'}")
    return asked


def judge_answers(args, lab, asked, given):
    """A judgement of each question, then of names that are none."""
    items = [judge_answer(q, given.get(q["title"], "")) for q in asked]
    if not given.get("arch"):
        items.insert(0, Item("answer", "arch", False, f"missing; expected the build that the answers are about ({', '.join(lab.builds)})"))
    known = {q["title"] for q in asked} | {"arch"}
    return items + [Item("answer", name, False, "there is no such question") for name in given if name not in known]


def judge_tap(kind, text, stopped):
    """One item for each TAP line, with the first note before it."""
    items, note = [], None
    for line in text.split("\n"):
        if t := TAP.match(line):
            why = (note or "did not hold").partition(": ")
            why = why[2] if re.fullmatch(r"\S+\.[ch]:\d+", why[0]) else "".join(why)
            items.append(Item(kind, t[2], not t[1], why if t[1] else ""))
            note = None
        elif line.startswith("# ") and not line.startswith("# skipped"):
            note = note or line[2:]
        elif line.startswith("lab ") and "insmod" in line:
            items.append(Item(kind, "module", False, line.partition(": ")[2]))
    if stopped:
        items.append(Item(kind, "machine", False, stopped))
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
        if part in parts or stopped:
            items += judge_tap(kind, parts.get(part, ""), None if part in parts else stopped)
            if part not in parts:
                break
    return items


def grade(args, lab):
    answers, code = chosen_paths(args, lab)
    given, items = read_answers(answers)
    args.arch = chosen_arch(args, lab, given)
    machine.kernel(args.arch)
    with tempfile.TemporaryDirectory(prefix="mnemos-grade-") as tmp:
        own, broken = build_own(args, lab, code, tmp)
        parts, stopped = run(args, lab, given, own, tmp)
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
