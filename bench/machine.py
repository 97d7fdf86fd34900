"""The machine that a kernel is measured in: the same QEMU, processor, memory and initramfs for each."""
import os
import subprocess
import tempfile
import threading
import time

from bench import launcher as m
from bench import linux
from tools.pack import disks as launcher_disks

MEMORY = "256"
SWAP_GROUP, SWAP_MEMORY, SWAP, READ_MIB = "swap", "128", "512M", 160  # bench/prog/swap.c
LIMIT_SECONDS = 900
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2024-01-01T00:00:00,clock=vm"]
OWN = "norandmaps"  # as lean Linux: where mappings lie by chance decides how many tables they take, so counts would jump
KERNELS = ("mnemos", "linux", "lean")


def abi(arch):
    return "x86_64" if arch == "x86_64" else "i386"


def program(arch):
    """The benchmark program, built when it is not up to date."""
    path = os.path.join("build", "bench", abi(arch))
    if m.make(path).returncode:
        raise m.Trouble(f"{path} cannot be built: run 'make setup'")
    return os.path.join(m.ROOT, path)


def image(arch, with_shell=False, modules=()):
    """The initramfs: the program is its /init. @with_shell: and busybox, when it has been fetched. @modules: for Linux, to load."""
    c = m.Cpio()
    for name in ("dev", "proc", "tmp"):
        c.directory(name)
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    c.file("init", m.read_file(program(arch)))
    shell = linux.busybox(arch)
    if with_shell and os.path.exists(shell):
        c.file("bin/busybox", m.read_file(shell))
    for letter, data in zip("abcdefghijklmnopqrstuvwxyz", modules):
        c.file(f"modules/{letter}.ko", data)
    return c.finish()


def disks(folder):
    """Options for the disks of the group swap: one for swap, one with something to read."""
    blank = os.path.join(folder, "blank")
    with open(blank, "wb") as f:
        f.truncate(READ_MIB << 20)
    options, _ = launcher_disks.drives([], SWAP, folder)
    return options + launcher_disks.drive(blank, "cache=unsafe")


def kernel_file(kernel, arch):
    return m.built(arch, "mnemos.elf", f"make ARCH={arch}") if kernel == "mnemos" else linux.kernel(arch)


def command(kernel, arch, initrd, words, counted=True, cpus=1, memory=MEMORY):
    """The QEMU command; @words go to process 1."""
    qemu = "qemu-system-x86_64" if arch == "x86_64" else "qemu-system-i386"
    cpu = {"x86_64": "qemu64", "i386": "qemu32", "i386-pae": "qemu32,+nx"}[arch]
    line = "console=ttyS0 quiet panic=-1" + {"lean": " " + linux.LEAN, "mnemos": " " + OWN}.get(kernel, "")
    if kernel != "mnemos" and not counted:
        line += " no_timer_check"  # which a busy host fails
    return [qemu, "-accel", "tcg", "-kernel", kernel_file(kernel, arch), "-initrd", initrd, "-m", str(memory), "-smp", str(cpus),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-cpu", cpu, "-serial", "stdio",
            "-append", line + " -- " + " ".join(words)] + (ICOUNT if counted else [])


class Reader:
    """Takes the program's lines: rows into .rows, the groups' names to on_group, the rest to on_text."""

    def __init__(self, on_group=lambda name: None, on_text=lambda line: None):
        self.rows, self.failed, self.last, self.ended = {}, [], [], False
        self.on_group, self.on_text = on_group, on_text

    def line(self, text):
        words = text.split()
        if len(words) == 4 and words[0] == "row" and words[2].isdigit() and words[3].isdigit():
            self.rows[words[1]] = (int(words[2]), int(words[3]))
        elif len(words) == 2 and words[0] == "group":
            self.on_group(words[1])
        elif words[:1] == ["failed"]:
            self.failed.append(text.strip())
        elif words == ["end"]:
            self.ended = True
        else:
            self.last = self.last[-5:] + [text.rstrip()]
            self.on_text(text.rstrip())


def run(kernel, arch, img, groups=None, counted=True, cpus=1, memory=MEMORY, patience=LIMIT_SECONDS, on_group=lambda name: None,
        on_text=lambda line: None, with_disks=False, programs=()):
    """Boot once. Return: row -> (total, operations); "wall_boot" is the nanoseconds until process 1 spoke.

    Not counted: plain emulation in real time, each group twice, for the emulator translates code as it comes by."""
    words = ["groups=" + ",".join(groups)] if groups else ["programs=" + ",".join(programs)] if programs else []
    words += [] if counted else ["warm"]
    with tempfile.TemporaryDirectory(prefix="mnemos-bench-") as tmp:
        initrd = os.path.join(tmp, "initrd")
        with open(initrd, "wb") as f:
            f.write(img)
        reader, begin = Reader(on_group, on_text), time.monotonic_ns()
        options = disks(tmp) if with_disks else []
        qemu = m.start_qemu(command(kernel, arch, initrd, words, counted, cpus, memory) + options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
        watchdog = threading.Timer(patience, qemu.kill)  # a machine that says nothing any more ends too
        watchdog.start()
        try:
            for raw in qemu.stdout:
                reader.line(raw.decode(errors="replace"))
                if "boot" in reader.rows and "wall_boot" not in reader.rows:
                    reader.rows["wall_boot"] = (time.monotonic_ns() - begin, 1)
                if reader.ended:
                    break
        finally:
            watchdog.cancel()
            qemu.kill()
            qemu.wait()
    if not reader.ended:
        raise m.Trouble(f"{kernel} on {arch} did not end its run: " + " / ".join(reader.last[-3:]))
    if reader.failed:
        raise m.Trouble(f"{kernel} on {arch}: " + "; ".join(reader.failed))
    return reader.rows
