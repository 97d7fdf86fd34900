"""Disks for the guest tests: made before a boot, looked at after it.

  vda  16 MiB, each sector full of its own number; an MBR: vda1, vda2, and vda5, vda6 in an extended partition
  vdb, vdc, vdd  ext2 with blocks of 4, 1 and 2 KiB, and a tree that mke2fs has put there
  vde  ext2, read-only    vdf  a disk whose sectors 64 and 128 cannot be read and written    vdg  a GPT, three partitions
  vdh  for swap: vdh1 and vdh2, 16 MiB each
  share, other  one folder of the host with such a tree, twice; fixed: the same, read-only
"""
import os
import struct
import subprocess
import zlib

SECTOR = 512
VDA_SECTORS = 32768
SWAP_SECTORS = 32768
EXT2 = (("vdb", 4096, "24M"), ("vdc", 1024, "80M"), ("vdd", 2048, "8M"))
BIG = 1 << 20  # bytes of the tree's largest file


def pattern(first, nr):
    return b"".join(struct.pack("<Q", n) * (SECTOR // 8) for n in range(first, first + nr))


def entry(kind, start, nr):
    return struct.pack("<B3sB3sII", 0, b"\0\0\0", kind, b"\0\0\0", start, nr)


def put_table(data, sector, entries):
    at = sector * SECTOR
    data[at + 446:at + 512] = b"".join(entries).ljust(64, b"\0") + b"\x55\xaa"


def mbr_disk():
    data = bytearray(pattern(0, VDA_SECTORS))
    put_table(data, 0, [entry(0x83, 2048, 4096), entry(0x83, 6144, 4096), entry(5, 10240, 20480)])
    put_table(data, 10240, [entry(0x83, 64, 2048), entry(5, 4096, 4096)])
    put_table(data, 14336, [entry(0x83, 64, 2048)])
    return data


def swap_disk(path):
    """Nothing but a table; sparse."""
    head = bytearray(SECTOR)
    put_table(head, 0, [entry(0x82, 2048, SWAP_SECTORS), entry(0x82, 2048 + SWAP_SECTORS, SWAP_SECTORS)])
    write(path, head)
    os.truncate(path, (2048 + 2 * SWAP_SECTORS) * SECTOR)


def gpt_disk(sectors=16384):
    data = bytearray(sectors * SECTOR)
    put_table(data, 0, [entry(0xee, 1, sectors - 1)])
    kind = bytes(range(16))
    parts = bytearray(128 * 128)
    for i, (start, last) in enumerate(((2048, 4095), (4096, 8191), (8192, 16000))):
        parts[i * 128:i * 128 + 56] = kind + bytes([i] * 16) + struct.pack("<QQQ", start, last, 0)
    crc = zlib.crc32(parts)

    def header(at, other, entries):
        h = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, at, other, 34, sectors - 34, bytes(16), entries, 128, 128, crc)
        return h[:16] + struct.pack("<I", zlib.crc32(h)) + h[20:]

    data[SECTOR:SECTOR + 92] = header(1, sectors - 1, 2)
    data[2 * SECTOR:2 * SECTOR + len(parts)] = parts
    data[(sectors - 33) * SECTOR:(sectors - 33) * SECTOR + len(parts)] = parts
    data[(sectors - 1) * SECTOR:(sectors - 1) * SECTOR + 92] = header(sectors - 1, 1, sectors - 33)
    return data


def make_tree(top):
    """What disk_ext2 expects to find: bytes that follow from their place."""
    os.makedirs(os.path.join(top, "dir", "deep"))
    with open(os.path.join(top, "big"), "wb") as f:
        f.write(pattern(0, BIG // SECTOR))
    with open(os.path.join(top, "odd"), "wb") as f:
        f.write(pattern(7, 20)[:9999])
    with open(os.path.join(top, "sparse"), "wb") as f:
        f.seek(3000000)
        f.write(b"end")
    with open(os.path.join(top, "dir", "hello"), "w") as f:
        f.write("hello\n")
    os.link(os.path.join(top, "dir", "hello"), os.path.join(top, "hard"))
    os.symlink("dir/hello", os.path.join(top, "fast"))
    os.symlink("dir/" + "./" * 60 + "hello", os.path.join(top, "slow"))
    for i in range(200):
        with open(os.path.join(top, "dir", "deep", f"entry{i:03}" + "x" * (i % 40)), "w") as f:
            f.write(f"{i}\n")
    for path, dirs, files in os.walk(top):
        for name in dirs + files:
            os.utime(os.path.join(path, name), (1000000000, 1234567890), follow_symlinks=False)


def folders(tmp):
    """A folder of the host under two tags, so that what one mount changes is the host's doing for the other, and read-only."""
    make_tree(os.path.join(tmp, "share"))
    out = []
    for tag in ("share", "other", "fixed"):
        out += ["-fsdev", f"local,id={tag},security_model=none,multidevs=remap,path={tmp}/share" + (",readonly=on" if tag == "fixed" else ""),
                "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return out


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def tool(*argv):
    """A program of e2fsprogs, wherever the distribution has it."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return subprocess.run(argv, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def mke2fs(path, block, size, tree, *more):
    made = tool("mke2fs", "-q", "-t", "ext2", "-E", "root_owner=0:0", "-b", str(block), *more, "-d", tree, path, size)
    if made.returncode:
        raise OSError("mke2fs: " + made.stdout)


def make(tmp):
    """The images in @tmp. Return: QEMU's arguments."""
    tree = os.path.join(tmp, "tree")
    make_tree(tree)
    write(os.path.join(tmp, "vda"), mbr_disk())
    for name, block, size in EXT2:
        mke2fs(os.path.join(tmp, name), block, size, tree, *(("-N", "512") if name == "vdd" else ()))
    mke2fs(os.path.join(tmp, "vde"), 1024, "6M", tree)
    write(os.path.join(tmp, "vdf"), pattern(0, 2049))
    write(os.path.join(tmp, "vdg"), gpt_disk())
    out = []
    for name in ("vda", "vdb", "vdc", "vdd"):
        out += ["-drive", f"if=virtio,format=raw,discard=unmap,cache=unsafe,file={tmp}/{name}"]
    out += ["-drive", f"if=virtio,format=raw,readonly=on,file={tmp}/vde"]
    bad = f"file.driver=blkdebug,file.image.driver=file,file.image.filename={tmp}/vdf"
    for n, event, sector in ((0, "read_aio", 64), (1, "write_aio", 128)):
        bad += f",file.inject-error.{n}.event={event},file.inject-error.{n}.iotype={event[:-4]},file.inject-error.{n}.errno=5,file.inject-error.{n}.sector={sector}"
    out += ["-drive", f"if=virtio,format=raw,rerror=report,werror=report,{bad}"]
    swap_disk(os.path.join(tmp, "vdh"))
    out += ["-drive", f"if=virtio,format=raw,cache=unsafe,file={tmp}/vdg"]
    return out + ["-drive", f"if=virtio,format=raw,discard=unmap,cache=unsafe,file={tmp}/vdh"] + folders(tmp)


def check(tmp, wrote, shared):
    """After the machine has ended; @wrote: disk_block has run; @shared: disk_share has. Return: TAP lines."""
    lines = []
    if shared:
        path = os.path.join(tmp, "share", "for_the_host")
        with open(path, "rb") as f:
            same = f.read() == pattern(3, 20)[:9999] and os.stat(path).st_mode & 0o7777 == 0o640 and os.stat(path).st_mtime == 1234567890
        lines.append(("ok" if same else "not ok") + " - disks/shared_with_the_guest")
    for name, _, _ in EXT2:
        done = tool("e2fsck", "-fn", os.path.join(tmp, name))
        lines += [f"# {line}" for line in done.stdout.split("\n") if done.returncode and line]
        lines.append(("not ok" if done.returncode else "ok") + f" - disks/e2fsck_{name}")
    with open(os.path.join(tmp, "vda"), "rb") as f:
        f.seek(2048 * SECTOR)
        same = f.read(64 * SECTOR) == bytes(b ^ 0xff for b in pattern(2048, 64))
    if wrote:
        lines.append(("ok" if same else "not ok") + " - disks/written_by_the_guest")
    return lines
