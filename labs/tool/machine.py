"""What a lab runs on: its kernel, module and program, built when they are not up to date, and a machine that runs them."""
import os
import shutil
import threading

from labs.tool import folder
from labs.tool import launcher as m

SECONDS = 180  # for what hangs; a lab takes one or two
WORDS = "quiet norandmaps"  # the same addresses in every run


class BuildFailed(Exception):
    """A student's code does not build; its text is the compiler's first complaint."""


def abi(arch):
    return "x86_64" if arch == "x86_64" else "i386"


def make(*words):
    return m.make("-j2", *words, capture_output=True, text=True)


def complaint(done):
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


def own_program(lab, arch, path, tmp):
    """The program of a copy of the lab's folder; what the copy lacks is the lab's."""
    place = os.path.join(tmp, "labs", lab.name)
    os.makedirs(place)
    for source in [lab.path] + [path] * (os.path.realpath(path) != os.path.realpath(lab.path)):
        for name in folder.sources(source):
            shutil.copy(os.path.join(source, name), place)
    shutil.copy(lab.file("lab.json"), place)
    out = os.path.join(tmp, "out")
    done = make(f"LABS_FROM={tmp}/labs", f"LAB_OUT={out}", f"{out}/{abi(arch)}/{lab.program}")
    if done.returncode:
        raise BuildFailed(complaint(done).replace(place, path))
    return os.path.join(out, abi(arch), lab.program)


def modules(lab, arch, path=None, tmp=None):
    """{name: file} of the lab's modules, or of those of a copy of its folder, built in @tmp."""
    there = path and os.path.isdir(os.path.join(path, "module"))
    if not lab.modules:
        return {}
    out = os.path.join(tmp, "modules-" + arch) if there else os.path.join(m.ROOT, "build", arch)
    source = os.path.abspath(os.path.join(path if there else lab.path, "module"))
    done = make("module", f"M={source}", f"ARCH={arch}", *([f"OUT={out}"] if there else []))
    files = {name: os.path.join(out, "modules", name + ".ko") for name in lab.modules}
    lost = [name for name, ko in files.items() if not os.path.exists(ko)]
    if done.returncode or lost:
        why = complaint(done) if done.returncode else f"no {lost[0]}.ko came of it"
        if there:
            raise BuildFailed(why)
        raise m.Trouble(f"{lab.name}/module cannot be built: {why}")
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

    def sinks(self):
        return self.out.extend, self.err.extend, self.text.extend

    def last_words(self):
        """The last line that says what went wrong."""
        for part in (self.err, self.text):
            lines = [x for x in part.decode(errors="replace").replace("\r", "").split("\n") if x.strip()]
            if lines:
                return lines[-1].strip()
        return "it ended without a word"


def boot(args, lab, argv, fill):
    """Run @argv in the machine of @lab with what @fill puts into its files. Return: (status, Output)."""
    args.mem = args.mem or lab.mem
    args.icount, args.quiet_end = args.cpus == 1, True
    c = m.base_image(args.arch, ["pipe"] + argv, {"PATH": "/bin:/sbin", "HOME": "/root", "TERM": "dumb"})
    fill(c)
    output, late = Output(), threading.Event()
    killer = []

    def started(qemu):
        killer.append(threading.Timer(SECONDS, lambda: (late.set(), qemu.kill())))
        killer[0].start()
    try:
        status = m.run_machine(args, c.finish(), WORDS, False, output.sinks(), started)
    finally:
        for k in killer:
            k.cancel()
    if late.is_set():
        output.err += f"\nthe machine did not end within {SECONDS} seconds\n".encode()
    return status, output
