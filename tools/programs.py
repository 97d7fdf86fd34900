#!/usr/bin/env python3
"""Unmodified Debian programs under Mnemos: tests/programs/*.sh, by `./mnemos run`; tests/programs/results.tsv has what came out.

  tools/programs.py [--arch A] [--debs DIR] [--only NAME,...] [--record]

Each script says in its head which packages it is about, on which builds it runs (x86_64, or all), with which options of
`./mnemos run`, and how many seconds it may take. Scripts with the same options and time share a machine. --debs: a folder where
packages that the host does not have were unpacked (dpkg -x), or a whole root (mmdebstrap --variant=extract), as i386 needs it, and
programs that look for their files beside them. --record: write the results down; docs/compat.md (tools/compat.py) shows them.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT)
from tools.pack.closure import COMMAND  # noqa: E402

FOLDER = os.path.join(ROOT, "tests", "programs")
RESULTS = os.path.join(FOLDER, "results.tsv")
SECONDS = 580  # unless the head says otherwise


def head(name, key):
    with open(os.path.join(FOLDER, name + ".sh")) as f:
        m = re.search(rf"^# {key}: (.*)$", f.read(), re.M)
    return m.group(1) if m else ""


def names():
    return sorted(n[:-3] for n in os.listdir(FOLDER) if n.endswith(".sh") and n != "lib.sh")


def results():
    """(name, arch) -> (version, result)."""
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return {(r[0], r[1]): (r[2], r[3]) for r in rows}


def record(found):
    known = results()
    known.update(found)
    with open(RESULTS, "w") as f:
        f.write("# name\tbuild\tnumber of checks\tresult\n")
        f.writelines("\t".join((*key, *value)) + "\n" for key, value in sorted(known.items()))


def commands(name):
    """The words of a script that may be programs."""
    with open(os.path.join(FOLDER, name + ".sh")) as f:
        text = f.read()
    return set(COMMAND.findall(text)) | set(re.findall(r"^\s*want '[^']*' ([a-z][\w.+-]*)", text, re.M))


def seconds(name):
    return int(head(name, "seconds") or SECONDS)


def run(arch, group, options, debs):
    """Run the scripts of @group in one machine. Return: its output, cut off when its time is."""
    env = dict(os.environ)
    with tempfile.TemporaryDirectory() as tmp:
        start = os.path.join(tmp, "start.sh")
        with open(start, "w") as f:
            f.write("for p in " + " ".join(group) + "; do\n(cd /tests && . ./lib.sh && . ./$p.sh; exit $bad)\necho \"@@ $p $?\"\ndone\n"
                    "echo '@@ missing'; cat /proc/mnemos/missing_syscalls\n")
        words = [os.path.join(ROOT, "mnemos"), "run", "--arch", arch, "--cpus", "2", "--file", FOLDER + ":/tests", "--file", start + ":/start.sh"]
        words += options.split()
        if debs and os.path.exists(debs + "/usr/bin/env"):
            words += ["--rootfs", debs]
        else:
            if debs:
                env["PATH"] = f"{debs}/usr/bin:{debs}/usr/sbin:/usr/bin:/usr/sbin:" + env["PATH"]
                env["LD_LIBRARY_PATH"] = f"{debs}/usr/lib/x86_64-linux-gnu"
            for program in sorted({"cat"}.union(*map(commands, group))):
                words += ["--with", program] if shutil.which(program, path=env["PATH"]) else []
        words = ["timeout", str(max(map(seconds, group))), *words, "--", "bash", "/start.sh"]
        return subprocess.run(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace").stdout


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", default="x86_64")
    p.add_argument("--debs")
    p.add_argument("--only", type=lambda s: s.split(","))
    p.add_argument("--record", action="store_true")
    args = p.parse_args()
    chosen = [n for n in args.only or names() if args.arch == "x86_64" or head(n, "builds") != "x86_64"]
    found = {}
    for options, limit in sorted({(head(n, "machine"), seconds(n)) for n in chosen}):
        group = [n for n in chosen if (head(n, "machine"), seconds(n)) == (options, limit)]
        out = run(args.arch, group, options, args.debs)
        print(out, end="")
        for name in group:
            m = re.search(rf"^@@ {re.escape(name)} (\d+)$", out, re.M)
            verdict = "no end" if not m else "passes" if m.group(1) == "0" else f"{m.group(1)} checks fail"
            found[name, args.arch] = (str(checks(name)), verdict)
    if args.record:
        record(found)
    return any(v != "passes" for _, v in found.values())


def checks(name):
    with open(os.path.join(FOLDER, name + ".sh")) as f:
        return len(re.findall(r"^\s*want ", f.read(), re.M))


if __name__ == "__main__":
    sys.exit(main())
