"""Debian's Linux kernels: fetched once, unpacked without installing, kept beside busybox."""
import glob
import os
import subprocess
import sys

from bench import launcher as m

PACKAGES = {
    "x86_64": ("amd64", "linux-image-cloud-amd64"),
    "i386": ("i386", "linux-image-686"),
    "i386-pae": ("i386", "linux-image-686-pae"),
}
# What a fair opponent may switch off.
LEAN = ("mitigations=off nokaslr init_on_alloc=0 cgroup_disable=memory norandmaps audit=0 hardened_usercopy=off "
        "transparent_hugepage=never")


def cache():
    return os.environ.get("MNEMOS_CACHE", os.path.join(m.ROOT, "build", "cache"))


def busybox(arch):
    """Where Debian's static busybox is, once it has been fetched."""
    return os.path.join(cache(), "busybox-" + ("amd64" if arch == "x86_64" else "i386"))


def directory(arch):
    return os.path.join(cache(), "linux-" + arch)


# What a kernel of Debian's needs for a virtio disk, in the order in which it is loaded.
DISK_MODULES = ("virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci_modern_dev", "virtio/virtio_pci",
                "block/virtio_blk")
PARTS = ("./boot/*", "./lib/modules/*/kernel/drivers/virtio/*", "./lib/modules/*/kernel/drivers/block/virtio_blk.ko")


def find(arch):
    """Its path, when the kernel and its modules are there."""
    found = sorted(glob.glob(os.path.join(directory(arch), "boot", "vmlinuz-*")))
    return found[-1] if found and all(os.path.exists(path) for path in module_paths(arch, found[-1])) else None


def module_paths(arch, kernel_path):
    release = os.path.basename(kernel_path).removeprefix("vmlinuz-")
    drivers = os.path.join(directory(arch), "lib", "modules", release, "kernel", "drivers")
    return [os.path.join(drivers, name + ".ko") for name in DISK_MODULES]


def kernel(arch):
    """The kernel's file; fetched when it is not there."""
    path = find(arch)
    if path:
        return path
    architecture, package = PACKAGES[arch]
    print(f"fetching Debian's {package} ({architecture})", file=sys.stderr)
    script = os.path.join(m.ROOT, "tools", "fetch-deb.sh")
    done = subprocess.run(["sh", script, architecture, package, directory(arch), *PARTS], stdout=subprocess.PIPE, text=True)
    path = find(arch)
    if done.returncode or not path:
        raise m.Trouble(f"could not fetch Debian's {package} ({architecture}); unpack it in {directory(arch)}, or use --no-linux")
    with open(os.path.join(directory(arch), "version"), "w") as f:
        f.write(done.stdout)
    return path


def disk_modules(arch):
    return [m.read_file(path) for path in module_paths(arch, kernel(arch))]


def version(arch):
    try:
        with open(os.path.join(directory(arch), "version")) as f:
            return f.read().strip()
    except OSError:
        return os.path.basename(find(arch) or "?")
