"""--net and -p HOST:GUEST: the machine's network device, on QEMU's own network: no rights of the host are needed."""
import ctypes
import os
import re
import socket
import stat

from tools.pack.elf import Trouble

ADDRESS, GATEWAY, MASK = "10.0.2.15", "10.0.2.2", "255.255.255.0"
PIDFD_GETFD, BACKLOG = 438, 128
RESOLV_CONF = b"nameserver 10.0.2.3\n"


def wanted(args):
    return bool(args.net or args.port)


def word(args):
    """What the kernel is to know of it."""
    return f"ip={ADDRESS}::{GATEWAY}:{MASK}::eth0:off" if wanted(args) else ""


def forward(text):
    """QEMU's word for one -p."""
    m = re.fullmatch(r"(?:(\d+\.\d+\.\d+\.\d+):)?(\d+):(\d+)(?:/(tcp|udp))?", text)
    if not m or not all(0 < int(n) < 65536 for n in m.group(2, 3)):
        raise Trouble(f"-p {text}: give HOST:GUEST, two port numbers (8080:80)")
    return f"hostfwd={m[4] or 'tcp'}:{m[1] or '127.0.0.1'}:{m[2]}-:{m[3]}"


def devices(args):
    if not wanted(args):
        return []
    user = ",".join(["user", "id=net0"] + [forward(p) for p in args.port or []])
    return ["-netdev", user, "-device", "virtio-net-pci,netdev=net0,romfile="]


def allow_bursts(args, pid):
    """QEMU listens with a queue of one connection: of many clients that come at once all but two would wait for seconds, for their
    SYN to be sent again. listen(2) on its sockets sets that right; where the host does not let us have them it stays as it is."""
    if not args.port:
        return
    try:
        process = os.pidfd_open(pid)
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for name in names:
        fd = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, int(name), 0)
        if fd < 0:
            continue
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            os.close(fd)
            continue
        with socket.socket(fileno=fd) as s:
            if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                s.listen(BACKLOG)
    os.close(process)
