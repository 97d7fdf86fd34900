#!/usr/bin/env python3
"""Check sizes: files up to 1000 lines, functions up to 100, public headers up to 150, conditionals in mm and elsewhere."""
import os
import re
import subprocess
import sys

FILE_MAX, FUNCTION_MAX, HEADER_MAX = 1000, 100, 150


def functions(lines):
    """(name, first line, length) of each function: from a '{' in column 0 to its '}'."""
    start = None
    for i, line in enumerate(lines):
        if line.startswith("{"):
            start = i
        elif line.startswith("}") and start is not None:
            name = next((m.group(1) for j in range(start - 1, max(start - 8, -1), -1)
                         if (m := re.match(r"[^\s#/*].*?\b(\w+)\(", lines[j]))), "?")
            yield name, start + 1, i - start - 1
            start = None


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True).stdout.split()
    bad = 0
    for f in files:
        if not f.endswith((".c", ".h", ".S", ".sh", ".py")) or not os.path.exists(f):
            continue
        lines = open(f).read().split("\n")
        if len(lines) > FILE_MAX:
            print(f"{f}: {len(lines)} lines, at most {FILE_MAX}")
            bad += 1
        if f.startswith("include/") and f.endswith(".h") and len(lines) > HEADER_MAX + 1:
            print(f"{f}: {len(lines)} lines, a public header has at most {HEADER_MAX}")
            bad += 1
        if f.endswith(".c"):
            for name, line, length in functions(lines):
                if length > FUNCTION_MAX:
                    print(f"{f}:{line}: {name} has {length} lines, at most {FUNCTION_MAX}")
                    bad += 1
        if re.match(r"(mm|sync|lib|kernel|fs|drivers|module|sys|init)/.*\.c$", f) and not f.endswith("_test.c"):
            for n, text in enumerate(lines, 1):
                if re.match(r"\s*#\s*(if|ifdef|ifndef)\b", text):
                    print(f"{f}:{n}: conditional compilation outside arch/: use a constant of base/config.h")
                    bad += 1
        for n, text in enumerate(lines, 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text) and f != "tools/sizes.py":
                print(f"{f}:{n}: unfinished work: {text.strip()}")
                bad += 1
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
