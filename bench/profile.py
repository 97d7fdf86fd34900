"""Where the instructions of one row go: executed instructions per kernel function, here and on lean Linux.

The program stops before the row; then QEMU is told to run one instruction at a time and to log each; the stretch lies between the
program's calls of profile_on() and profile_off(). Symbols: nm of mnemos.elf.sym; Linux's own /proc/kallsyms (nokaslr), kept.
"""
import bisect
import collections
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

from bench import launcher as m
from bench import linux, machine, programs, report, rows, size

TOP = 40
LEAST, OPERATIONS = 400000, 3  # a profile for the documentation looks at so many instructions, and at so many operations
WITHOUT = ("usage", size.GROUP, machine.SWAP_GROUP, *programs.GROUPS)  # figures of another kind, or far too long
CONNECT_SECONDS = 60


def text_symbols(lines):
    """Sorted (address, name) of the functions in the output of nm or kallsyms."""
    out = []
    for line in lines:
        words = line.split()
        if len(words) >= 3 and words[1] in "tTwW":
            out.append((int(words[0], 16), words[2].split(".")[0]))
    return sorted(out)


def nm(path):
    return subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.split("\n")


def connect(path):
    """To QEMU's monitor, which comes up a little after QEMU."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise m.Trouble("QEMU's monitor does not answer")
            time.sleep(0.05)


class Machine:
    """A booted machine that waits before the row: its console, its monitor and the log of its instructions."""

    def __init__(self, kernel, arch, words, tmp):
        initrd, self.log = os.path.join(tmp, "initrd"), os.path.join(tmp, "log")
        with open(initrd, "wb") as f:
            f.write(machine.image(arch, with_shell=True))
        os.mkfifo(self.log)
        self.reading = open(os.open(self.log, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=1 << 20)
        monitor = os.path.join(tmp, "monitor")
        cmd = machine.command(kernel, arch, initrd, words)
        cmd += ["-D", self.log, "-monitor", f"unix:{monitor},server=on,wait=off"]
        self.qemu = m.start_qemu(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.monitor = connect(monitor)

    def tell(self, text):
        self.monitor.sendall(text.encode() + b"\n")
        while b"(qemu)" not in self.monitor.recv(65536).split(b"\n")[-1]:
            pass

    def instructions(self):
        """Go on, and log: the lines of the log."""
        os.set_blocking(self.reading.fileno(), True)
        self.tell("singlestep on")
        self.tell("log exec,nochain")
        self.qemu.stdin.write(b"\n")
        self.qemu.stdin.flush()
        return self.reading

    def stop_logging(self):
        """The rest of the log is read and thrown away, so that the machine can go on."""
        threading.Thread(target=lambda: collections.deque(self.reading, maxlen=0), daemon=True).start()
        self.tell("log none")
        self.tell("singlestep off")

    def lines(self):
        """Those of the console; the machine's end is one that says "end", as the program's own."""
        for raw in self.qemu.stdout:
            yield raw.decode(errors="replace").strip()
        yield "end"

    def close(self):
        self.qemu.kill()
        self.qemu.wait()
        self.monitor.close()


def executed(log, on, off, most=None):
    """Count of each program counter in the log between the first arrival at @on and the next at @off, of @most instructions at the most."""
    counts, started, left = collections.Counter(), False, most
    for line in log:
        if not line.startswith(b"Trace"):
            continue
        pc = line.split(b"/", 2)[1]
        if not started:
            started = int(pc, 16) == on
        else:
            counts[pc] += 1
            left = left and left - 1
            if int(pc, 16) == off or left == 0:
                break
    return counts


def by_function(counts, symbols, user_top):
    """Instructions per function; all user programs together are one."""
    addresses, out = [a for a, _ in symbols], collections.Counter()
    for text, n in counts.items():
        pc = int(text, 16)
        at = bisect.bisect_right(addresses, pc) - 1
        out["(user programs)" if pc < user_top else symbols[at][1] if at >= 0 else "?"] += n
    return out


def linux_symbols(arch):
    path = os.path.join(linux.directory(arch), "symbols")
    if not os.path.exists(path):
        img, kept = machine.image(arch), []
        machine.run("lean", arch, img, ["symbols"], on_text=lambda line: kept.append(line))
        with open(path, "w") as f:
            f.write("\n".join(kept) + "\n")
    with open(path) as f:
        return text_symbols(f)


def kernel_symbols(kernel, arch):
    return linux_symbols(arch) if kernel == "lean" else text_symbols(nm(machine.kernel_file("mnemos", arch) + ".sym"))


def profile(kernel, arch, row, most=None):
    """Return: (function -> instructions for one operation, operations). @most: only so many are looked at, which stand for all."""
    symbols = kernel_symbols(kernel, arch)
    marks = {name: a for a, name in text_symbols(nm(machine.program(arch) + ".sym"))}
    reader = machine.Reader()
    with tempfile.TemporaryDirectory(prefix="mnemos-bench-") as tmp:
        box = Machine(kernel, arch, ["groups=" + row.group, "profile=" + row.name], tmp)
        try:
            if next(line for line in box.lines() if line in ("ready", "end")) != "ready":
                raise m.Trouble(f"{kernel} on {arch} did not come to {row.name}")
            counts = executed(box.instructions(), marks["profile_on"], marks["profile_off"], most)
            box.stop_logging()
            for line in box.lines():
                reader.line(line)
                if row.name in reader.rows:
                    break
            else:
                raise m.Trouble(f"{kernel} on {arch} did not end {row.name}")
        finally:
            box.close()
    functions, (total, n) = by_function(counts, symbols, 1 << 47 if arch == "x86_64" else 0xC0000000), reader.rows[row.name]
    share = 1 / n if most is None else total / n / sum(functions.values())
    return collections.Counter({f: c * share for f, c in functions.items()}), n


def selected(table, names):
    """The rows that are meant; a group's own name stands for its rows that have a profile."""
    rows.groups_of(table, names, "--profile")
    for name in names:
        if name in table and table[name].group in WITHOUT:
            raise m.Trouble(f"--profile {name}: the rows of {table[name].group} have no profile")
    return [r for n, r in table.items() if r.group not in WITHOUT and (n in names or r.group in names)]


def document(arch, wanted):
    """The table of parts, from profiles of some operations of each row."""
    kept = report.kept()[arch]
    for row in wanted:
        functions, _ = profile("mnemos", arch, row, max(LEAST, int(OPERATIONS * kept[row.name]["mnemos"])))
        print(f"{arch}: {row.name}", file=sys.stderr)
        report.keep_parts(arch, row.name, functions)
    report.update_document()
    return 0


def main(arch, table, names, with_linux, to_document=False):
    wanted = selected(table, names)
    if not wanted:
        raise m.Trouble(f"--profile {','.join(names)}: these rows have no profile")
    if to_document:
        return document(arch, wanted)
    for row in wanted:
        for kernel in ("mnemos", "lean") if with_linux else ("mnemos",):
            functions, n = profile(kernel, arch, row)
            print(f"== {row.name} on {kernel}, {arch}: {sum(functions.values()):,.1f} instructions for one of {n}")
            for function, count in functions.most_common(TOP):
                print(f"{count:12,.1f}  {function}")
    return 0
