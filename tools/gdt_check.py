"""Are the descriptor tables what they should be? GDT, IDT, TSS and LDT of a CPU as QEMU's monitor reads them from memory.

The guest (tests/guest/seg_probe.c as /init) makes an LDT, prints where sgdt, sidt, sldt and str say the tables are and what modify_ldt
reads back, and what the module of lab 2 says of the GDT, and spins. Here the machine is stopped, and each row is compared with Linux's
(arch/x86/hw/gdt.c draws them) and with the lab's.
"""
import os
import re

from vtop_check import Monitor

ROWS = re.compile(rb"# ROWS((?: \w{16})*)\r?\n")
TABLES = re.compile(rb"# TABLES (\w+) (\w+) (\w+) (\w+) (\w+) (\w+)((?: \w{16})+)\r?\n")
BUSY_TSS, TSS, LDT = 0x8b, 0x89, 0x82

I386_GDT = {
    12: 0x00cf9b000000ffff, 13: 0x00cf93000000ffff, 14: 0x00cffb000000ffff, 15: 0x00cff3000000ffff,
    18: 0x00409a000000ffff, 19: 0x00009a000000ffff, 20: 0x000092000000ffff, 21: 0x0000920000000000, 22: 0x0000920000000000,
    23: 0x00409a000000ffff, 24: 0x00009a000000ffff, 25: 0x004092000000ffff, 26: 0x00cf92000000ffff,
}
X86_64_GDT = {
    1: 0x00cf9b000000ffff, 2: 0x00af9b000000ffff, 3: 0x00cf93000000ffff, 4: 0x00cffb000000ffff, 5: 0x00cff3000000ffff,
    6: 0x00affb000000ffff, 15: 0x0040f50000000000,  # CPU 0 of node 0
}


def base_of(d):
    return d >> 16 & 0xffffff | d >> 32 & 0xff000000


def limit_of(d):
    return d & 0xffff | d >> 32 & 0xf0000


def access_of(d):
    return d >> 40 & 0xff


class Check:
    def __init__(self, monitor, tmp, wide):
        self.monitor, self.tmp, self.wide, self.wrong = monitor, tmp, wide, []
        self.registers = monitor.human("info registers")

    def equal(self, what, got, want):
        if got != want:
            self.wrong.append(f"# {what}: {got:#x}, not {want:#x}")

    def read(self, address, size):
        path = os.path.join(self.tmp, "table")
        signed = address - (1 << 64) if address >> 63 else address  # QMP's numbers are
        self.monitor.call("memsave", val=signed, size=size, filename=path)
        with open(path, "rb") as f:
            return f.read()

    def words(self, address, count, size=8):
        data = self.read(address, count * size)
        return [int.from_bytes(data[i:i + size], "little") for i in range(0, len(data), size)]

    def register(self, name, pattern):
        return [int(v, 16) for v in re.search(rf"^{name} *={pattern}", self.registers, re.M).groups()]

    def system(self, gdt, index, what, access):
        """The system descriptor @index, 16 bytes on x86_64, against the hidden part of the register it was loaded to."""
        selector, base, limit = self.register(what, r"(\w{4}) (\w+) (\w+)")
        self.equal(f"{what} selector", selector, index * 8)
        self.equal(f"{what} base", base_of(gdt[index]) | (gdt[index + 1] << 32 if self.wide else 0), base)
        self.equal(f"{what} limit", limit_of(gdt[index]), limit)
        self.equal(f"{what} access", access_of(gdt[index]), access)
        return base, limit

    def gdt(self, gdt, expected, own):
        for i, d in enumerate(gdt):
            if i in expected:
                self.equal(f"GDT entry {i}", d, expected[i])
            elif i not in own:
                self.equal(f"GDT entry {i}", d, 0)

    def rows(self, gdt, shown):
        self.equal("entries that the lab's module shows", len(shown), len(gdt))
        for i, (d, lab) in enumerate(zip(gdt, shown)):
            self.equal(f"GDT entry {i} by the lab's module", lab, d)

    def idt(self, base, limit):
        size = 16 if self.wide else 8
        self.equal("IDT limit", limit, 256 * size - 1)
        for i, gate in enumerate(self.words(base, 256 * size // 8)[::size // 8]):
            selector, kind = gate >> 16 & 0xffff, gate >> 40 & 0xff
            if i == 8 and not self.wide:
                self.equal("IDT gate 8", selector << 8 | kind, 0xf885)
                continue
            user = i in (3, 4, 0x80)
            self.equal(f"IDT gate {i} type", kind, 0xee if user else 0x8e)
            self.equal(f"IDT gate {i} selector", selector, 0x10 if self.wide else 0x60)

    def tss(self, base, limit):
        data = self.read(base, limit + 1)
        at = 102
        self.equal("I/O map", int.from_bytes(data[at:at + 2], "little"), limit + 1)
        if not self.wide:
            self.equal("ss0", int.from_bytes(data[8:10], "little"), 0x68)


def compare(path, found, tmp, arch):
    """With the machine at its marker. Return: TAP lines."""
    gdt_base, gdt_limit, idt_base, idt_limit, ldt, task = (int(found.group(i), 16) for i in range(1, 7))
    told = [int(v, 16) for v in found.group(7).split()]
    wide = arch == "x86_64"
    monitor = Monitor(path)
    monitor.call("stop")
    c = Check(monitor, tmp, wide)
    expected, tss_at, ldt_at = (X86_64_GDT, 8, 10) if wide else (I386_GDT, 16, 17)
    c.equal("GDTR base", gdt_base, c.register("GDT", r" *(\w+) (\w+)")[0])
    c.equal("GDTR limit", gdt_limit, 0x7f if wide else 0xff)
    c.equal("IDTR base", idt_base, c.register("IDT", r" *(\w+) (\w+)")[0])
    c.equal("sldt", ldt, ldt_at * 8)
    c.equal("str", task, tss_at * 8)
    gdt = c.words(gdt_base, (gdt_limit + 1) // 8)
    rows = ROWS.search(found.string)  # what lab 2 shows
    c.rows(gdt, [int(v, 16) for v in rows.group(1).split()] if rows else [])
    c.gdt(gdt, expected, {tss_at, tss_at + 1, ldt_at, ldt_at + 1} if wide else {6, tss_at, ldt_at, 27, 31})
    c.tss(*c.system(gdt, tss_at, "TR", BUSY_TSS))
    ldt_base, ldt_limit = c.system(gdt, ldt_at, "LDT", LDT)
    c.equal("LDT limit", ldt_limit, len(told) * 8 - 1)
    for i, d in enumerate(c.words(ldt_base, len(told))):
        c.equal(f"LDT entry {i}", d, told[i])
    if not wide:
        c.equal("TLS of the C library", gdt[6] & 0x00ffff000000ffff, 0x00dff3000000ffff)
        c.equal("per-CPU segment", gdt[27] & 0x00ffff000000ffff, 0x008f93000000ffff)
        c.equal("double-fault TSS", access_of(gdt[31]), TSS)
    c.idt(idt_base, idt_limit)
    return c.wrong[:8] + [("not ok" if c.wrong else "ok") + " 1 - gdt/same_in_memory"]
