#!/usr/bin/env python3
"""Boot the kernels in QEMU with the programs of tests/guest and tests/boot; count what passes.

  tools/guest-tests.py [--arch A] [--boot NAME] [--only PROGRAM[:TEST],...] [--quick] [--list] [--verbose] [--keep DIR]

Each boot is one machine: a build, an amount of memory, an initramfs made here and what its console must show. Two machines
run at a time. Output: a line per boot, failures in full, and "guest tests: N passed, M failed".
With GUEST_RESULT=FILE in the environment, "N M" is written there.
"""
import argparse
import glob
import gzip
import importlib.machinery
import importlib.util
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ARCHES = ("i386", "i386-pae", "x86_64")
MAX_CONSOLE = 4 << 20
TYPE = re.compile(rb"# type ([0-9a-f]+)\r?\n")  # a program asks for these bytes at the console
NOTES = 8  # lines shown for one failed test
TAP = re.compile(r"(not )?ok (?:\d+ )?- ([\w./-]+)( # SKIP)?")


def load_launcher():
    """The ./mnemos script as a module: its Cpio class."""
    loader = importlib.machinery.SourceFileLoader("mnemos_launcher", os.path.join(ROOT, "mnemos"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


LAUNCHER = load_launcher()
sys.path.insert(0, os.path.join(ROOT, "tools"))
import disks  # noqa: E402
import gdt_check  # noqa: E402
import srat  # noqa: E402
import vtop_check  # noqa: E402

# What others stand on first; then every other program of tests/guest by name; shell scripts last. Each program is looked at
# for leaks, unless it is in SPECIAL with other flags (None: not in these boots).
FIRST = ("mem_mmap", "mem_cow", "mem_fault", "mem_files", "proc_fork", "proc_exec", "sig_basic", "time_basic", "fs_basic", "pipe_poll")
SPECIAL = {"driver": None, "disk_block": None, "disk_ext2": None, "disk_pages": None, "disk_press": None, "disk_share": None, "disk_swap": None, "highmem": None, "vtop_probe": None, "seg_probe": None, "net_virtio": None, "tty_hvc": None, "module_oops": None, "fail_boot": None, "fail_loops": None, "oom_hogs": None}
SCRIPTS = (("shell.sh", "sh"), ("thousand.sh", "sh"))


def labs():
    """{program of a lab: builds that it is for}."""
    found = {}
    for path in glob.glob(os.path.join(ROOT, "labs", "[0-9]*-*", "lab.json")):
        number = int(os.path.basename(os.path.dirname(path)).partition("-")[0])
        with open(path, encoding="utf-8") as f:
            found[f"lab{number}"] = json.load(f)["builds"]
    return dict(sorted(found.items(), key=lambda lab: int(lab[0][3:])))


LABS = labs()


def programs():
    """(program, flags) of the main boots."""
    names = sorted(f[:-2] for f in os.listdir(os.path.join(ROOT, "tests", "guest")) if f.endswith(".c"))
    order = list(FIRST) + [n for n in names if n not in FIRST]
    plan = [(n, SPECIAL.get(n, "leak")) for n in order if SPECIAL.get(n, "leak") is not None]
    return plan + [(n, "leak test=check") for n in LABS] + list(SCRIPTS)


PASSWD = (("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"),
          ("etc/group", "root:x:0:\nnogroup:x:65534:\n"))


def abi(arch):
    return "x86_64" if arch == "x86_64" else "i386"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def program(arch, name):
    path = os.path.join(ROOT, "build", "guest", abi(arch), name)
    return path if os.path.exists(path) else None


def base(arch, init=True):
    """An archive with busybox, the console and, as /init, the driver."""
    c = LAUNCHER.Cpio()
    for d in ("dev", "proc", "sys", "tmp", "root", "etc", "tests"):
        c.directory(d)
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    LAUNCHER.add_busybox(c, arch)
    for name, text in PASSWD:
        c.file(name, text.encode(), 0o100644)
    if init:
        c.file("init", read(program(arch, "driver")))
    return c


def sections(name):
    """A file of tests/boot in parts, each under a line "### NAME"."""
    path = os.path.join(ROOT, "tests", "boot", name)
    parts = re.split(r"^### (\S+)\n", read(path).decode(errors="surrogateescape"), flags=re.M) if os.path.exists(path) else []
    return list(zip(parts[1::2], parts[2::2]))


def on_terminal(argv):
    """Run a program on a terminal of its own; type what it asks for."""
    pid, fd = pty.fork()
    if pid == 0:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python
            signal.signal(ignored, signal.SIG_DFL)
        os.execvpe(argv[0], argv, {"PATH": "/bin:/sbin:/usr/bin:/usr/sbin"})
    out, typed = bytearray(), 0
    try:
        while data := os.read(fd, 65536):
            out += data
            for m in TYPE.finditer(out, typed):
                os.write(fd, bytes.fromhex(m.group(1).decode()))
            typed = out.rfind(b"\n") + 1
    except OSError:  # the other side is closed
        pass
    status = os.waitpid(pid, 0)[1]
    if status:
        raise SystemExit(f"{out.decode(errors='replace')}\nwait status {status:#x}")


def record_shell():
    """Run shell.cases on this host's Linux (as root, in a chroot with busybox alone) and write shell.expected."""
    with tempfile.TemporaryDirectory(prefix="mnemos-record-", dir="/dev/shm") as top:
        os.chmod(top, 0o755)
        for d in ("bin", "dev", "proc", "sys", "tmp", "root", "etc", "tests/shell"):
            os.makedirs(os.path.join(top, d))
        shutil.copy(os.path.join(ROOT, "build", "cache", "busybox-amd64"), os.path.join(top, "bin", "busybox"))
        os.symlink("busybox", os.path.join(top, "bin", "sh"))
        shutil.copy(os.path.join(ROOT, "tests", "boot", "shell.sh"), os.path.join(top, "tests"))
        for name, text in PASSWD:
            with open(os.path.join(top, name), "w") as f:
                f.write(text)
        for name, text in sections("shell.cases"):
            with open(os.path.join(top, "tests", "shell", name + ".sh"), "w") as f:
                f.write(text)
        inside = """mount --make-rprivate /; mount --bind T T; cd T; mount -t proc proc proc; mount -t tmpfs tmp dev; mount -t tmpfs tmp tmp
for d in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 dev/${d%:*} c 1 ${d#*:}; done; mknod -m 666 dev/tty c 5 0
for f in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${f%:*} dev/${f#*:}; done
mkdir tmp/shell.sh; chmod 1777 tmp; RECORD=1 exec chroot . /bin/busybox sh -c 'cd /tmp/shell.sh; exec sh /tests/shell.sh'"""
        on_terminal(["unshare", "--mount", "--pid", "--uts", "--fork", "sh", "-c", inside.replace("T", top)])
        with open(os.path.join(ROOT, "tests", "boot", "shell.expected"), "wb") as f:
            for name, _ in sections("shell.cases"):
                f.write(b"### " + name.encode() + b"\n" + read(os.path.join(top, "tests", "shell", name + ".out")))


def plan_file(arch, name, abi_of=None):
    """The program or script of a plan's entry; @abi_of: of another build's programs."""
    if name.endswith(".sh"):
        return os.path.join(ROOT, "tests", "boot", name)
    return program(abi_of or arch, name.split()[0])


def portions(arch, plan, most):
    """@plan in parts whose programs take at most @most bytes each: a machine's files must fit into half of its memory."""
    parts, room = [], 0
    for entry in plan:
        path = plan_file(arch, entry[0])
        size = os.path.getsize(path) if path else most
        if size > room:
            parts.append([])
            room = most
        parts[-1].append(entry)
        room -= size
    return parts


def with_plan(arch, plan, abi_of=None):
    """The driver and a plan: (name, flags) pairs."""
    c = base(arch)
    lines = []
    for name, flags in plan:
        path = plan_file(arch, name, abi_of)
        if not path:
            raise SystemExit(f"no program {name} for {arch}")
        c.file("tests/" + os.path.basename(path), read(path))
        lines.append(f"{name} {flags}\n")
    if any(n.startswith("module_") or n in LABS for n, _ in plan):
        LAUNCHER.add_modules(c, arch)
    for name, text in sections("shell.cases"):
        c.file(f"tests/shell/{name}.sh", text.encode(), 0o100644)
    for name, text in sections("shell.expected"):
        c.file(f"tests/shell/{name}.out", text.encode(), 0o100644)
    c.file("tests/plan", "".join(lines).encode(), 0o100644)
    return c


class Boot:
    """One machine and what it must show."""

    def __init__(self, name, arch, image, mem="512M", cpus=2, append="", seconds=900, want=(), status=None, done=True,
                 machine=None, kernel=None, plan=(), cpu=None, extra=(), tables=None):
        self.name, self.arch, self.image, self.mem, self.cpus, self.append = name, arch, image, mem, cpus, append
        self.seconds, self.want, self.status, self.done, self.machine = seconds, want, status, done, machine
        self.kernel, self.plan, self.cpu, self.extra, self.tables = kernel, plan, cpu, list(extra), tables or {}
        self.files = ()  # that QEMU gets

    def command(self, tmp):
        kernel = os.path.join(ROOT, "build", self.arch, "mnemos.elf")
        if self.kernel:
            kernel = os.path.join(tmp, "kernel.elf")
            with open(kernel, "wb") as f:
                f.write(self.kernel(self.arch))
        initrd = os.path.join(tmp, "initrd")
        with open(initrd, "wb") as f:
            f.write(self.image(self.arch))
        qemu = "qemu-system-x86_64" if self.arch == "x86_64" else "qemu-system-i386"
        if not shutil.which(qemu):
            qemu = "qemu-system-x86_64"
        cpu = self.cpu or {"x86_64": "qemu64", "i386-pae": "qemu32,+nx", "i386": "qemu32"}[self.arch]
        cmd = [qemu, "-accel", "tcg"] + (["-M", self.machine] if self.machine else [])
        cmd += ["-kernel", kernel, "-initrd", initrd, "-m", self.mem, "-smp", str(self.cpus), "-cpu", cpu, "-nodefaults",
                "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=1"]
        for sig, data in self.tables.items():
            with open(os.path.join(tmp, sig), "wb") as f:
                f.write(data)
            cmd += ["-acpitable", f"sig={sig},rev=3,data={tmp}/{sig}"]
        return cmd + self.extra + ["-append", ("console=ttyS0 panic=-1 debug-exit quiet " + self.append).strip()]

    def at_marker(self, out, tmp):
        """The console so far: is all seen that is to be seen?"""
        return False

    def after(self, tmp):
        """Lines to add to the console when the machine has ended."""
        return []

    def run(self, keep, log):
        """Return: (console text, QEMU's exit status or None when it was stopped, seconds)."""
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mnemos-test-") as tmp:
            qemu = LAUNCHER.start_qemu(self.command(tmp), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, pass_fds=self.files)
            timer = threading.Timer(self.seconds, qemu.kill)
            timer.start()
            out, typed = bytearray(), 0
            try:
                while data := os.read(qemu.stdout.fileno(), 65536):
                    out += data
                    if log:
                        log.write(data)
                        log.flush()
                    for m in TYPE.finditer(out, typed):
                        qemu.stdin.write(bytes.fromhex(m.group(1).decode()))
                        qemu.stdin.flush()
                    typed = out.rfind(b"\n") + 1
                    if self.at_marker(out, tmp):
                        qemu.kill()
                        break
                    if len(out) > MAX_CONSOLE:
                        qemu.kill()
                        break
            finally:
                timer.cancel()
                late = not timer.is_alive() and time.monotonic() - start >= self.seconds
                status = qemu.wait() if not late and len(out) <= MAX_CONSOLE else None
                if qemu.poll() is None:
                    qemu.kill()
                    qemu.wait()
            out += "\n".join(["", *self.after(tmp), ""]).encode()
        text = out.decode(errors="replace").replace("\r", "")
        if keep:
            with open(os.path.join(keep, self.name.replace("/", "_") + ".log"), "w") as f:
                f.write(text)
        return text, None if late else status, time.monotonic() - start


class ProbeBoot(Boot):
    """One CPU that spins in a program, its only one, which has said what to look for; the monitor looks."""

    def __init__(self, arch, name, program, **kw):
        super().__init__(f"{arch}/{name}", arch, lambda a: probe_init(a, program), mem="64M", cpus=1, seconds=120, done=False, **kw)

    def command(self, tmp):
        return super().command(tmp) + ["-qmp", f"unix:{tmp}/qmp,server=on,wait=off"]


class VtopBoot(ProbeBoot):
    """A program that has asked vtop; the monitor checks the answers."""

    def __init__(self, arch, suffix="", **kw):
        super().__init__(arch, "vtop" + suffix, "vtop_probe", **kw)

    def at_marker(self, out, tmp):
        hold = vtop_check.HOLD.search(out)
        if hold:
            out += "\n".join(vtop_check.compare(f"{tmp}/qmp", hold, tmp, 64 << 20) + [""]).encode()
        return hold


class GdtBoot(ProbeBoot):
    """The descriptor tables in memory against Linux's rows and the program's LDT."""

    def __init__(self, arch):
        super().__init__(arch, "gdt", "seg_probe")

    def at_marker(self, out, tmp):
        tables = gdt_check.TABLES.search(out)
        if tables:
            out += "\n".join(gdt_check.compare(f"{tmp}/qmp", tables, tmp, self.arch) + [""]).encode()
        return tables


class DiskBoot(Boot):
    """A machine with the disks of tools/disks.py, which are looked at when it has ended."""

    def __init__(self, arch, plan, **kw):
        super().__init__(f"{arch}/disk", arch, lambda a: with_plan(a, plan).finish(), plan=plan, **kw)

    def command(self, tmp):
        return super().command(tmp) + disks.make(tmp)

    def after(self, tmp):
        whole = {n for n, f in self.plan if "test=" not in f}
        return disks.check(tmp, "disk_block" in whole, "disk_share" in whole)


class NetBoot(Boot):
    """A machine with a network device on QEMU's own network, where port 7 of 10.0.2.100 is cat: what is sent comes back."""

    def __init__(self, arch, plan, suffix="", **kw):
        super().__init__(f"{arch}/net{suffix}", arch, lambda a: with_plan(a, plan).finish(), plan=plan, append="ip=dhcp", **kw)

    def command(self, tmp):
        device = "device" if self.machine else "pci"
        return super().command(tmp) + ["-netdev", "user,id=net0,guestfwd=tcp:10.0.2.100:7-cmd:cat",
                                       "-device", f"virtio-net-{device},netdev=net0" + (",romfile=" if device == "pci" else "")]


class HvcBoot(Boot):
    """A machine with a virtio console whose other end sends back what it gets."""

    def __init__(self, arch, plan, suffix="", **kw):
        super().__init__(f"{arch}/hvc{suffix}", arch, lambda a: with_plan(a, plan).finish(), plan=plan, **kw)

    def command(self, tmp):
        ours, self.theirs = socket.socketpair()
        self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)  # QEMU drops what finds no room
        self.files = [self.theirs.fileno()]
        threading.Thread(target=self.echo, args=(ours,), daemon=True).start()
        device = "device" if self.machine else "pci"
        return super().command(tmp) + ["-chardev", f"socket,id=hvc,fd={self.files[0]}", "-device", f"virtio-serial-{device},max_ports=1",
                                       "-device", "virtconsole,chardev=hvc"]

    def echo(self, ours):
        kept = bytearray()
        with ours:
            while True:
                readable, writable, _ = select.select([ours], [ours] if kept else [], [])
                try:
                    if writable:
                        del kept[:ours.send(kept, socket.MSG_DONTWAIT)]
                    if readable and not (data := ours.recv(65536)):
                        return
                except ConnectionError:
                    return
                if readable:
                    kept += data

    def after(self, tmp):
        self.theirs.close()
        return []


# How a kernel ends that cannot begin for want of memory.
FAIL_BOOT_PANIC = r"no memory for \S|No working init found: (the initramfs could not be unpacked whole|/init could not be run)"


def fail_boot_init(arch):
    c = base(arch, init=False)
    c.file("init", read(program(arch, "fail_boot")))
    return c.finish()


class FailBoot(Boot):
    """A debug kernel whose @n-th allocation fails, or the @n-th transfer of its disk; none: 0. It may not begin, or must go on."""

    def __init__(self, arch, n, transfers=False):
        word = f"fail_make_request={n or 1},{100 if n else 0},0,1" if transfers else f"failpoint={n}"
        super().__init__(f"{arch}/fail-{'io-' * transfers}{n}", arch, fail_boot_init, mem="64M", seconds=60, done=False,
                         append="loglevel=7 init=/none " + word, kernel=debug_kernel,
                         want=(rf"^# fail_boot: script 0 |panic - not syncing: ({FAIL_BOOT_PANIC})",))

    def command(self, tmp):
        path = os.path.join(tmp, "disk")
        disks.write(path, b"")
        os.truncate(path, 4 << 20)
        return super().command(tmp) + ["-drive", f"if=virtio,format=raw,cache=unsafe,file={path}"]


def planned(name, arch, plan, **kw):
    """A machine whose driver runs @plan, without labs that are for other builds."""
    plan = [(n, f) for n, f in plan if arch in LABS.get(n, ARCHES)]
    return Boot(name, arch, lambda a: with_plan(a, plan).finish(), plan=plan, **kw)


# 32-bit programs on the 64-bit kernel: those that do not ask for what only a kernel of 32 bits has.
COMPAT = ("proc_compat", "proc_oldcalls", "mem_mmap", "mem_cow", "mem_fault", "mem_uffd", "mm_args", "mm_move", "mm_remote", "proc_fork", "proc_exec",
          "sig_basic", "sig_fpu", "proc_seccomp", "thread_basic", "time_basic", "time_posix", "time_adjust", "fs_path", "file_lock", "file_splice", "file_space",
          "ipc_mqueue", "ipc_sem", "net_unix", "pipe_poll", "event_epoll", "event_fd", "file_aio", "event_timer", "event_signal", "event_inotify",
          "syscall_fuzz")


def compat_machine(args):
    plan = only([(n, "leak quick") for n in COMPAT], args.only, known=True) if args.only else [(n, "leak quick") for n in COMPAT]
    return [Boot("x86_64/compat", "x86_64", lambda a: with_plan(a, plan, "i386").finish(), plan=plan)] if plan else []


def judge(boot, text, status):
    """Return: (passed, list of failures, each some lines)."""
    failures, notes, good, bad = [], [], set(), set()
    for line in text.split("\n"):
        if m := TAP.search(line):
            if m.group(1):
                if m.group(2) not in bad:
                    failures.append("\n".join(notes[:NOTES] + [line[m.start():]]))
                bad.add(m.group(2))
            elif not m.group(3):
                good.add(m.group(2))  # a program that is run again counts once
            notes = []
        elif line.startswith("# begin") or line.startswith("# end"):
            notes = []
        elif line.startswith("#") and not line.startswith("# type"):
            notes.append(line)
    passed = len(good - bad)
    if boot.done and "# DONE" not in text:
        tail = [x for x in text.split("\n") if x.strip()][-25:]
        failures.append("the machine did not come to the end" + (" in time" if status is None else f" (QEMU status {status})") +
                        ":\n  " + "\n  ".join(tail))
    elif boot.done:
        passed += 1
    for program_name, _ in boot.plan:
        if f"# end {program_name} " not in text:
            failures.append(f"{program_name} did not run to its end")
    for pattern in boot.want:
        if re.search(pattern, text, re.M):
            passed += 1
        else:
            tail = [x for x in text.split("\n") if x.strip()][-12:]
            failures.append(f"the console does not show /{pattern}/; its end:\n  " + "\n  ".join(tail))
    if boot.status is not None:
        if status is not None and boot.status(status):
            passed += 1
        else:
            failures.append(f"QEMU ended with status {status}")
    return passed, failures


# ---- the machines ----

def say_init(arch):
    """An archive whose /init is a shell script that shows that a shell works."""
    c = base(arch, init=False)
    c.file("init", b"""#!/bin/sh
/bin/busybox mount -t proc proc /proc
echo "shell $((6 * 7)) $(/bin/busybox cat /proc/self/comm)"
for i in 1 2 3; do /bin/busybox seq $i; done | /bin/busybox sort -n | /bin/busybox md5sum
/bin/busybox cat /extra 2>/dev/null
/bin/busybox poweroff -f
""")
    return c


SAYS = (r"^shell 42 busybox$", r"^db0058a897c109c4d176929d28c5131a  -$")


# What panic says of memory: the address, its vma, the entries of its tables, the frame, its owner, its events.
PANIC_NULL = (r"^\[.*Oops: 0000 \[#1\] SMP", r"panic - not syncing: Attempted to kill init! exitcode=0x00000009", r"Last page fault: address 0+, task 1 \(insmod\)", r" vma      [0-9a-f]+-[0-9a-f]+ r",
              r"the next above: the address is in none", r" (PGD|PTE|PMD|PUD)  +[0-9a-f]+ \[", r" frame    none", r"events about it:")
PANIC_CODE = (r"Last page fault: address [0-9a-f]+, task 1 \(insmod\)", r" vma      none: the kernel's half", r" PTE  +[0-9a-f]+ \[ *\d+\] [0-9a-f]+ .*P",
               r" frame    [0-9a-f]+ zone \w+ *, \w+, refcount 1 mapcount 0", r" owner    the kernel", r"events about it:", r"end Kernel panic")


def crashing_init(arch, what):
    """A module that reads where nothing is (0), or writes to its own code (1)."""
    c = LAUNCHER.Cpio()
    c.directory("dev")
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    LAUNCHER.add_busybox(c, arch)
    LAUNCHER.add_modules(c, arch, ["crashes"])
    c.file("init", b"#!/bin/sh\nexec insmod /lib/modules/*/crashes.ko what=%d\n" % what)
    return c.finish()


def oopsing_init(arch, script):
    """A shell that does @script with the modules that end tasks."""
    c = base(arch, init=False)
    LAUNCHER.add_modules(c, arch, ["oops_init", "oops_timer", "course_calls"])
    c.file("init", b"#!/bin/sh\n/bin/busybox mount -t proc proc /proc\n" + script.encode() + b"\necho it goes on\npoweroff -f\n")
    return c.finish()


OOPSES = (("panic-oops", "echo 1 >/proc/sys/kernel/panic_on_oops; insmod /lib/modules/*/course_calls.ko; insmod /lib/modules/*/oops_init.ko how=bug",
           (r"kernel BUG at .*oopses.c:\d+!", r"invalid opcode: 0000 \[#1\] SMP", r"course_calls: oops 1, invalid opcode in \w+", r"panic - not syncing: Fatal exception$",
            r"course_calls: panic: Fatal exception$")),
          ("panic-timer", "insmod /lib/modules/*/oops_timer.ko how=timer; sleep 30",
           (r"Oops: 0002 \[#1\] SMP", r"panic - not syncing: Fatal exception in interrupt$")))


def exiting_init(arch):
    c = LAUNCHER.Cpio()
    c.directory("dev")
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    LAUNCHER.add_busybox(c, arch)
    c.file("init", b"#!/bin/sh\nexit 3\n")
    return c.finish()


def probe_init(arch, name):
    c = LAUNCHER.Cpio()
    for d in ("dev", "proc"):
        c.directory(d)
    c.entry("dev/console", 0o020600, rdev=(5, 1))
    c.file("init", read(program(arch, name)))
    if name == "seg_probe":
        LAUNCHER.add_modules(c, arch, ["descriptor_tables"])
    return c.finish()


def extra(text):
    c = LAUNCHER.Cpio()
    c.file("extra", text, 0o100644)
    return c.finish()


def without_multiboot(arch):
    """The kernel with its Multiboot magic destroyed: QEMU then starts it through PVH."""
    data = bytearray(read(os.path.join(ROOT, "build", arch, "mnemos.elf")))
    at = data.find(struct.pack("<I", 0x1BADB002), 0, 8192)
    if at < 0:
        raise SystemExit(f"build/{arch}/mnemos.elf has no Multiboot header")
    data[at:at + 4] = b"\0\0\0\0"
    return bytes(data)


def debug_kernel(arch):
    """With asserts, lock ranks, poison and failpoints."""
    return read(os.path.join(ROOT, "build", arch + "-debug", "mnemos.elf"))


def node_words(mem, cpus, distances, stripe=0):
    """What numa_nodes should find, for the kernel's command line."""
    words = {"mem": mem, "cpu": cpus, "dist": distances, "stripe": [stripe]}
    return " ".join(f"nodes.{name}={','.join(map(str, n))}" for name, n in words.items() if any(n))


def numa_args(mem, cpus, distances):
    """QEMU's options for nodes of so many MiB each, the node of each CPU, the matrix."""
    out = []
    for n, mib in enumerate(mem):
        if mib:
            out += ["-object", f"memory-backend-ram,id=m{n},size={mib}M"]
        node = [f"node,nodeid={n}"] + [f"cpus={c}" for c, at in enumerate(cpus) if at == n] + ([f"memdev=m{n}"] if mib else [])
        out += ["-numa", ",".join(node)]
    for i, d in enumerate(distances):
        out += ["-numa", f"dist,src={i // len(mem)},dst={i % len(mem)},val={d}"]
    return out


def numa_machines(args, plan):
    """Nodes as QEMU describes them, and as only a table made by hand does."""
    arch = "x86_64"
    most = plan if args.only else [("numa_nodes", "leak")] + [(n, f + " quick") for n, f in plan if f != "sh" and n != "numa_nodes" and
                                                              n.startswith(("mem_", "huge_", "proc_", "smp_", "vdso"))]
    some = plan if args.only else [("numa_nodes", "leak"), ("vdso", ""), ("mem_fault", "quick"), ("smp_stress", "quick")]
    two, dist2 = ([320, 128], [0, 1]), [10, 25, 25, 10]
    three, dist3 = ([256, 128, 0], [0, 1, 2]), [10, 20, 30, 20, 10, 15, 30, 15, 10]
    out = [planned(f"{arch}/numa", arch, most, mem="448M", extra=numa_args(*two, dist2), append=node_words(*two, dist2)),
           planned(f"{arch}/numa-off", arch, [("numa_nodes", "")], mem="448M", extra=numa_args(*two, dist2), append="numa=off"),
           planned(f"{arch}/numa-empty", arch, some, mem="384M", cpus=3, extra=numa_args(*three, dist3), append=node_words(*three, dist3))]
    # Ranges that take turns and end inside pageblocks; the third node has no CPU. Domains 7, 3 and 1000 are nodes 0, 1 and 2.
    size, ram = 33 * srat.MIB + (20 << 10), 448 * srat.MIB
    tables = {"SRAT": srat.srat(srat.cpu(7, 0), srat.cpu(3, 1), *srat.stripes([7, 3, 1000], size, ram)),
              "SLIT": srat.slit(8, {(7, 3): 40, (3, 7): 41})}
    owned = [sum(min(size, ram - at) for at in range(n * size, ram, 3 * size)) >> 20 for n in range(3)]
    words = node_words([m + 1 for m in owned], [0, 1], [10, 40, 20, 41, 10, 20, 20, 20, 10], size >> 10)
    out.append(planned(f"{arch}/numa-stripes", arch, some, mem="448M", tables=tables, append=words, kernel=debug_kernel))
    twice = srat.srat(srat.cpu(0, 0), srat.memory(0, 0, ram), srat.memory(1, ram - 1, 1))
    half = srat.srat(srat.cpu(0, 0), srat.memory(0, 0, ram // 2))
    for name, table, why in (("twice", twice, "two nodes claim the same memory"), ("half", half, "part of memory is on no node")):
        out.append(planned(f"{arch}/numa-{name}", arch, [("numa_nodes", "")], mem="448M", tables={"SRAT": table}, append="loglevel=7",
                           want=(f"SRAT: {why}: not used",)))
    return out


def only(plan, words, known=False):
    """What --only names of @plan, in the order of @words; what @plan has not, unless @known, with no flags."""
    flags, out = dict(plan), []
    for word in words.split(","):
        name, _, test = word.partition(":")
        if name in flags or not known:
            f = flags.get(name, "sh" if name.endswith(".sh") else "")
            out.append((name, f + (":" if name in LABS else " test=") * bool(test) + test))
    return out


def machines(args):
    """Every boot, longest first."""
    out = []
    plan = only(programs(), args.only) if args.only else programs()
    if args.quick:
        plan = [(n, (f + " quick").replace("leak", "")) for n, f in plan]
    # thousand.sh runs once per build, with little memory; shell.sh, with much.
    large = [(n, f) for n, f in plan if n != "thousand.sh" or args.only]
    for arch in ARCHES:
        out.append(planned(f"{arch}/main", arch, large))
    plain = [(n, f) for n, f in plan if n != "shell.sh" or args.only]
    small = [(n, f if n in ("thousand.sh", "limits_oom") else (f + " quick").replace("leak", "")) for n, f in plain
             if n not in LABS or args.only]
    for arch in ARCHES:
        for i, part in enumerate(portions(arch, small, 10 << 20)):
            out.append(planned(f"{arch}/64M" + (f".{i + 1}" if i else ""), arch, part, mem="64M"))
    debug = [(n, (f + " quick").replace("leak", "")) for n, f in plan if f != "sh"]
    huge = [("highmem", "leak")] * (not args.only) + [(n, f if f == "sh" else (f + " quick").replace("leak", "")) for n, f in plain
                                                      if n != "thousand.sh" or args.only]
    for arch in ("i386", "i386-pae"):  # the builds with high memory
        out.append(planned(f"{arch}/2G", arch, huge, mem="2048M"))
    for arch in ("i386-pae", "x86_64"):
        out.append(planned(f"{arch}/debug", arch, debug, kernel=debug_kernel))
    disk_plan = plan if args.only else [("disk_block", "leak"), ("disk_ext2", "leak"), ("disk_pages", "leak"), ("disk_press", "leak"), ("disk_swap", "leak"), ("disk_share", "leak"), ("fail_loops", "")]
    for arch in ARCHES:
        out.append(DiskBoot(arch, disk_plan, mem="2048M" if arch == "i386" else "256M", machine="q35" if arch == "x86_64" else None,
                            kernel=debug_kernel if arch == "i386-pae" else None))
    if not args.only or "net_virtio" in args.only:
        net_plan = [e for e in plan if e[0] == "net_virtio"] if args.only else [("net_virtio", "leak")]
        for arch in ARCHES:
            out.append(NetBoot(arch, net_plan, kernel=debug_kernel if arch == "i386-pae" else None))
        out.append(NetBoot("x86_64", net_plan, suffix="-microvm", machine="microvm,acpi=off", kernel=without_multiboot,
                           extra=("-global", "virtio-mmio.force-legacy=false")))  # QEMU adds virtio_mmio.device= itself
    if not args.only or "tty_hvc" in args.only:
        hvc_plan = [e for e in plan if e[0] == "tty_hvc"] if args.only else [("tty_hvc", "leak")]
        for arch in ARCHES:
            out.append(HvcBoot(arch, hvc_plan, mem="64M", kernel=debug_kernel if arch != "i386" else None))
        out.append(HvcBoot("x86_64", hvc_plan, suffix="-microvm", mem="64M", machine="microvm,acpi=off", kernel=without_multiboot,
                           extra=("-global", "virtio-mmio.force-legacy=false")))
    # 5 levels: everything about memory once more, quickly.
    five = plan if args.only else [(n, f + ("" if n == "mem_la57" else " quick")) for n, f in plan
                                   if n.startswith("mem_") or n in ("vdso", "proc_exec", "smp_stress", "syscall_fuzz")]
    out.append(planned("x86_64/la57", "x86_64", five, cpu="qemu64,+la57"))
    out += numa_machines(args, plan)
    out += compat_machine(args)
    if args.only:
        return out
    out += [GdtBoot(arch) for arch in ARCHES]
    out += [VtopBoot(arch) for arch in ARCHES] + [VtopBoot("x86_64", suffix="-la57", cpu="qemu64,+la57")]
    out.append(Boot("x86_64/max", "x86_64", lambda a: with_plan(a, [("mem_la57", ""), ("sig_basic", "quick")]).finish(), cpu="max"))
    for arch in ("i386", "i386-pae"):  # SMAP: the entry of system calls takes another way
        out.append(planned(f"{arch}/max", arch, [("vdso", "quick"), ("sig_basic", "quick")], mem="128M", cpu="max"))
    out.append(Boot("x86_64/no5lvl", "x86_64", lambda a: with_plan(a, [("mem_la57", "")]).finish(), cpu="max", append="no5lvl",
                    want=(r"^ok \d+ - mem_la57/searching_above # SKIP",)))
    out.append(Boot("x86_64/conform-la57", "x86_64", lambda a: say_init(a).finish(), mem="64M", seconds=60, done=False, cpu="qemu64,+la57",
                    append="conformance", want=(r"conformance: 0 failures",), status=lambda s: s == 1))
    for arch in ARCHES:
        out.append(planned(f"{arch}/policy", arch, [("mem_replace", "")], mem="64M", cpus=1, append="policy=sieve"))
        out.append(Boot(f"{arch}/16M", arch, lambda a: say_init(a).finish(), mem="16M", cpus=1, seconds=60, want=SAYS, done=False))
        out.append(Boot(f"{arch}/panic", arch, exiting_init, mem="64M", seconds=60, done=False, want=(r"[Pp]anic.*init",),
                        status=lambda s: s not in (0, None)))
        out.append(Boot(f"{arch}/panic-null", arch, lambda a: crashing_init(a, 0), mem="64M", seconds=60, done=False, append="trace",
                        want=PANIC_NULL, status=lambda s: s not in (0, None)))
        out.append(Boot(f"{arch}/panic-code", arch, lambda a: crashing_init(a, 1), mem="64M", seconds=60, done=False, append="trace",
                        want=PANIC_CODE, status=lambda s: s not in (0, None)))
        for name, script, want in OOPSES:
            out.append(Boot(f"{arch}/{name}", arch, lambda a, script=script: oopsing_init(a, script), mem="64M", seconds=60, done=False,
                            want=want, status=lambda s: s not in (0, None)))
        out.append(planned(f"{arch}/oops", arch, [("module_oops", ""), ("module_oops", "leak test=again")], mem="96M",
                           kernel=debug_kernel if arch == "i386-pae" else None))
        out.append(Boot(f"{arch}/conformance", arch, lambda a: say_init(a).finish(), mem="64M", seconds=60, done=False,
                        append="conformance", want=(r"conformance: 0 failures",), status=lambda s: s == 1))
        out.append(Boot(f"{arch}/pvh", arch, lambda a: say_init(a).finish(), mem="128M", seconds=60, want=SAYS, done=False,
                        kernel=without_multiboot))
        out.append(Boot(f"{arch}/hugepages", arch, lambda a: with_plan(a, [("huge_tlb", "test=boot_words")]).finish(), mem="128M",
                        append="hugepages=3 hugepagesz=1G hugepages=9 transparent_hugepage=never", want=(r"^ok \d+ - huge_tlb/boot_words$",)))
    for arch in ("i386-pae", "x86_64"):  # more: tools/fail_boot.py
        out += [FailBoot(arch, n) for n in (7, 400, 2000, 5500, 9000, 20000)] + [FailBoot(arch, 9, transfers=True)]
    # Ways into the kernel: a CPU without sysenter, a program without a vDSO.
    for name, words in (("off", "fault_batch=0 fault_around=1"), ("4", "fault_batch=4 fault_around=4")):
        out.append(planned(f"x86_64/fault-{name}", "x86_64", [("fault_words", "")], mem="128M", append=words))
    out.append(Boot("i386/nosep", "i386", lambda a: with_plan(a, [("vdso", ""), ("sig_basic", "quick")]).finish(), cpu="qemu32,-sep"))
    for arch in ("i386", "x86_64"):
        out.append(Boot(f"{arch}/novdso", arch, lambda a: with_plan(a, [("sig_basic", "quick"), ("time_basic", "quick")]).finish(),
                        append="vdso=0"))
    out.append(Boot("x86_64/gzip", "x86_64", lambda a: gzip.compress(say_init(a).finish()), seconds=60, want=SAYS, done=False))
    out.append(Boot("i386/several", "i386", lambda a: say_init(a).finish() + bytes(512) + gzip.compress(extra(b"one\n")) +
                    gzip.compress(extra(b"two lines\n")), seconds=60, want=SAYS + (r"^two lines$",), done=False))
    out.append(Boot("x86_64/microvm", "x86_64", lambda a: say_init(a).finish(), mem="128M", seconds=60, want=SAYS, done=False,
                    machine="microvm,isa-serial=on,pic=on,pit=on,rtc=on", kernel=without_multiboot))
    return out


def run_boot(boot, args, lock, totals):
    log = sys.stdout.buffer if args.verbose else None
    try:
        text, status, seconds = boot.run(args.keep, log)
        passed, failures = judge(boot, text, status)
    except (OSError, LAUNCHER.Trouble) as e:
        passed, failures, seconds = 0, [str(e)], 0
    with lock:
        totals[0] += passed
        totals[1] += len(failures)
        print(f"{boot.name:18} {passed:4} passed, {len(failures)} failed  ({seconds:.0f} s)", flush=True)
        for f in failures:
            # The same failure on another machine: its name is enough.
            key = f.split("\n")[-1]
            print("  " + (f if key not in totals[2] else key).replace("\n", "\n  "), flush=True)
            totals[2].add(key)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--arch", choices=ARCHES)
    p.add_argument("--boot", help="only machines whose name contains this")
    p.add_argument("--only", metavar="PROGRAM[:TEST],...", help="these programs (or one test of each)")
    p.add_argument("--quick", action="store_true", help="short loops, no leak runs")
    p.add_argument("--list", action="store_true", help="name the machines and stop")
    p.add_argument("--record-shell", action="store_true", help="write tests/boot/shell.expected from this host's Linux")
    p.add_argument("--verbose", action="store_true", help="show the console")
    p.add_argument("--keep", metavar="DIR", help="write each console to DIR/NAME.log")
    p.add_argument("--jobs", type=int, default=2, help="machines at a time (2)")
    args = p.parse_args()
    if args.record_shell:
        return record_shell()
    made = LAUNCHER.make("-j2", "guest-programs", "lab-programs")
    boots = [b for b in machines(args) if (not args.arch or b.arch == args.arch) and (not args.boot or args.boot in b.name)]
    if args.list:
        print("\n".join(b.name for b in boots))
        return 0
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    bad = made.returncode != 0
    for arch in sorted({b.arch for b in boots}):
        bad |= LAUNCHER.make("guest-modules", "ARCH=" + arch).returncode != 0
    for arch in sorted({b.arch for b in boots if b.kernel is debug_kernel}):
        bad |= LAUNCHER.make("-j2", "kernel", "DEBUG=1", "ARCH=" + arch).returncode != 0
    totals, lock = [0, int(bad), set()], threading.Lock()
    with ThreadPoolExecutor(max_workers=args.jobs) as pool:
        for done in [pool.submit(run_boot, b, args, lock, totals) for b in boots]:
            done.result()
    print(f"guest tests: {totals[0]} passed, {totals[1]} failed")
    if os.environ.get("GUEST_RESULT"):
        with open(os.environ["GUEST_RESULT"], "w") as f:
            f.write(f"{totals[0]} {totals[1]}\n")
    return totals[1] != 0


if __name__ == "__main__":
    sys.exit(main())
