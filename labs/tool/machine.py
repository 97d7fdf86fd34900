"""What a lab runs on: its kernel, module and program, built when they are not up to date, and a machine that runs them."""
import os
import re
import shutil
import stat
import subprocess
import threading

from labs.tool import folder
from labs.tool import launcher as m

SECONDS = 180  # for what hangs; a lab takes one or two
WORDS = "quiet norandmaps"  # the same addresses in every run
COMPILER_SECONDS = 4  # of a student's file; ours take half of one
LIMITED = ("timeout", "-k", "1", str(SECONDS), "sh", "-c", f"ulimit -t {COMPILER_SECONDS}; ulimit -v 4194304; ulimit -f 204800; exec \"$@\"", "sh")
KBUILD_LINE = re.compile(r"(obj-m|[\w-]+-(y|objs))\s*[:+]?=(\s*\w[\w./-]*\.o)*")


class BuildFailed(Exception):
    """A student's code does not build; its text is the compiler's first complaint."""


def abi(arch):
    return "x86_64" if arch == "x86_64" else "i386"


def make(*words, **how):
    return m.make("-j2", *words, capture_output=True, text=True, errors="replace", **how)


def make_own(*words):
    """make for what a student wrote: the first error is enough, a warning is none, and whatever the compiler is made to do ends."""
    return make("FIRST_ERROR=-fmax-errors=1 -Wno-error", *words, before=LIMITED, stdin=subprocess.DEVNULL)


def complaint(done):
    if done.returncode in (124, 137) or "CPU time limit" in done.stderr:
        return f"the compiler did not come to an end within {COMPILER_SECONDS} seconds"
    if "Killed signal" in done.stderr:  # a processor's time or the host's memory has run out
        return f"the compiler did not come to an end within {COMPILER_SECONDS} seconds, or took too much memory"
    lines = [x for x in (done.stderr + done.stdout).split("\n") if x.strip()]
    return next((x for x in lines if ": error: " in x or "undefined reference" in x), lines[0] if lines else "make failed")


def kernel(arch):
    if (done := make("kernel", f"ARCH={arch}")).returncode:
        raise m.Trouble(f"build/{arch}/mnemos.elf cannot be built (make setup installs what it needs): {complaint(done)}")


def program(lab, arch):
    """The lab's program, as it is shipped."""
    path = f"build/guest/{abi(arch)}/{lab.program}"
    if (done := make(path)).returncode:
        raise m.Trouble(f"{path} cannot be built (make setup installs what it needs): {complaint(done)}")
    return os.path.join(m.ROOT, path)


def take(path, place):
    """A student's file into the folder @place."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BuildFailed(f"{path} is no file")
        shutil.copy(path, place)
    except OSError as e:
        raise BuildFailed(f"{path}: {e.strerror}")


def own_kbuild(path):
    """What the Kbuild of a student's module says of its parts. Nothing else of it reaches make, which would run what it is told."""
    for name in ("Kbuild", "Makefile"):
        if os.path.isfile(os.path.join(path, name)):
            with open(os.path.join(path, name), errors="replace") as f:
                lines = [line.partition("#")[0].strip() for line in f.read(1 << 16).split("\n")]
            return "".join(line + "\n" for line in lines if KBUILD_LINE.fullmatch(line))
    return ""


def own_module(path, tmp):
    """A copy in @tmp of the module's folder @path, with what is needed of it."""
    place = os.path.join(tmp, "module")
    os.mkdir(place)
    for name in folder.sources(path):
        take(os.path.join(path, name), place)
    if parts := own_kbuild(path):
        with open(os.path.join(place, "Kbuild"), "w") as f:
            f.write(parts)
    return place


def own_program(lab, arch, path, tmp):
    """The program of a copy of the lab's folder; what the copy lacks is the lab's."""
    place = os.path.join(tmp, "labs", lab.name)
    os.makedirs(place)
    for source in [lab.path] + [path] * (os.path.realpath(path) != os.path.realpath(lab.path)):
        for name in folder.sources(source):
            take(os.path.join(source, name), place)
    shutil.copy(lab.file("lab.json"), place)
    out = os.path.join(tmp, "out")
    done = make_own(f"LABS_FROM={tmp}/labs", f"LAB_OUT={out}", f"{out}/{abi(arch)}/{lab.program}")
    if done.returncode:
        raise BuildFailed(complaint(done).replace(place, path))
    return os.path.join(out, abi(arch), lab.program)


