"""ELF files: the processor they are made for, their interpreter, the libraries they ask for. Nothing is executed."""
import struct

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH, DT_FLAGS_1 = 1, 5, 15, 29, 0x6FFFFFFB
MACHINES = {3: "i386", 62: "x86_64"}
CACHE_MAGIC = b"glibc-ld.so.cache1.1"
HWCAP_PART = 1 << 62  # of an entry's 64 bits: the library is in a subdirectory for newer processors


class Trouble(Exception):
    """Something the user can mend; its text is one line."""


class Elf:
    """arch, interp, needed, rpath, runpath of an ELF file. Made by read()."""

    def __init__(self, path, data):
        self.path = path
        self.data = data
        self.wide = data[4] == 2
        self.interp, self.needed, self.rpath, self.runpath = None, [], [], []
        machine = struct.unpack_from("<H", data, 18)[0]
        if machine not in MACHINES or data[5] != 1 or (machine == 62) != self.wide:
            raise Trouble(f"{path}: made for another processor (ELF machine {machine})")
        self.arch = MACHINES[machine]
        loads, dynamic = self.segments()
        if dynamic:
            self.dynamic(loads, *dynamic)

    def segments(self):
        """[(address, offset, length)] of what is loaded; (offset, length) of the dynamic section or None."""
        loads, dynamic = [], None
        at = struct.unpack_from("<Q" if self.wide else "<I", self.data, 32 if self.wide else 28)[0]
        size, count = struct.unpack_from("<HH", self.data, 54 if self.wide else 42)
        for i in range(at, at + size * count, size):
            if self.wide:
                kind, _, off, addr, _, length = struct.unpack_from("<IIQQQQ", self.data, i)
            else:
                kind, off, addr, _, length = struct.unpack_from("<IIIII", self.data, i)
            if kind == PT_LOAD:
                loads.append((addr, off, length))
            elif kind == PT_DYNAMIC:
                dynamic = off, length
            elif kind == PT_INTERP:
                self.interp = self.data[off:off + length].rstrip(b"\0").decode(errors="replace")
        return loads, dynamic

    def dynamic(self, loads, off, length):
        form = "<qQ" if self.wide else "<iI"
        entries = list(struct.iter_unpack(form, self.data[off:off + length - length % struct.calcsize(form)]))
        table = next((v for k, v in entries if k == DT_STRTAB), None)
        base = next((table - addr + o for addr, o, n in loads if table is not None and addr <= table < addr + n), None)
        if base is None:
            return
        for key, value in entries:
            if key == 0:
                return
            if key in (DT_NEEDED, DT_RPATH, DT_RUNPATH):
                end = self.data.find(b"\0", base + value)
                text = self.data[base + value:end].decode(errors="replace")
                if key == DT_NEEDED:
                    self.needed.append(text)
                else:
                    setattr(self, "rpath" if key == DT_RPATH else "runpath", [d for d in text.split(":") if d])


def read(path, shown=None):
    """The Elf of a file; None when it is no ELF file; Trouble when it is a damaged one or cannot be read."""
    shown = shown or path
    try:
        with open(path, "rb") as f:
            head = f.read(4)
            data = head + f.read() if head == b"\x7fELF" else b""
    except OSError as e:
        raise Trouble(f"{shown}: {e.strerror}")
    if not data:
        return None
    try:
        return Elf(shown, data)
    except (struct.error, IndexError):
        raise Trouble(f"{shown}: a cut-off ELF program")


def read_cache(path):
    """name -> paths, of /etc/ld.so.cache; empty when there is none. Entries for newer processors are left out."""
    try:
        with open(path, "rb") as f:
            data = f.read()
    except OSError:
        return {}
    start = data.find(CACHE_MAGIC)
    out = {}
    if start < 0 or len(data) < start + 48:
        return out

    def text(offset):
        return data[start + offset:data.find(b"\0", start + offset)].decode(errors="replace")
    count = struct.unpack_from("<I", data, start + len(CACHE_MAGIC))[0]
    for i in range(count):
        at = start + 48 + i * 24
        if at + 24 > len(data):
            return out
        _, key, value, _, hwcap = struct.unpack_from("<iIIIQ", data, at)
        if not hwcap & HWCAP_PART:
            out.setdefault(text(key), []).append(text(value))
    return out
