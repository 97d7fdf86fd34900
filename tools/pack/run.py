"""`./mnemos run`: the program that the words name, the image it needs, the memory that takes."""
import os
import shutil
import tarfile
import tempfile

from tools.pack import dpkg, image, languages, node
from tools.pack.closure import AT_A_PROMPT, SHELLS, STARTERS, STARTS, Closure
from tools.pack.elf import Trouble
from tools.pack.tree import Tree

GUEST_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
LEAST_MIB = 16  # the kernel, its tables and a small program
ROOM_MIB = 24
NOT_FILES = ("/proc/", "/sys/", "/dev/")
TERMS = ("linux", "vt100", "dumb", "xterm", "xterm-256color")
ETC = {"passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
       "group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
       "hosts": "127.0.0.1 localhost\n::1 localhost\n",
       "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n"}


class Job:
    """What is to run. words: as typed; env: of the program; root: '/' or a folder; cwd: the directory it starts in."""

    def __init__(self, words, env, root="/", cwd="/", extra=(), files=(), say=lambda text: None):
        self.words, self.env, self.root, self.cwd, self.extra, self.files, self.say = words, env, root, cwd, extra, files, say
        self.tree = Tree(root)
        path = env.get("PATH", GUEST_PATH) if root != "/" else os.environ.get("PATH", "") + ":" + GUEST_PATH
        libs = [os.path.normpath(os.path.join(cwd, d)) for d in env.get("LD_LIBRARY_PATH", "").split(":") if d]
        self.closure = Closure(self.tree, [d for d in path.split(":") if d.startswith("/")], libs, say)
        self.path = self.closure.locate(words[0], cwd)
        self.done = set()

    def collect(self):
        """Fill the tree, add to PATH where programs were found. Return: the processor that the program is made for."""
        arch = self.gather()
        known = self.env.get("PATH", GUEST_PATH).split(":")
        more = [d for d in self.closure.path if d not in known and any(os.path.dirname(p) == d for p in self.closure.programs)]
        self.env["PATH"] = ":".join(dict.fromkeys(more + known))
        return arch

    def gather(self):
        arch = self.closure.program(self.path)
        if self.root != "/":
            self.tree.everything()
            return arch
        for word in self.extra:
            self.closure.program(self.closure.locate(word, self.cwd))
        if any(a == arch for a, _ in self.closure.libraries):
            self.furniture(arch)
        self.companions(self.path, self.words[1:])
        while todo := sorted(set(self.closure.programs) - self.done):
            for path in todo:
                self.companions(path, [])
        if self.closure.libraries:
            self.closure.charsets(arch)
        return arch

    def furniture(self, arch):
        """What the C library looks for, and a shell for system(3)."""
        if self.closure.readable("/bin/sh", arch):
            self.closure.program("/bin/sh")
        self.closure.name_service(arch)
        for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/protocols", "/etc/services", "/etc/ld-musl-x86_64.path"):
            self.tree.add(path)
        self.closure.folder("/usr/lib/locale/C.utf8")
        for term in {self.env.get("TERM", "dumb"), *TERMS}:
            for place in ("/lib/terminfo", "/usr/share/terminfo", "/etc/terminfo"):
                self.tree.add(f"{place}/{term[:1]}/{term}")

    def companions(self, path, args):
        """What the program at @path reads or starts by itself, called with @args."""
        self.done.add(path)
        inner = self.closure.interpreter_of(path)
        self.done.add(inner)
        name, script = os.path.basename(inner), self.script_of(path, inner, args)
        text = script[0] if script else ""
        if languages.python_version(self.closure, inner):
            languages.python(self.closure, inner, args, script)
        elif name.startswith("perl"):
            languages.perl(self.closure, text + "\n" + "\n".join(args))
        elif name in ("node", "nodejs"):
            node.node(self.closure, path, args, script, self.cwd)
        elif name.startswith("lua"):
            languages.lua(self.closure)
        elif name.startswith("valgrind"):
            self.closure.detached_symbols(self.closure.programs[path])
        if name in STARTERS:
            self.closure.words(text.replace("$0", path) + "\n" + languages.shell_text(args))
        if name in SHELLS and path == self.path == inner and not [a for a in args if not a.startswith("-")]:
            for word in AT_A_PROMPT:
                self.closure.maybe(word)
        for word in STARTS.get(name, ()):
            self.closure.maybe(word)
        self.package(inner)

    def script_of(self, path, inner, args):
        """(text, folder) of the script that the interpreter at @inner runs: the program itself, or its first file argument."""
        named = [path] if path != inner else [os.path.join(self.cwd, a) for a in args if not a.startswith("-")][:1] if "-c" not in args else []
        for p in named:
            host = self.tree.find(p)
            if host:
                with open(host, encoding="utf-8", errors="replace") as f:
                    return f.read(), os.path.dirname(p)
        return None

    def package(self, path):
        """What came with the program at @path from a package, and from the packages that one needs."""
        real = "/" + self.tree.walk(path, False)[0]
        owner = dpkg.owner(path) or dpkg.owner(real)
        fields = dpkg.status().get(owner) if owner else None
        brought = list(dpkg.data(owner)) if fields else []
        known = {os.path.basename(inner) for inner in brought}
        for inner in brought:
            host = self.tree.host(inner)
            if os.path.isdir(host) and not os.path.islink(host):
                self.tree.directory(inner)
            elif os.access(host, os.X_OK) or ".so" in inner:
                self.closure.optional(inner, known)
            else:
                self.tree.add(inner)

    def places(self):
        """Directories that every machine has, and files of ours where the root has none."""
        for d, mode in (("dev", 0o755), ("proc", 0o555), ("sys", 0o555), ("tmp", 0o1777), ("root", 0o700), ("etc", 0o755), ("run", 0o755),
                        ("var/tmp", 0o1777), ("home", 0o755)):
            self.tree.directory(d, mode)
        for name, text in ETC.items():
            if self.root == "/" or not self.tree.find("/etc/" + name):
                self.tree.data("/etc/" + name, text.encode())
        self.tree.place("/etc/mtab", ("link", "/proc/self/mounts"))

    def own(self, programs, mode, size):
        """The part that is of this call only: init and what it is to do, the files that the words name. Return: a Tree."""
        t = Tree(self.root)
        for path, data in programs.items():
            t.data(path, data, 0o755)
        for word in self.words[1:] if self.root == "/" else []:
            for text in {word, word.partition("=")[2]}:
                path = os.path.normpath(os.path.join(self.cwd, text))
                if text and os.path.isfile(path) and not path.startswith(NOT_FILES):
                    t.add(path)
        for extra in self.files:
            src, _, dst = extra.partition(":")
            t.copy(src, os.path.normpath(os.path.join(self.cwd, dst or src)))
        t.directory(self.cwd)
        t.data("/.mnemos/argv", nul([mode] + self.words))
        t.data("/.mnemos/env", nul(f"{k}={v}" for k, v in self.env.items()))
        t.data("/.mnemos/place", nul([self.path, self.cwd] + [str(n) for n in size]))
        return t