def modules(lab, arch, path=None, tmp=None):
    """{name: file} of the lab's modules, or of those of a copy of its folder, built in @tmp."""
    there = path and os.path.isdir(os.path.join(path, "module"))
    if not lab.modules:
        return {}
    if there:
        return own_modules(lab, arch, os.path.join(path, "module"), tmp)
    out = os.path.join(m.ROOT, "build", arch)
    done = make("module", f"M={os.path.abspath(lab.file('module'))}", f"ARCH={arch}")
    files = built_modules(lab, out)
    lost = [name for name, ko in files.items() if not os.path.exists(ko)]
    if done.returncode or lost:
        raise m.Trouble(f"{lab.name}/module cannot be built: {complaint(done) if done.returncode else f'no {lost[0]}.ko came of it'}")
    return files


def built_modules(lab, out):
    return {name: os.path.join(out, "modules", name + ".ko") for name in lab.modules}


def own_modules(lab, arch, path, tmp):
    out, place = os.path.join(tmp, "modules-" + arch), own_module(path, tmp)
    done = make_own("module", f"M={place}", f"ARCH={arch}", f"OUT={out}")
    files = built_modules(lab, out)
    lost = [name for name, ko in files.items() if not os.path.exists(ko)]
    if done.returncode:
        raise BuildFailed(complaint(done).replace(place, path))
    if lost:
        raise BuildFailed(f"no {lost[0]}.ko came of {path}")
    return files


def pack(c, files, home):
    c.directory(home)
    for name, ko in files.items():
        c.file(f"{home}/{name}.ko", m.read_file(ko), 0o100644)


def module_home():
    return "lib/modules/" + m.kernel_release()


class Output:
    def __init__(self):
        self.out, self.err, self.text = bytearray(), bytearray(), bytearray()
        self.late = False  # the machine had to be stopped

    def sinks(self):
        return self.out.extend, self.err.extend, self.text.extend

    def last_words(self):
        """The last line that says what went wrong."""
        for part in (self.err, self.text):
            lines = [x for x in part.decode(errors="replace").replace("\r", "").split("\n") if x.strip()]
            if lines:
                return lines[-1].strip()
        return "it ended without a word"


def used(pid):
    """(seconds that the processors of the host worked for the process @pid, whether all of its threads sleep); None: it is gone."""
    ticks, sleeps = 0, True
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat") as f:
                words = f.read().rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])
            sleeps &= words[0] == "S"
    except OSError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK"), sleeps


class Watch:
    """Stops a machine that does not come to an end: when it has worked for more than LEAST seconds and TIMES what it took to the end of its first
    part, which a student cannot make longer; when it has slept for ASLEEP; after SECONDS. Work, not time: a busy host changes no verdict."""
    PACE, ASLEEP, LEAST, TIMES = 0.2, 4, 4, 8

    def __init__(self, qemu, output, first_part):
        self.qemu, self.output, self.first_part, self.over = qemu, output, first_part, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        first, asleep = None, 0
        for turn in range(int(SECONDS / self.PACE)):
            if self.over.wait(self.PACE):
                return
            work, sleeps = used(self.qemu.pid) or (0, False)
            asleep = asleep + self.PACE if sleeps else 0
            if first is None and self.first_part and self.first_part in self.output.out:
                first = work
            if first is not None and (asleep > self.ASLEEP or work > max(self.LEAST, first * self.TIMES)):
                break
        self.output.late = True
        self.qemu.kill()

    def end(self):
        self.over.set()
        self.thread.join()


def boot(args, lab, argv, fill, first_part=b""):
    """Run @argv in the machine of @lab with what @fill puts into its files; @first_part: what it says before a student's code runs.
    Return: (status, Output)."""
    args.mem = args.mem or lab.mem
    args.icount, args.quiet_end = args.cpus == 1, True
    c = m.base_image(args.arch, ["pipe"] + argv, {"PATH": "/bin:/sbin", "HOME": "/root", "TERM": "dumb"})
    fill(c)
    output, watches = Output(), []
    try:
        status = m.run_machine(args, c.finish(), WORDS, False, output.sinks(), lambda qemu: watches.append(Watch(qemu, output, first_part)))
    finally:
        for watch in watches:
            watch.end()
    if output.late:
        output.err += b"\nthe machine did not come to an end\n"
    return status, output
