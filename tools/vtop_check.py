"""Does vtop tell the truth? Its answers about many addresses of a process against the emulator's own walk and memory.

The guest (tests/guest/vtop_probe.c as /init) asks /proc/self/vtop and then spins in user mode, its answers in its memory. Here
the machine is stopped, the answers are read through the monitor (memsave), each address is translated by the monitor
(gva2gpa), and each table entry that an answer shows is looked up in a copy of the machine's memory.
"""
import json
import os
import re
import socket

HOLD = re.compile(rb"# HOLD (0x[0-9a-f]+) (\d+) (\d+)\r?\n")
STEP = re.compile(r"^(PGD|P4D|PUD|PMD|PTE) +0x([0-9a-f]+) \[ *(\d+)\] 0x([0-9a-f]+)(.*)$", re.M)
ACCESSED_DIRTY = 0x60  # the CPU may set them between the answer and our look


class Monitor:
    """QEMU's QMP socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")
        self.line()
        self.call("qmp_capabilities")

    def line(self):
        while True:
            message = json.loads(self.file.readline())
            if "event" not in message:
                return message

    def answers(self, calls):
        """Results of many (name, arguments), a few on their way at a time."""
        out, sent = [], 0
        while len(out) < len(calls):
            while sent < len(calls) and sent - len(out) < 6:
                name, arguments = calls[sent]
                self.sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
                sent += 1
            reply = self.line()
            if "return" not in reply:
                raise OSError(f"monitor: {reply}")
            out.append(reply["return"])
        return out

    def call(self, name, **arguments):
        return self.answers([(name, arguments)])[0]

    def human(self, line):
        return self.call("human-monitor-command", **{"command-line": line})


def translations(monitor, addresses):
    """The emulator's physical address for each, None where it finds none."""
    calls = [("human-monitor-command", {"command-line": f"gva2gpa {a:#x}"}) for a in addresses]
    return [int(text.split()[1], 16) if text.startswith("gpa:") else None for text in monitor.answers(calls)]


def entry_at(ram, pa, size):
    return int.from_bytes(ram[pa:pa + size], "little") if pa + size <= len(ram) else None


def check_steps(answer, ram, cr3):
    """The table entries shown are those in memory, from CR3 on. Return: what is wrong, or None."""
    table = cr3
    for level, entry_pa, index, raw, _ in STEP.findall(answer):
        size = len(raw) // 2
        pa, value = int(entry_pa, 16), int(raw, 16)
        if pa != table + int(index) * size:
            return f"{level}: entry at {pa:#x}, the table is at {table:#x}"
        found = entry_at(ram, pa, size)
        if found is None or (found ^ value) & ~ACCESSED_DIRTY:
            return f"{level}: shown {value:#x}, in memory {found}"
        table = value & 0xffffffffff000 & ((1 << 8 * size) - 1)
    return None


def check_one(answer, gpa, ram, cr3):
    m = re.search(r"^physical +(none|0x[0-9a-f]+)$", answer, re.M)
    if not m:
        return "no line \"physical\""
    mine = None if m.group(1) == "none" else int(m.group(1), 16)
    if mine != gpa:
        return f"vtop says {m.group(1)}, the emulator {'none' if gpa is None else hex(gpa)}"
    return check_steps(answer, ram, cr3)


def cr3_of(monitor):
    return int(re.search(r"CR3=([0-9a-f]+)", monitor.human("info registers")).group(1), 16)


def compare(path, hold, tmp, ram_bytes):
    """With the machine at its marker. Return: TAP lines."""
    address, length, count = int(hold.group(1), 16), int(hold.group(2)), int(hold.group(3))
    monitor = Monitor(path)
    monitor.call("stop")
    text_file, ram_file = os.path.join(tmp, "answers"), os.path.join(tmp, "ram")
    monitor.call("memsave", val=address, size=length, filename=text_file)
    monitor.call("pmemsave", val=0, size=ram_bytes, filename=ram_file)
    with open(text_file, "rb") as f:
        answers = f.read().decode().strip("\n").split("\n\n")
    with open(ram_file, "rb") as f:
        ram = f.read()
    cr3 = cr3_of(monitor) & ~0x1f
    asked = [int(re.match(r"address +0x([0-9a-f]+)", a).group(1), 16) for a in answers]
    wrong = [f"# {va:#x}: {bad}" for va, answer, gpa in zip(asked, answers, translations(monitor, asked))
             if (bad := check_one(answer, gpa, ram, cr3))]
    mapped = sum("physical   0x" in a for a in answers)
    large = sum(bool(re.search(r"^page +[24] MiB|^page +1 GiB", a, re.M)) for a in answers)
    lines = [f"# {len(answers)} addresses, {mapped} mapped, {large} by large pages"] + wrong[:5]
    if len(answers) != count:
        lines.append(f"# {count} asked, {len(answers)} answered")
    good = not wrong and len(answers) == count and mapped > count // 5
    return lines + [("ok" if good else "not ok") + " 1 - vtop/same_as_the_emulator"]