def nul(strings):
    return b"".join(os.fsencode(s) + b"\0" for s in strings)


def unpack_root(path, cache):
    """The folder that --rootfs means: @path itself, or where the archive @path was unpacked before or is now."""
    if os.path.isdir(path):
        return os.path.abspath(path)
    try:
        st = os.stat(path)
        folder = os.path.join(cache, f"rootfs-{st.st_dev:x}-{st.st_ino:x}-{st.st_size:x}-{st.st_mtime_ns:x}")
        if os.path.isdir(folder):
            return folder
        os.makedirs(cache, exist_ok=True)
        tmp = tempfile.mkdtemp(dir=cache, prefix="rootfs-new-")
        try:
            with tarfile.open(path) as t:
                safe = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
                t.extractall(tmp, members=[m for m in t if not m.isdev()], **safe)
            os.replace(tmp, folder)
        finally:
            shutil.rmtree(tmp, ignore_errors=True)
        return folder
    except (OSError, tarfile.TarError, EOFError) as e:
        raise Trouble(f"--rootfs {path}: {getattr(e, 'strerror', None) or e}")


def memory_needed(size, policy=None):
    """The least MiB for an image of @size bytes, whose memory is given back piece by piece while it becomes files. The tables of a
    policy of its own take a sixteenth of all."""
    mib = -(-size // (1 << 20)) + LEAST_MIB
    return -(-(mib * 17 // 16 if policy else mib) // 8) * 8


def memory_usual(size, trees):
    """MiB that leave room: the files take less than the half of memory that they may, as tmpfs(5) has it, the image included."""
    mib = -(-(size + 2 * sum(image.unpacked(t) for t in trees)) // (1 << 20)) + ROOM_MIB
    return max(256, -(-mib // 8) * 9)
