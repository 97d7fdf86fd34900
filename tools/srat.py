"""ACPI tables about nodes, made by hand, for machines that QEMU's -numa cannot describe: bytes for -acpitable data=FILE."""
import struct

MIB = 1 << 20


def cpu(domain, apic, flags=1):
    return struct.pack("<BBBBIB3s4s", 0, 16, domain & 255, apic, flags, 0, (domain >> 8).to_bytes(3, "little"), b"")


def memory(domain, start, length, flags=1):
    return struct.pack("<BBI2sQQ4sI8s", 1, 40, domain, b"", start, length, b"", flags, b"")


def srat(*entries):
    return struct.pack("<I8s", 1, b"") + b"".join(entries)


def slit(size, distances):
    """Distances between some domains, as {(from, to): d}; between all others 254."""
    rows = [[distances.get((a, b), 10 if a == b else 254) for b in range(size)] for a in range(size)]
    return struct.pack("<Q", size) + bytes(d for row in rows for d in row)


def stripes(domains, size, ram):
    """Memory dealt out to the domains in turn."""
    return [memory(domains[i % len(domains)], at, min(size, ram - at)) for i, at in enumerate(range(0, ram, size))]
