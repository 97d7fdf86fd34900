"""All that a program needs: libraries as ld.so(8) finds them, interpreters of scripts, what interpreters load by themselves."""
import os
import re
import shlex

from tools.pack import elf
from tools.pack.elf import Trouble

TRIPLET = {"x86_64": "x86_64-linux-gnu", "i386": "i386-linux-gnu"}
SCRIPTS_DEEP = 5  # as execve(2): "#!" of an interpreter that is a script
# Character sets that programs convert from and to by themselves: gdb, git, editors.
CHARSETS = ("UTF-16.so", "UTF-32.so", "ISO8859-1.so", "ISO8859-15.so", "gconv-modules", "gconv-modules.cache")
NSS = ("libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2")
SHELLS = {"sh", "bash", "dash", "ksh", "zsh", "rbash", "busybox"}
# Programs whose arguments name programs.
STARTERS = SHELLS | {"env", "xargs", "timeout", "nice", "nohup", "setsid", "stdbuf", "time", "watch", "strace", "ltrace", "gdb", "find",
                     "chroot", "unshare", "taskset", "numactl", "ionice", "chrt", "setarch", "prlimit", "script", "make", "gmake", "gcc", "cc"}
# Programs that start others by themselves.
STARTS = {"tar": ("gzip", "bzip2", "xz", "zstd"), "git": ("less",)}
# What somebody at a prompt expects.
AT_A_PROMPT = ("ls cat cp mv rm mkdir rmdir ln chmod chown touch head tail sort uniq wc cut tr tee date df du dd seq sleep stat id uname env "
               "true false test expr printf echo basename dirname readlink realpath mktemp nproc md5sum sha256sum od kill ps free vmstat pmap "
               "top uptime pgrep pkill slabtop watch find xargs grep egrep sed awk gawk tar gzip gunzip zcat xz less more vi diff cmp "
               "mount umount dmesg lscpu lsmem hexdump more clear tput reset stty tty hostname which").split()
# A word where a command may stand: at the begin of a line or string, after what ends or starts a command, after names that take one.
# Looked for ahead, so that a word that takes a command is found, and the command behind it, too.
COMMAND = re.compile(r"(?:^|[;&|({`!'\"]|\b(?:then|do|else|if|while|until|exec|command|time|xargs|env|nice|nohup|setsid|timeout\s+\S+)\b)"
                     r"(?=[ \t]*(?:[A-Za-z_]\w*=\S*[ \t]+)*([A-Za-z0-9_][A-Za-z0-9_.+-]*))", re.M)
# The note of an ELF file that names it among detached symbols.
BUILD_ID = re.compile(rb"\x04\x00\x00\x00\x14\x00\x00\x00\x03\x00\x00\x00GNU\x00(.{20})", re.S)
# A program named by its whole path.
PROGRAM_PATH = re.compile(r"(?<![\w.$}/-])/(?:usr/(?:local/)?)?(?:s?bin|libexec|lib)/(?:[\w.+-]+/)*[\w.+-]+")


def default_dirs(arch):
    t = TRIPLET[arch]
    wide = ["/lib64", "/usr/lib64"] if arch == "x86_64" else ["/lib32", "/usr/lib32"]
    return [f"/lib/{t}", f"/usr/lib/{t}", *wide, "/lib", "/usr/lib"]


def musl_dirs(tree, arch):
    path = tree.find(f"/etc/ld-musl-{'x86_64' if arch == 'x86_64' else 'i386'}.path")
    if not path:
        return ["/lib", "/usr/local/lib", "/usr/lib"]
    with open(path) as f:
        return re.split(r"[:\n]+", f.read().strip())


