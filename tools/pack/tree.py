"""The files of an image: which name holds what. Names are those of a root (the host's / or a folder), symbolic links included."""
import hashlib
import os
import stat

from tools.pack.elf import Trouble

LINKS_MAX = 40  # as path_resolution(7)


class Tree:
    """name (from the root, no slash first) -> ('dir', mode) | ('link', target) | ('file', host path) | ('data', bytes, mode)."""

    def __init__(self, root="/"):
        self.root = root
        self.entries = {}
        self.identity = {}

    def host(self, path):
        """Where @path of this root is on the host."""
        return os.path.join(self.root, path.lstrip("/"))

    def look(self, name):
        """What stands at @name, of this image or of the root: an entry, or None."""
        if name in self.entries:
            return self.entries[name]
        try:
            st = os.lstat(self.host(name))
        except OSError:
            return None
        if stat.S_ISLNK(st.st_mode):
            return "link", os.readlink(self.host(name))
        if stat.S_ISDIR(st.st_mode):
            return "dir", stat.S_IMODE(st.st_mode)
        return ("file", self.host(name)) if stat.S_ISREG(st.st_mode) else None

    def walk(self, path, keep):
        """(name, entry) at the end of @path with every symbolic link followed; entry None: nothing there. keep: put the
        directories and links on the way into the image."""
        todo, done, links = [p for p in path.split("/") if p], [], 0
        while todo:
            part = todo.pop(0)
            if part in (".", ".."):
                done = done[:-1] if part == ".." else done
                continue
            name = "/".join(done + [part])
            entry = self.look(name)
            if entry is not None and keep and entry[0] in ("dir", "link"):
                self.entries.setdefault(name, entry)
            if entry is not None and entry[0] == "link":
                links += 1
                if links > LINKS_MAX:
                    return name, None
                target = entry[1]
                done = [] if target.startswith("/") else done
                todo = [p for p in target.split("/") if p] + todo
                continue
            if entry is None or entry[0] != "dir":
                return "/".join([name] + todo), entry if not todo else None
            done.append(part)
        return "/".join(done), self.look("/".join(done)) if done else ("dir", 0o755)

    def find(self, path):
        """The host's file for @path of the root, links followed; None when there is no such file."""
        entry = self.walk(path, False)[1]
        return entry[1] if entry and entry[0] == "file" else None

    def add(self, path):
        """Take @path of the root along, with every link on the way to it. Return: its own name, None when it is not there."""
        name, entry = self.walk(path, True)
        if entry is None:
            return None
        self.entries.setdefault(name, entry)
        return "/" + name

    def directory(self, path, mode=0o755):
        name, entry = self.walk(path, True)
        if entry is not None:
            return name
        parts = name.split("/")
        for i in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:i]), ("dir", mode if i == len(parts) else 0o755))
        return name

    def place(self, path, entry):
        """Put @entry at @path, whatever the root has there."""
        folder, base = os.path.split(path.rstrip("/"))
        name = self.directory(folder) if folder.strip("/") else ""
        self.entries[(name + "/" + base).lstrip("/")] = entry

    def data(self, path, data, mode=0o644):
        self.place(path, ("data", data, mode))

    def copy(self, source, path):
        """A file or folder of the host at @path of the image."""
        if not os.path.isdir(source):
            if not os.path.exists(source):
                raise Trouble(f"{source}: No such file or directory")
            return self.place(path, ("file", os.path.realpath(source)))
        self.directory(path)
        for base in sorted(os.listdir(source)):
            inner = os.path.join(source, base)
            if os.path.islink(inner):
                self.place(os.path.join(path, base), ("link", os.readlink(inner)))
            elif os.path.isdir(inner) or os.path.isfile(inner):
                self.copy(inner, os.path.join(path, base))

    def everything(self):
        """All of the root: what --rootfs names."""
        for folder, dirs, files in os.walk(self.root):
            inner = os.path.relpath(folder, self.root)
            for base in sorted(dirs + files):
                name = base if inner == "." else os.path.join(inner, base)
                entry = self.look(name)
                if entry is not None:
                    self.entries.setdefault(name, entry)

    def in_order(self):
        """(name, entry), each directory before what is in it."""
        return sorted(self.entries.items(), key=lambda e: e[0].split("/"))

    def key(self):
        """A name for the content: other files, times, sizes or links give another."""
        h = hashlib.sha256(b"1")
        for name, entry in self.in_order():
            h.update(repr((name, entry)).encode(errors="replace"))
            if entry[0] == "file":
                st = os.stat(entry[1])
                h.update(repr((st.st_dev, st.st_ino, st.st_mode, st.st_size, st.st_mtime_ns, st.st_ctime_ns)).encode())
        return h.hexdigest()[:32]
