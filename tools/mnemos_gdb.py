"""Commands of Mnemos for GDB; `make debug` loads them, docs/book/debugging.md shows them.

    mn-tasks                 every task: pid, state, CPU, address space, name
    mn-vmas [PID]            the vmas of a process (without PID: of the task that runs on CPU 0)
    mn-walk ADDRESS [PID]    every table entry on the way from ADDRESS to its frame, with its bits
    mn-zone [NAME]           zones: pages, watermarks, free blocks of each order
    mn-page PFN              a frame: state, flags, counts

They only read the stopped machine's memory and call nothing in it, so they work at any point of the kernel.
"""
import gdb

BITS = ((0, "P"), (1, "RW"), (2, "US"), (3, "PWT"), (4, "PCD"), (5, "A"), (6, "D"), (7, "PS"), (8, "G"), (9, "SPECIAL"), (63, "NX"))
STATES = {0: "R", 1: "S", 2: "D", 3: "D", 4: "T", 5: "X", 6: "new"}


def val(text):
    return gdb.parse_and_eval(text)


def word():
    return gdb.lookup_type("long").sizeof


def number(v):
    """An integer or pointer as the machine has it: not negative."""
    return int(v.cast(gdb.lookup_type("unsigned long"))) & ((1 << 8 * word()) - 1)


def hexa(v):
    return f"{v:0{2 * word()}x}"


def geometry():
    """The levels that there are, from the top: (name, shift, bits of the index)."""
    if word() == 8:
        low = [("PUD", 30, 9), ("PMD", 21, 9), ("PTE", 12, 9)]
        five = bool(int(val("pt_la57")))
        return [("PGD", 48, 9), ("P4D", 39, 9)] + low if five else [("PGD", 39, 9)] + low
    if gdb.lookup_type("pte_t").sizeof == 8:
        return [("PGD", 30, 2), ("PMD", 21, 9), ("PTE", 12, 9)]
    return [("PGD", 22, 10), ("PTE", 12, 10)]


def read_entry(at):
    size = gdb.lookup_type("pte_t").sizeof
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(at, size)), "little")


def bits_of(entry):
    return " ".join(name for bit, name in BITS if entry >> bit & 1)


def tasks():
    """Every task, by pid."""
    found = []
    for i in range(1024):
        p = val(f"'kernel/pid.c'::table[{i}]")
        while number(p):
            if number(p["task"]):
                found.append(p["task"].dereference())
            p = p["next"]
    return sorted(found, key=lambda t: int(t["pid"]))


def task_of(arg):
    """The task with pid @arg; without: the one that runs on CPU 0."""
    if not arg:
        return val("*(struct task *)current_arch_thread")
    for t in tasks():
        if int(t["pid"]) == int(arg, 0):
            return t
    raise gdb.GdbError(f"no task has the number {arg}")


def mm_of(arg):
    t = task_of(arg)
    mm = t["mm_ctx"]["mm"]
    if not number(mm):
        raise gdb.GdbError(f"task {int(t['pid'])} ({t['comm'].string()}) is a kernel thread: it has no address space")
    return mm.dereference()


def vmas(node):
    """The vmas below one node of the tree of ranges."""
    slots = gdb.lookup_type("struct rangetree_node").pointer()
    node = node.cast(slots).dereference()
    for i in range(int(node["nr"])):
        ptr = node["slot"][i]["ptr"]
        if int(node["level"]):
            yield from vmas(ptr)
        else:
            yield ptr.cast(gdb.lookup_type("struct vm_area_struct").pointer()).dereference()


class Command(gdb.Command):
    """A command that says one line when memory cannot be read."""

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        try:
            self.run(gdb.string_to_argv(arg))
        except gdb.MemoryError as e:
            raise gdb.GdbError(f"{self.name}: {e}")


class Tasks(Command):
    """mn-tasks: every task: pid, state, CPU, address space, name."""
    name = "mn-tasks"

    def run(self, args):
        print("  PID  TGID S CPU " + "MM".ljust(2 * word()) + " NAME")
        for t in tasks():
            th = t["thread"]
            print(f"{int(t['pid']):5} {int(t['tgid']):5} {STATES.get(int(th['state']), '?')} {int(th['cpu']):3} "
                  f"{hexa(number(t['mm_ctx']['mm']))} {t['comm'].string()}")


