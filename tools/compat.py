#!/usr/bin/env python3
"""docs/compat.md: every system call with its state on both ABIs and a test that shows it, every program tried with its result.

  tools/compat.py [--write]

The calls are those of sys/table.inc, the tests those of tests/guest, the programs' results those that tools/programs.py wrote down.
Without an option: the document says what is so, and every test that it names is there and makes the call. --write: make it say so;
tests that it names stay if they are right.
"""
import importlib.machinery
import importlib.util
import os
import re
import sys

TOOLS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TOOLS)
DOC = os.path.join(ROOT, "docs", "compat.md")
sys.dont_write_bytecode = True
sys.path.insert(0, TOOLS)
import programs  # noqa: E402

ROW = re.compile(r"^SYSCALL\((\w+), (-?\d+), (-?\d+), (\w+)\)", re.M)
# C functions under which a test makes a call whose name is another.
CALLED = {"rt_sigaction": "sigaction|signal", "rt_sigprocmask": "sigprocmask", "rt_sigpending": "sigpending", "rt_sigsuspend": "sigsuspend",
          "rt_sigtimedwait": "sigtimedwait|sigwaitinfo", "rt_sigqueueinfo": "sigqueue", "exit": "_exit", "exit_group": "_exit|exit",
          "wait4": "wait|waitpid|wait4", "waitpid": "waitpid", "getdents64": "readdir|getdents64", "getdents": "readdir", "newfstatat": "fstatat",
          "_newselect": "select", "_llseek": "lseek64|seek", "pread64": "pread", "pwrite64": "pwrite", "prlimit64": "setrlimit|prlimit",
          "umount2": "umount2|umount", "ugetrlimit": "getrlimit", "clone": "clone|fork|pthread_create", "mmap2": "mmap", "nice": "nice",
          "msync": "msync", "futex": "futex|futex_wait|pthread_mutex_lock", "brk": "brk|sbrk", "oldumount": "umount", "arch_prctl": "arch_prctl",
          "set_tid_address": "set_tid_address|pthread_create", "set_robust_list": "set_robust_list|pthread_mutexattr_setrobust",
          "restart_syscall": "restart_syscall", "epoll_pwait": "epoll_pwait|epoll_wait", "signalfd4": "signalfd", "eventfd2": "eventfd",
          "dup3": "dup3", "pipe2": "pipe2|pipe", "epoll_create1": "epoll_create1", "inotify_init1": "inotify_init1", "sigreturn": "sigaction|signal",
          "rt_sigreturn": "sigaction", "renameat2": "renameat2", "faccessat": "faccessat", "fadvise64": "posix_fadvise",
          "sync_file_range2": "sync_file_range", "mq_timedsend": "mq_send|mq_timedsend", "mq_timedreceive": "mq_receive|mq_timedreceive",
          "mq_getsetattr": "mq_getattr|mq_setattr", "timer_create": "timer_create", "clock_nanosleep": "clock_nanosleep"}
SUFFIX = re.compile(r"(_time64|_time32|64|32|16)$")
SHOWN_MAX = 2
WITHOUT = {"missing": "no", "absent": "absent"}


