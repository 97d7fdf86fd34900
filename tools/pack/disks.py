"""--disk FILE and --swap SIZE: the machine's disks, /dev/vda and on in this order, swap last."""
import os
import re
import struct
import uuid

from tools.pack.elf import Trouble

PAGE = 4096
SWAP_MIN = 10 * PAGE  # mkswap(8) makes none that is smaller
MOST = 26
UNITS = {"": 1 << 20, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size_of(text):
    """Bytes of '256M'; a number alone is MiB, as with --mem."""
    m = re.fullmatch(r"(\d+)([kKmMgGtT]?)", text)
    if not m:
        raise Trouble(f"--swap {text}: give a size such as 256M or 1G")
    size = int(m[1]) * UNITS[m[2].lower()] // PAGE * PAGE
    if size < SWAP_MIN:
        raise Trouble(f"--swap {text}: at least {SWAP_MIN >> 10}K")
    if size > 1 << 44:
        raise Trouble(f"--swap {text}: more than a swap area can have")
    return size


def make_swap(path, size):
    """A sparse file with the header that mkswap writes."""
    head = struct.pack("<1024xIII", 1, size // PAGE - 1, 0) + uuid.uuid4().bytes
    try:
        with open(path, "wb") as f:
            f.write(head.ljust(PAGE - 10, b"\0") + b"SWAPSPACE2")
            f.truncate(size)
    except OSError as e:
        raise Trouble(f"--swap: {path}: {e.strerror}")


def drive(path, *options):
    return ["-drive", ",".join(("if=virtio,format=raw,discard=unmap",) + options + ("file=" + path.replace(",", ",,"),))]


def one_disk(text):
    """FILE or FILE,ro."""
    path, readonly = (text[:-3], True) if text.endswith(",ro") else (text, False)
    if os.path.isdir(path):
        raise Trouble(f"--disk {path}: is a directory")
    if not os.path.exists(path):
        raise Trouble(f"--disk {path}: no such file")
    if not os.access(path, os.R_OK):
        raise Trouble(f"--disk {path}: may not be read")
    if not readonly and not os.access(path, os.W_OK):
        raise Trouble(f"--disk {path}: may not be written (as it is: --disk {path},ro)")
    if os.path.isfile(path) and not os.path.getsize(path):
        raise Trouble(f"--disk {path}: is empty")
    return drive(path, *(("readonly=on",) if readonly else ()))


def drives(disks, swap, tmp):
    """QEMU's options for the disks, and the device that is to be switched on as swap, or None."""
    out = [word for text in disks for word in one_disk(text)]
    if len(disks) + bool(swap) > MOST:
        raise Trouble(f"--disk: at most {MOST} disks")
    if not swap:
        return out, None
    path = os.path.join(tmp, "swap")
    make_swap(path, size_of(swap))
    return out + drive(path, "cache=unsafe"), "/dev/vd" + chr(ord("a") + len(disks))
