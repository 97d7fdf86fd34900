#!/usr/bin/env python3
"""Which test shows which error of which call: docs/book/errno.md against tests/guest.

  tools/errno.py [--write] [--man] [CALL]

The book has a chapter for each group of calls, in it tables "call | what | shown by, or why not". Without an option: every
row names tests that exist and show it, or says why there is none. --write: find tests for rows that have none (or one that
is gone). --man: the errors that the manual pages of this host name, and the book does not. CALL: all that is shown of it.

A test shows CALL/ERRNO when one of its statements (or the one before, for "errno == E") has both, itself or through a function
of a few lines around the call; or when a comment in it says "CALL/ERRNO". A test shows a flag when a function of it has both
the call and the flag.
"""
import gzip
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUEST = os.path.join(ROOT, "tests", "guest")
BOOK = os.path.join(ROOT, "docs", "book", "errno.md")
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$")
TESTS = re.compile(r"`\w+/\w+`(, `\w+/\w+`)*")
FUNCTION = re.compile(r"^[a-z][\w \t*]*?(\w+)\(([^;{}]*?)\)\s*\n\{\n(.*?)^\}", re.S | re.M)
TEST = re.compile(r"\bT(?:_FOR)?\((\w+)")
OF_AN_ABI = re.compile(r"^#define (?:TESTS|OF_THE_ABI)\b(?:.*\\\n)*.*", re.M)  # tests that only one of the two has
NAMED = re.compile(r"\b(\w+)/(E[A-Z0-9]+)\b")
ERRNO = re.compile(r"\bE(?:[A-Z]{3,}|2BIG)\b")
COMMENT = re.compile(r"/\*(?!\s*\w+\s*\*/).*?\*/", re.S)  # one word stands for a number
WORD = re.compile(r"[A-Za-z_]\w*")
UFFDIO = {n: "UFFDIO_" + n for n in ("API", "REGISTER", "UNREGISTER", "COPY", "ZEROPAGE", "WAKE", "WRITEPROTECT", "CONTINUE")}
# Names under which tests and C libraries know a call.
ALIAS = {"mmap64": "mmap", "mmap2": "mmap", "pkey_mprotect": "pkey_mprotect", "fork_": "fork", "ftruncate64": "ftruncate", "truncate64": "truncate",
         "fallocate64": "fallocate", "posix_fadvise64": "posix_fadvise", "fadvise64": "posix_fadvise", "fadvise64_64": "posix_fadvise",
         "execv": "execve", "execvp": "execve", "execl": "execve", "prlimit": "prlimit64", "sbrk": "brk", "sendfile64": "sendfile",
         "home_node": "set_mempolicy_home_node", "clone3": "clone", "pthread_create": "clone", "exec_errno": "execve"}
# Flags that tests call by a short name of their own.
SHORT = {"FALLOC_FL_PUNCH_HOLE": "PUNCH", "FALLOC_FL_ZERO_RANGE": "ZERO", "FALLOC_FL_COLLAPSE_RANGE": "COLLAPSE", "FALLOC_FL_INSERT_RANGE": "INSERT",
         "FALLOC_FL_UNSHARE_RANGE": "UNSHARE", "MFD_NOEXEC_SEAL": "NOEXEC", "F_SEAL_SEAL": "S_SEAL"}
WRAPPER_LINES = 14  # of a function that stands for the call in it
NOT_TESTS = {"tap.h"}


class Program:
    """One test program: its functions (those of tests/guest/*.h that it includes, too) and its tests."""

    def __init__(self, name):
        self.name = name
        text = self.load(name + ".c", set())
        self.functions = {m.group(1): m.group(3) for m in FUNCTION.finditer(text)}
        self.tests = TEST.findall("\n".join(OF_AN_ABI.findall(text)) + text[text.rfind("\nint main("):])
        self.wrappers = {}

    def load(self, file, seen):
        if file in seen or file in NOT_TESTS:
            return ""
        seen.add(file)
        with open(os.path.join(GUEST, file)) as f:
            text = f.read()
        return "".join(self.load(h, seen) for h in re.findall(r'^#include "([\w.]+)"', text, re.M)) + text

    def reach(self, test):
        """The functions that @test runs."""
        todo, out = [test], []
        while todo:
            f = todo.pop()
            if f in self.functions and f not in out:
                out.append(f)
                todo += WORD.findall(self.functions[f])
        return out


def known_calls(rows):
    names = {call: call for call, _, _ in rows}
    names.update({k: v for k, v in ALIAS.items() if v in names})
    names.update({k: v for k, v in UFFDIO.items() if v in names})
    return names


def calls_in(text, names, wrappers):
    out = set()
    for w in WORD.findall(text):
        if w.startswith(("SYS_", "NR_")):
            w = w.partition("_")[2].lower()
        if w in names:
            out.add(names[w])
        out |= wrappers.get(w, set())
    return out


def find_wrappers(program, names):
    """Functions of a few lines that make one call, and those that make them."""
    for _ in range(3):
        for f, body in program.functions.items():
            if f in names or body.count("\n") > WRAPPER_LINES or f in program.tests:
                continue
            calls = calls_in(body, names, program.wrappers)
            if len(calls) == 1 or (calls and "errno" in body):
                program.wrappers[f] = calls