class Vmas(Command):
    """mn-vmas [PID]: the vmas of a process, by address."""
    name = "mn-vmas"

    def run(self, args):
        mm = mm_of(args[0] if args else None)
        if not number(mm["vmas"]["root"]):
            return
        for v in vmas(mm["vmas"]["root"]):
            flags = number(v["vm_flags"])
            rights = "".join(c if flags >> b & 1 else "-" for b, c in ((0, "r"), (1, "w"), (2, "x"))) + ("s" if flags & 8 else "p")
            kind = "object" if number(v["mapping"]) else "device" if number(v["vm_ops"]) else "stack" if flags & 0x100 else "anonymous"
            print(f"{hexa(number(v['vm_start']))}-{hexa(number(v['vm_end']))} {rights} flags {flags:x} pgoff {number(v['vm_pgoff']):x} {kind}")
        print(f"{int(mm['map_count'])} vmas, {number(mm['total_vm'])} pages")


class Walk(Command):
    """mn-walk ADDRESS [PID]: every table entry on the way to the frame. Without PID: a kernel address, or of the running task."""
    name = "mn-walk"

    def run(self, args):
        if not args:
            raise gdb.GdbError("mn-walk ADDRESS [PID]")
        va = number(val(args[0]))
        kernel = va >> (8 * word() - 1) if word() == 8 else va >= 0xc0000000
        root = val("kernel_root") if kernel and len(args) < 2 else mm_of(args[1] if len(args) > 1 else None)["root"]
        base, size = number(val("physmap_base")), gdb.lookup_type("pte_t").sizeof
        table = number(root["top"])
        for name, shift, nbits in geometry():
            index = va >> shift & ((1 << nbits) - 1)
            entry = read_entry(table + index * size)
            print(f"{name} {hexa((table + index * size - base) % (1 << 8 * word()))} [{index:3}] {entry:0{2 * size}x} {bits_of(entry)}")
            frame = entry & 0x000ffffffffff000 if size == 8 else entry & 0xfffff000
            if not entry & 1:
                print("not present")
                return
            if name == "PTE" or (entry & 0x80 and shift <= 30):
                page = frame & ~((1 << shift) - 1) | va & ((1 << shift) - 1)
                print(f"physical {page:x}, pfn {page >> 12:x}, page of {1 << shift} bytes")
                return
            table = base + frame


class Zone(Command):
    """mn-zone [NAME]: zones: pages, watermarks, free blocks of each order."""
    name = "mn-zone"

    def run(self, args):
        for n in range(4):
            node = val(f"node_data[{n}]")
            if not number(node):
                continue
            for i in range(6):
                z = node["node_zones"][i]
                if not number(z["present_pages"]) or (args and z["name"].string().strip() != args[0]):
                    continue
                w, free = z["watermark"], [number(z["free_area"][o]["nr_free"]) for o in range(11)]
                print(f"node {n} zone {z['name'].string().strip()}: start_pfn {number(z['start_pfn']):x} spanned {number(z['spanned_pages'])} "
                      f"present {number(z['present_pages'])} managed {number(z['managed_pages']['v'])}")
                print(f"  watermarks {number(w[0])} {number(w[1])} {number(w[2])}, in blocks {sum(f << o for o, f in enumerate(free))} pages")
                print("  free blocks " + " ".join(f"{o}:{f}" for o, f in enumerate(free)))


class Page(Command):
    """mn-page PFN: a frame: state, flags, counts."""
    name = "mn-page"

    def run(self, args):
        if not args:
            raise gdb.GdbError("mn-page PFN")
        pfn = number(val(args[0]))
        page = (val("mem_map") + pfn).dereference()
        flags = number(page["flags"])
        state = gdb.Value(flags >> 22 & 15).cast(gdb.lookup_type("enum page_state"))
        names = []
        for f in gdb.lookup_type("enum page_flag").fields():
            if f.enumval < 22 and flags >> f.enumval & 1 and f.enumval not in [b for b, _ in names]:
                names.append((f.enumval, f.name))
        print(f"pfn {pfn:x} {state} refcount {int(page['_refcount']['v'])} mapcount {int(page['_mapcount']['v']) + 1}")
        print(f"  flags {flags:x}: {' '.join(n for _, n in names) or '-'}")
        print(f"  mapping {hexa(number(page['mapping']))} index {number(page['index']):x} private {number(page['private']):x}")


for command in (Tasks, Vmas, Walk, Zone, Page):
    command()
