"""Where the instructions of one row go: executed instructions per kernel function, here and on lean Linux.

The program stops before the row; then QEMU is told to run one instruction at a time and to log each; the stretch lies between the
program's calls of profile_on() and profile_off(). Symbols: nm of mnemos.elf; Linux's own /proc/kallsyms (nokaslr), kept.
"""
import bisect
import collections
import os
import socket
import subprocess
import tempfile
import threading
import time

from bench import launcher as m
from bench import linux, machine

TOP = 40
CONNECT_SECONDS = 60


def text_symbols(lines):
    """Sorted (address, name) of the functions in the output of nm or kallsyms."""
    out = []
    for line in lines:
        words = line.split()
        if len(words) >= 3 and words[1] in "tTwW":
            out.append((int(words[0], 16), words[2]))
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
            f.write(machine.image(arch))
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

    def lines(self):
        for raw in self.qemu.stdout:
            yield raw.decode(errors="replace").strip()

    def close(self):
        self.qemu.kill()
        self.qemu.wait()
        self.monitor.close()


def executed(log, on, off):
    """Count of each program counter in the log between the first arrival at @on and the next at @off."""
    counts, started = collections.Counter(), False
    for line in log:
        if not line.startswith(b"Trace"):
            continue
        pc = line.split(b"/", 2)[1]
        if not started:
            started = int(pc, 16) == on
        else:
            counts[pc] += 1
            if int(pc, 16) == off:
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
    return linux_symbols(arch) if kernel == "lean" else text_symbols(nm(machine.kernel_file("mnemos", arch)))


def profile(kernel, arch, row):
    """Return: (function -> instructions, operations)."""
    symbols = kernel_symbols(kernel, arch)
    marks = {name: a for a, name in text_symbols(nm(machine.program(arch) + ".sym"))}
    reader = machine.Reader()
    with tempfile.TemporaryDirectory(prefix="mnemos-bench-") as tmp:
        box = Machine(kernel, arch, ["groups=" + row.group, "profile=" + row.name], tmp)
        try:
            if not any(line == "ready" for line in box.lines()):
                raise m.Trouble(f"{kernel} on {arch} did not come to {row.name}")
            counts = executed(box.instructions(), marks["profile_on"], marks["profile_off"])
            box.stop_logging()
            for line in box.lines():
                reader.line(line)
                if row.name in reader.rows:
                    break
        finally:
            box.close()
    return by_function(counts, symbols, 1 << 47 if arch == "x86_64" else 0xC0000000), reader.rows[row.name][1]


def main(arch, table, name, with_linux):
    if name not in table:
        raise m.Trouble(f"--profile {name}: no such row")
    for kernel in ("mnemos", "lean") if with_linux else ("mnemos",):
        functions, n = profile(kernel, arch, table[name])
        print(f"== {name} on {kernel}, {arch}: {sum(functions.values()) / n:,.1f} instructions for one of {n}")
        for function, count in functions.most_common(TOP):
            print(f"{count / n:12,.1f}  {function}")
    return 0