def shown_by_function(body, names, wrappers):
    """{(call, errno): how plainly} of one function: 2 by FAILS(call, errno) or by its name, 1 otherwise."""
    out = {(names.get(c, c), e): 2 for c, e in NAMED.findall(body)}
    before = set()
    for statement in COMMENT.sub("", body).split(";"):
        calls = calls_in(statement, names, wrappers)
        errors = set(ERRNO.findall(statement))
        if "every_failure" in statement:
            errors |= {"ENOMEM"}
        plain = 2 if re.match(r"(.*\n)?\s*(FAILS|EQ|every_failure)\w*\(", statement, re.S) else 1
        for pair in [(c, e) for c in calls or before for e in errors]:
            out[pair] = max(plain, out.get(pair, 0))
        before = calls or (before if errors else set())
    return out


def flags_in(body, wanted):
    """Which of the flags @wanted, {(call, flag)}, have their name or its last part (tests have their own) in @body."""
    words = set(WORD.findall(body))
    return {flag for _, flag in wanted
            if flag in words or SHORT.get(flag) in words or flag.startswith("M") and flag[1:] in words or
            any("_".join(flag.split("_")[i:]) in words for i in range(1, flag.count("_") + 1))}


def shown(names, rows):
    """{(call, what): {program/test: how plainly}}"""
    out, wanted = {}, {(c, w) for c, w, _ in rows if not ERRNO.fullmatch(w)}
    for file in sorted(os.listdir(GUEST)):
        if not file.endswith(".c"):
            continue
        program = Program(file[:-2])
        find_wrappers(program, names)
        pairs = {f: shown_by_function(b, names, program.wrappers) for f, b in program.functions.items()}
        for test in program.tests:
            for f in program.reach(test):
                flags = flags_in(program.functions[f], wanted)
                calls = calls_in(program.functions[f], names, program.wrappers)
                for pair, plain in (pairs[f] | {(c, w): 1 for c in calls for w in flags if (c, w) in wanted}).items():
                    where = out.setdefault(pair, {})
                    where[f"{program.name}/{test}"] = max(plain, where.get(f"{program.name}/{test}", 0))
    return out


def read_book():
    with open(BOOK) as f:
        return f.read().split("\n")


def tests_of(cell):
    """The tests of a cell that has nothing else; a reason may name some, too."""
    return re.findall(r"`(\w+/\w+)`", cell) if TESTS.fullmatch(cell) else []


def best(tests):
    """Two of the plainest tests, of different programs if there are."""
    tests = [t for t in tests if tests[t] == max(tests.values())]
    first = tests[:1]
    other = [t for t in tests if t.split("/")[0] != first[0].split("/")[0]] if first else []
    return first + (other or tests[1:])[:1]


def manual(calls):
    """Errors of the manual pages that no row has."""
    pages = {}
    for call, what, _ in calls:
        path = f"/usr/share/man/man2/{call}.2.gz"
        if call.startswith("UFFDIO_"):
            path = "/usr/share/man/man2/ioctl_userfaultfd.2.gz"
        while os.path.exists(path):
            with gzip.open(path, "rt") as f:
                text = f.read()
            link = re.match(r"\.so (\S+)", text)
            if not link:
                pages.setdefault(text, (path, set(), set()))
                pages[text][1].add(what)
                pages[text][2].add(call)
                break
            path = f"/usr/share/man/{link.group(1)}.gz"
    for text, (path, have, of) in sorted(pages.items(), key=lambda p: p[1][0]):
        m = re.search(r"^\.SH ERRORS\n(.*?)(?=^\.SH )", text, re.S | re.M)
        named = set(re.findall(r"^\.BR? (E[A-Z0-9]+)\b", text if "ioctl_userfaultfd" in path else m.group(1) if m else "", re.M))
        for e in sorted(named - have):
            yield f"{'/'.join(sorted(of))}: {e}"


def main():
    lines = read_book()
    rows = [m.groups() for m in map(ROW.match, lines) if m]
    names = known_calls(rows)
    found = shown(names, rows)
    exist = {f"{p.name}/{t}" for p in map(Program, sorted(f[:-2] for f in os.listdir(GUEST) if f.endswith(".c"))) for t in p.tests}
    args = sys.argv[1:]
    if args and not args[0].startswith("-"):
        for (call, what), tests in sorted(found.items()):
            if call == args[0]:
                print(what, *tests)
        return 0
    if "--man" in args:
        print("\n".join(manual(rows)) or "nothing is missing")
        return 0
    bad = 0
    for i, line in enumerate(lines):
        m = ROW.match(line)
        if not m:
            continue
        call, what, cell = m.groups()
        have = found.get((call, what), {})
        good = [t for t in tests_of(cell) if t in have]
        if "--write" in args and (tests_of(cell) or not cell.strip(" ?")) and not good:
            lines[i] = f"| `{call}` | `{what}` | {', '.join(f'`{t}`' for t in best(have)) or '?'} |"
            good = have
            cell = ROW.match(lines[i]).group(3)
        gone = [t for t in tests_of(cell) if t not in have] + [t for t in re.findall(r"`(\w+/\w+)`", cell) if t not in exist]
        if gone:
            print(f"errno.md: {call}/{what}: not shown by {', '.join(gone)}")
        elif not cell.strip(" ?"):
            print(f"errno.md: {call}/{what}: neither a test nor a reason")
        bad += bool(gone) or not cell.strip(" ?")
    if "--write" in args:
        with open(BOOK, "w") as f:
            f.write("\n".join(lines))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
