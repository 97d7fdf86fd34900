"""Rows of whole programs: the host's Debian programs as they are, packed with their libraries; bench/programs/*.sh says what is run."""
import os
import re
import sys

from bench import launcher as m
from bench import machine
from tools.pack import image, run

FOLDER = os.path.join(m.ROOT, "bench", "programs")
GROUPS = ("redis", "sqlite", "compile")
ARCH = "x86_64"  # what the host's programs are made for
TOOLS = ("cat", "cp", "mkdir", "awk")
FILES, FUNCTIONS = 10, 100
WORK_MIB = 512  # for the programs' own pages and files. Linux's root file system takes half of the memory, image and all


def function(n):
    """One of ten lines, for the project that is compiled."""
    return (f"int f{n}(int x)\n{{\n\tint a[8], s = 0;\n\n\tfor (int i = 0; i < 8; i++)\n\t\ta[i] = x * i + {n};\n"
            "\tfor (int i = 0; i < 8; i++)\n\t\ts += a[i] & 7 ? abs(a[i]) : -1;\n\treturn s;\n}\n")


def result():
    """What the project's program prints."""
    return sum(a if a & 7 else -1 for n in range(FILES * FUNCTIONS) for a in range(n, n + 8))


def project():
    """name -> text of a C project of 10,000 lines."""
    files = {f"part{i}.c": "#include <stdlib.h>\n" + "".join(function(i * FUNCTIONS + k) for k in range(FUNCTIONS)) for i in range(FILES)}
    names = [f"f{n}" for n in range(FILES * FUNCTIONS)]
    files["main.c"] = "#include <stdio.h>\n" + "".join(f"int {f}(int);\n" for f in names) + \
        "int main(void)\n{\n\tint s = 0;\n\n" + "".join(f"\ts += {f}(1);\n" for f in names) + '\tprintf("%d\\n", s);\n\treturn 0;\n}\n'
    objects = " ".join(name[:-1] + "o" for name in files)
    files["Makefile"] = f"program: {objects}\n\t$(CC) -o $@ {objects}\n%.o: %.c\n\t$(CC) -c -o $@ $<\n"
    files["result"] = f"{result()}\n"
    return files


def script(name):
    return m.read_file(os.path.join(FOLDER, name + ".sh")).decode()


def needs(name):
    return re.search(r"^# needs: (.*)$", script(name), re.M)[1].split()


def find(names):
    """Those of GROUPS that are in @names (all, when that is None) and can be run here; the others are named."""
    closure, found = run.Job(["sh"], {}).closure, []
    for name in GROUPS:
        if names is not None and name not in names:
            continue
        missing = [word for word in needs(name) if not closure.which(word)]
        if missing:
            print(f"{name}: left out: {', '.join(missing)}: not installed", file=sys.stderr)
        else:
            found.append(name)
    return found


def packed(groups):
    """(initramfs, MiB of memory for it)."""
    env = {"PATH": run.GUEST_PATH, "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    job = run.Job(["sh"], env, extra=[*TOOLS, *dict.fromkeys(word for g in groups for word in needs(g))])
    job.collect()
    job.places()
    c = m.Cpio()
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    c.file("init", m.read_file(machine.program(ARCH)))
    c.file("programs/env.sh", "".join(f"export {k}='{v}'\n" for k, v in job.env.items() if v).encode())
    for name in ("run", *groups):
        c.file(f"programs/{name}.sh", script(name).encode())
    for name, text in project().items():
        c.file("programs/project/" + name, text.encode())
    data = image.kept(job.tree, m.cache_dir()) + c.finish()
    return data, 2 * run.memory_needed(len(data), (job.tree,)) + WORK_MIB