def load_errno():
    loader = importlib.machinery.SourceFileLoader("errno_table", os.path.join(TOOLS, "errno.py"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("errno_table", loader))
    loader.exec_module(module)
    return module


def calls():
    """name -> [(i386 number, x86_64 number, handler)]."""
    out = {}
    with open(os.path.join(ROOT, "sys", "table.inc")) as f:
        for name, a, b, handler in ROW.findall(f.read()):
            out.setdefault(name, []).append((int(a), int(b), handler))
    return out


def state(rows, abi):
    """What an ABI says to the call: its number; 'no' when it is missing; 'absent' when it is on Linux too; '-' when it has no such call."""
    found = [(row[abi], row[2]) for row in rows if row[abi] >= 0]
    return "–" if not found else WITHOUT.get(found[0][1]) or str(found[0][0])


def texts():
    """'program/test' -> all that it runs."""
    errno, out = load_errno(), {}
    for name in sorted(f[:-2] for f in os.listdir(errno.GUEST) if f.endswith(".c")):
        p = errno.Program(name)
        for test in p.tests:
            out[f"{name}/{test}"] = "\n".join(p.functions[f] for f in p.reach(test))
    return out


def pattern(call):
    base = SUFFIX.sub("", call)
    names = {call, base, *CALLED.get(call, "").split("|"), *CALLED.get(base, "").split("|")} - {""}
    any_of = "|".join(sorted(names))
    return re.compile(rf"(?<![\w.>])(?:(?:SYS|NR|__NR)_)?(?:{any_of})(?:64)?\s*[(,)]|/\* (?:{any_of}) \*/|\bNR_(?:{any_of.upper()})\s*[,)]")


def read_doc():
    if not os.path.exists(DOC):
        return {}, ""
    with open(DOC) as f:
        text = f.read()
    return {m[1]: m[2] for m in re.finditer(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", text, re.M)}, text


def shown(call, rows, old, found):
    """The cell that says what shows the call."""
    if all(row[2] in WITHOUT for row in rows):
        return ""
    want = pattern(call)
    kept = [t for t in re.findall(r"`(\w+/\w+)`", old) if t in found and want.search(found[t])]
    tests = kept or [t for t, text in found.items() if want.search(text)][:SHOWN_MAX]
    return ", ".join(f"`{t}`" for t in tests) or "no test of its own"


def call_table(old):
    found, table = texts(), calls()
    lines = ["| call | i386 | x86_64 | shown by |", "|---|---|---|---|"]
    for call in sorted(table):
        rows = table[call]
        lines.append(f"| `{call}` | {state(rows, 0)} | {state(rows, 1)} | {shown(call, rows, old.get(call, ''), found)} |")
    without = [sum(all(r[2] in which for r in rows) for rows in table.values()) for which in (WITHOUT, ["absent"])]
    return lines, len(table), *without


def program_table():
    got = programs.results()
    lines = ["| program | packages | checks | x86_64 | i386 | i386-pae |", "|---|---|---|---|---|---|"]
    for name in programs.names():
        cells = []
        for arch in ("x86_64", "i386", "i386-pae"):
            version, verdict = got.get((name, arch), ("", "not tried"))
            if version and version != str(programs.checks(name)):
                verdict = "changed since it was tried"
            cells.append(verdict)
        lines.append(f"| [{name}](../tests/programs/{name}.sh) | {programs.head(name, 'packages')} | {programs.checks(name)} | " + " | ".join(cells) + " |")
    return lines


def document(old):
    rows, total, without, absent = call_table(old)
    return "\n".join(["# What runs, and which calls there are", "",
                      "Made by `tools/compat.py --write`; `make check` sees that it is so.", "",
                      "## Programs", "",
                      "Debian's own binaries, by `./mnemos run`. What is done with each is in its script; `tools/programs.py` runs them and writes down",
                      "what comes out.", "", *program_table(), "",
                      "## System calls", "",
                      f"{total} names, {total - without} with a handler. A number: the call is there under it. no: it answers ENOSYS, and is counted in",
                      f"`/proc/mnemos/missing_syscalls`. absent ({absent}): it answers ENOSYS, as Debian's Linux 6.1 does. –: the ABI has no such call.", "", *rows, ""])


def main():
    if sys.argv[1:] not in ([], ["--write"]):
        print(__doc__)
        return 2
    old, text = read_doc()
    new = document(old)
    if sys.argv[1:] == ["--write"]:
        with open(DOC, "w") as f:
            f.write(new)
        return 0
    if new != text:
        ours, theirs = set(new.split("\n")), set(text.split("\n"))
        for line in sorted(theirs - ours)[:10]:
            print("docs/compat.md says:", line)
        for line in sorted(ours - theirs)[:10]:
            print("but it is so:       ", line)
        print("tools/compat.py --write mends it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