class Closure:
    """Fills a Tree. path: the PATH to look programs up in. lib_dirs: LD_LIBRARY_PATH."""

    def __init__(self, tree, path, lib_dirs=(), say=lambda text: None):
        self.tree, self.path, self.lib_dirs, self.say = tree, path, list(lib_dirs), say
        self.cache = elf.read_cache(tree.find("/etc/ld.so.cache") or "")
        self.libraries = {}  # (arch, name) -> path in the root
        self.programs = {}   # what was asked for -> path in the root

    # ---- programs ----

    def which(self, word):
        """The path of a program in the root, or None. Folders of shims (version managers, ccache) hold no programs."""
        for d in self.path:
            if os.path.basename(d) in ("shims", "ccache"):
                continue
            if self.is_program(os.path.join(d, word)):
                return os.path.join(d, word)
        return None

    def is_program(self, path):
        host = self.tree.find(path)
        return host is not None and os.access(host, os.X_OK)

    def locate(self, word, cwd="/"):
        """The path of the program that the user means by @word."""
        if "/" not in word:
            found = self.which(word)
            if not found:
                raise Trouble(f"{word}: no such program")
            return found
        path = os.path.normpath(os.path.join(cwd, word))
        _, entry = self.tree.walk(path, False)
        if entry is None:
            raise Trouble(f"{word}: no such program")
        if entry[0] == "dir":
            raise Trouble(f"{word}: is a directory")
        if not os.access(entry[1], os.X_OK):
            raise Trouble(f"{word}: not executable (chmod +x {word})")
        return path

    def program(self, path, deep=0):
        """Take the program at @path along with what it cannot start without. Return: its processor."""
        if path in self.programs:
            return self.programs[path]
        host = self.tree.find(path)
        if not host:
            raise Trouble(f"{path}: no such program")
        e = elf.read(host, path)
        self.tree.add(path)
        if e is None:
            arch = self.script(path, host, deep)
        else:
            arch = e.arch
            self.loaded(path, e)
        self.programs[path] = arch
        return arch

    def script(self, path, host, deep):
        with open(host, "rb") as f:
            first = f.readline(256)
        if not first.startswith(b"#!"):
            raise Trouble(f"{path}: not a program: neither ELF nor a script that begins with #!")
        words = first[2:].decode(errors="replace").split(None, 1)
        if not words:
            raise Trouble(f"{path}: its #! line names no interpreter")
        if deep >= SCRIPTS_DEEP:
            raise Trouble(f"{path}: interpreters of interpreters, more than {SCRIPTS_DEEP} deep")
        if not self.tree.find(words[0]):
            raise Trouble(f"{path}: its interpreter {words[0]} is not there")
        arch = self.program(words[0], deep + 1)
        for inner in env_program(words) if os.path.basename(words[0]) == "env" else []:
            arch = self.program(self.locate(inner), deep + 1)
        return arch

    def interpreter_of(self, path):
        """The path of what in the end runs @path: itself, or its script's interpreter (behind env as well)."""
        for _ in range(SCRIPTS_DEEP):
            with open(self.tree.find(path), "rb") as f:
                first = f.readline(256)
            if not first.startswith(b"#!"):
                return path
            words = first[2:].decode(errors="replace").split(None, 1)
            inner = env_program(words) if os.path.basename(words[0]) == "env" else []
            path = self.locate(inner[0]) if inner else words[0]
        return path

    # ---- libraries ----

    def loaded(self, path, e, optional=False, known=()):
        """Take along what ld.so loads for the ELF file @e at @path. optional: nobody will miss it; without it when incomplete, but for
        names in @known."""
        todo, found = [(path, e, [])], {}
        if e.interp:
            if not self.tree.add(e.interp):
                raise Trouble(f"{path}: needs the loader {e.interp}, which is not there (the {e.arch} libraries of the host, or --rootfs)")
        while todo:
            owner, it, above = todo.pop()
            rpaths = ([] if it.runpath else it.rpath) + above
            for name in it.needed:
                if (it.arch, name) in self.libraries or (it.arch, name) in found:
                    continue
                lib, inner = self.library(name, owner, it, rpaths, e.interp or "")
                if not lib and name in known:
                    continue
                if not lib:
                    if optional:
                        return False
                    raise Trouble(f"{path}: the library {name} is missing" + (f" (needed by {owner})" if owner != path else ""))
                found[it.arch, name] = lib
                todo.append((lib, inner, rpaths))
        self.libraries.update(found)
        for lib in found.values():
            self.tree.add(lib)
        return True

    def library(self, name, owner, it, rpaths, interp):
        """(path, Elf) of the library @name that @owner asks for, or (None, None)."""
        for path in self.candidates(name, owner, it, rpaths, interp):
            if inner := self.readable(path, it.arch):
                return path, inner
        return None, None

    def readable(self, path, arch):
        """The Elf at @path if it is one of @arch; what is not, ld.so passes over, too."""
        host = self.tree.find(path)
        try:
            e = elf.read(host, path) if host else None
        except Trouble:
            return None
        return e if e and e.arch == arch else None

    def candidates(self, name, owner, it, rpaths, interp):
        if "/" in name:
            return [name]
        own = [self.expand(d, owner, it.arch) for d in rpaths]
        late = [self.expand(d, owner, it.arch) for d in it.runpath]
        if "musl" in interp:
            rest = musl_dirs(self.tree, it.arch)
            return [os.path.join(d, name) for d in own + self.lib_dirs + late + rest]
        dirs = [os.path.join(d, name) for d in own + self.lib_dirs + late]
        return dirs + self.cache.get(name, []) + [os.path.join(d, name) for d in default_dirs(it.arch)]

    def expand(self, text, owner, arch):
        real = self.tree.walk(owner, False)[0]
        text = re.sub(r"\$\{?ORIGIN\}?", lambda m: "/" + os.path.dirname(real), text)
        return re.sub(r"\$\{?LIB\}?", "lib/" + TRIPLET[arch], text)

    def optional(self, path, known=()):
        """A plug-in: along with its libraries if they are all there, else it alone stays away. @known: names of libraries that whoever
        loads it has loaded before."""
        host = self.tree.find(path)
        try:
            e = elf.read(host, path) if host else None
            if e and not self.loaded(path, e, True, known):
                return self.say(f"left out, a library is missing: {path}")
        except Trouble:
            return
        self.tree.add(path)

    def name_service(self, arch):
        """What getpwnam(3) and getaddrinfo(3) load."""
        for name in NSS:
            for path in self.cache.get(name, []) + [os.path.join(d, name) for d in default_dirs(arch)]:
                if self.readable(path, arch):
                    self.optional(path)
                    break

    def charsets(self, arch):
        """What iconv_open(3) loads, if a program or library here calls it."""
        hosts = [self.tree.find(p) for p in [*self.programs, *self.libraries.values()]]
        if any(b"\0iconv_open\0" in image_of(h) for h in hosts if h and "libc.so" not in h):
            for d in default_dirs(arch):
                for name in CHARSETS if self.tree.find(f"{d}/gconv/UTF-32.so") else ():
                    self.tree.add(f"{d}/gconv/{name}")

    def detached_symbols(self, arch):
        """What a package of detached symbols says of the loader and the C library: valgrind(1) does not start without."""
        loader = "/lib64/ld-linux-x86-64.so.2" if arch == "x86_64" else "/lib/ld-linux.so.2"
        for path in (loader, self.libraries.get((arch, "libc.so.6"), "")):
            host = self.tree.find(path)
            if host and (found := BUILD_ID.search(image_of(host))):
                name = found[1].hex()
                self.tree.add(f"/usr/lib/debug/.build-id/{name[:2]}/{name[2:]}.debug")

    def folder(self, path, skip=lambda name: False):
        """A folder of modules: every file, shared objects with their libraries."""
        host = self.tree.host(path)
        for name in sorted(os.listdir(host)) if os.path.isdir(host) else []:
            inner = os.path.join(path, name)
            if skip(name):
                continue
            if os.path.isdir(os.path.join(host, name)) and not os.path.islink(os.path.join(host, name)):
                self.folder(inner, skip)
            elif re.search(r"\.so[.\d]*$", name):
                self.optional(inner)
            else:
                self.tree.add(inner)

    # ---- words ----

    def words(self, text):
        """The programs that @text, a script or a command line, calls."""
        for word in sorted(set(COMMAND.findall(text)) | set(PROGRAM_PATH.findall(text))):
            self.maybe(word)

    def maybe(self, word):
        path = word if word.startswith("/") and self.is_program(word) else self.which(word)
        if path and path not in self.programs:
            try:
                self.program(path)
            except Trouble as e:
                self.say(f"left out: {e}")


def image_of(path):
    with open(path, "rb") as f:
        return f.read()


def env_program(words):
    """The program in "#!/usr/bin/env [-S] [NAME=VALUE]... PROGRAM"."""
    for word in shlex.split(words[1]) if len(words) > 1 else []:
        if not word.startswith("-") and "=" not in word:
            return [word]
    return []
