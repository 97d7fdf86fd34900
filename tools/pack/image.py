"""cpio archives (newc) of trees, kept by content."""
import os
import stat
import tempfile

KEEP = 12  # images that stay in the cache
PAGE = 4096


class Cpio:
    """A newc archive in memory."""

    def __init__(self):
        self.out = bytearray()
        self.ino = 0
        self.dirs = set()

    def entry(self, name, mode, data=b"", rdev=(0, 0), mtime=0):
        self.ino += 1
        raw = os.fsencode(name) + b"\0"
        fields = (self.ino, mode, 0, 0, 1, mtime, len(data), 0, 0, rdev[0], rdev[1], len(raw), 0)
        self.out += b"070701" + b"".join(b"%08X" % v for v in fields) + raw
        self.out += b"\0" * (-len(self.out) % 4)
        self.out += data
        self.out += b"\0" * (-len(self.out) % 4)

    def parents(self, name):
        parts = name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            d = "/".join(parts[:i])
            if d and d not in self.dirs:
                self.dirs.add(d)
                self.entry(d, 0o040755)

    def directory(self, name):
        self.parents(name + "/x")

    def file(self, name, data, mode=0o100755):
        self.parents(name)
        self.entry(name, mode, data)

    def link(self, name, target):
        self.parents(name)
        self.entry(name, 0o120777, os.fsencode(target))

    def tree(self, tree):
        for name, entry in tree.in_order():
            kind, what = entry[0], entry[1]
            if kind == "dir":
                self.entry(name, stat.S_IFDIR | what)
            elif kind == "link":
                self.entry(name, stat.S_IFLNK | 0o777, os.fsencode(what))
            elif kind == "data":
                self.entry(name, stat.S_IFREG | entry[2], what)
            else:
                with open(what, "rb") as f:
                    st = os.fstat(f.fileno())
                    self.entry(name, stat.S_IFREG | stat.S_IMODE(st.st_mode), f.read(), mtime=int(st.st_mtime) & 0xFFFFFFFF)

    def finish(self):
        self.entry("TRAILER!!!", 0)
        return bytes(self.out)


def kept(tree, cache):
    """The archive of @tree as bytes, from the folder @cache if it is there, else made and left there."""
    path = os.path.join(cache, f"run-{tree.key()}.cpio")
    try:
        with open(path, "rb") as f:
            data = f.read()
        os.utime(path)
        return data
    except OSError:
        pass
    c = Cpio()
    c.tree(tree)
    data = c.finish()
    try:
        keep(path, data)
    except OSError:
        pass  # a cache that cannot be written only costs time
    return data


def keep(path, data):
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="run-", suffix=".new", delete=False) as f:
        f.write(data)
    os.replace(f.name, path)
    images = [os.path.join(folder, n) for n in os.listdir(folder) if n.startswith("run-") and n.endswith(".cpio")]
    for old in sorted(images, key=os.path.getmtime)[:-KEEP]:
        os.unlink(old)


def unpacked(tree):
    """Bytes that the files take in the machine, each in whole pages."""
    total = 0
    for _, entry in tree.in_order():
        size = os.stat(entry[1]).st_size if entry[0] == "file" else len(entry[1]) if entry[0] == "data" else 0
        total += -(-size // PAGE) * PAGE
    return total
