"""`--rootfs debian`: a small Debian, made of Debian's packages by mmdebstrap or debootstrap, kept in the cache."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tools.pack.elf import Trouble

PROCESSORS = {"x86_64": "amd64", "i386": "i386", "i386-pae": "i386"}
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
SHELL = ["/bin/bash", "-l"]


def suite():
    """The host's release of Debian, or the stable one."""
    try:
        with open("/etc/os-release", encoding="utf-8") as f:
            fields = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
    except OSError:
        fields = {}
    return fields.get("VERSION_CODENAME", "stable") if fields.get("ID") == "debian" else "stable"


def sources():
    """The lines in which the host says where it gets packages from."""
    lines = []
    for pattern in ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources"):
        for path in sorted(glob.glob(pattern)):
            with open(path, encoding="utf-8", errors="replace") as f:
                lines += f.read().splitlines()
    return lines


def mirror(lines, release):
    """[where @release comes from], or nothing: then the tool knows best. Both forms of sources.list(5)."""
    uri, names = None, []
    for line in lines:
        if m := re.match(r"deb\s+(?:\[.*?\]\s+)?(\S+)\s+(\S+)\s", line):
            uri, names = m[1], [m[2]]
        elif m := re.match(r"(URIs|Suites):\s*(.*)", line):
            uri, names = (m[2].split()[0], []) if m[1] == "URIs" else (uri, m[2].split())
        if uri and release in names:
            return [uri]
    return []


def command(processor, target):
    """How to make it. Only debootstrap leaves a folder; it wants root."""
    if shutil.which("mmdebstrap"):
        native = ["--skip=check/qemu"] if processor == "i386" and os.uname().machine == "x86_64" else []
        leave_out = [f"--dpkgopt=path-exclude={p}" for p in LEFT_OUT]
        return ["mmdebstrap", "--variant=minbase", f"--architectures={processor}", '--aptopt=Acquire::Languages "none"',
                *leave_out, *native, suite(), target, *mirror(sources(), suite())]
    if shutil.which("debootstrap") and os.geteuid() == 0:
        return ["debootstrap", "--variant=minbase", f"--arch={processor}", suite(), target, *mirror(sources(), suite())]
    raise Trouble("--rootfs debian: needs mmdebstrap (or debootstrap and root) to make it: apt-get install mmdebstrap")


def root(arch, cache):
    """What --rootfs is to name for a machine of @arch: made now, or before."""
    processor = PROCESSORS[arch]
    path = os.path.join(cache, f"debian-{suite()}-{processor}")
    for done in (path + ".tar", path):
        if os.path.exists(done):
            return done
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="debian-new-") as tmp:
        ending = ".tar" if shutil.which("mmdebstrap") else ""
        words = command(processor, os.path.join(tmp, "root" + ending))
        print(f"mnemos: making Debian {suite()} for {processor} in {cache}, once; this takes minutes", file=sys.stderr, flush=True)
        made = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        if made.returncode:
            last = [line for line in made.stdout.splitlines() if line.startswith("E:")] or made.stdout.splitlines()[-1:]
            raise Trouble(f"--rootfs debian: {words[0]}: " + "; ".join(last or [f"status {made.returncode}"]))
        os.replace(os.path.join(tmp, "root" + ending), path + ending)
    return path + ending
