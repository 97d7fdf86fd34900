"""-v DIR:MNT[:ro]: folders of the host in the machine, by 9P over virtio."""
import os

from tools.pack.elf import Trouble
from tools.pack.image import Cpio

MOST = 8


def one(text):
    """(folder of the host, place in the machine, read-only)."""
    parts, readonly = text.rsplit(":", 1), False
    if len(parts) == 2 and parts[1] in ("ro", "rw") and ":" in parts[0]:
        readonly = parts[1] == "ro"
        parts = parts[0].rsplit(":", 1)
    if len(parts) != 2 or not parts[0] or not parts[1].startswith("/") or os.path.normpath(parts[1]) == "/":
        raise Trouble(f"-v {text}: give DIR:MNT or DIR:MNT:ro, MNT an absolute path that is not /")
    if not os.path.isdir(parts[0]):
        raise Trouble(f"-v {text}: {parts[0]}: is not a folder")
    return os.path.abspath(parts[0]), os.path.normpath(parts[1]), readonly


def devices(texts):
    """QEMU's options for all, and what tells our init of them: an archive, or nothing."""
    out, words = [], b""
    if len(texts) > MOST:
        raise Trouble(f"-v: at most {MOST} folders")
    for n, text in enumerate(texts):
        folder, place, readonly = one(text)
        out += ["-fsdev", f"local,id=share{n},security_model=none,path=" + folder.replace(",", ",,") + (",readonly=on" if readonly else ""),
                "-device", f"virtio-9p-pci,fsdev=share{n},mount_tag=share{n}"]
        words += b"".join(os.fsencode(w) + b"\0" for w in (f"share{n}", place, "ro" if readonly else "rw"))
    if not out:
        return [], b""
    c = Cpio()
    c.file(".mnemos/shares", words, 0o100644)
    return out, c.finish()
