"""`./mnemos run --trace FILE`: what trace_pipe says becomes JSON in Chrome's trace format, an event on each line.

Each use of a page that was seen has "ref" (the page, numbered so that pages of different processes differ) and "write" in its
args: `./mnemos sim --format mnemos` reads those. With --frames every use is seen (page_reference), without only page faults.
"""
import json
import re

from tools.pack.elf import Trouble

LINE = re.compile(r" *(.*)-(\d+) +\[(\d+)\] \S+ +(\d+)\.(\d{6}): (\w+): (.*)")
LOST = re.compile(r"CPU:\d+ \[LOST (\d+) EVENTS\]")
FIELD = re.compile(r"(\w+)=(\S+)")
ADDRESSES, PAGE_SHIFT, PID_SHIFT = ("address", "ip", "error_code", "pfn", "gfp_flags"), 12, 52
PF_WRITE = 2
SYSTEMS = {"page_fault_user": "exceptions", "page_fault_kernel": "exceptions", "page_reference": "frames", "mm_page_alloc": "kmem",
           "mm_page_free": "kmem", "mm_migrate_pages": "migrate", "mark_victim": "oom", "sched_switch": "sched"}


class Recording:
    """Writes @path as frames of init come in."""

    def __init__(self, path, limited):
        self.path, self.rest, self.lost, self.events, self.threads = path, b"", 0, 0, {}
        self.limited = limited  # every use is seen: page faults are no references then
        try:
            self.file = open(path, "w", encoding="utf-8")
        except OSError as e:
            raise Trouble(f"--trace {path}: {e.strerror}") from e
        self.file.write('{"displayTimeUnit":"ns","traceEvents":[\n')

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\1")
        for line in lines:
            self.line(line.decode(errors="replace"))

    def line(self, text):
        if found := LOST.fullmatch(text):
            self.lost += int(found[1])
        found = LINE.fullmatch(text)
        if not found or found[1] == "init" and found[6] != "sched_switch":  # what starts the program, and sends us this
            return
        comm, tid, cpu, seconds, us, name, fields = found.groups()
        args = {k: v if k in ADDRESSES else int(v) for k, v in FIELD.findall(fields)}
        self.threads[int(tid)] = comm
        self.refer(name, int(tid), args)
        self.put({"name": name, "cat": SYSTEMS.get(name, "vmscan"), "ph": "i", "s": "t", "ts": int(seconds) * 1000000 + int(us), "pid": int(tid),
                  "tid": int(tid), "args": dict(args, cpu=int(cpu))})

    def refer(self, name, tid, args):
        """Mark what the simulator is to see."""
        if name == "page_reference":
            write = args["write"]
        elif name.startswith("page_fault_") and not self.limited:
            write = int(int(args["error_code"], 16) & PF_WRITE != 0)
        else:
            return
        args["ref"] = f"0x{tid << PID_SHIFT - PAGE_SHIFT | int(args['address'], 16) >> PAGE_SHIFT:x}"
        args["write"] = write

    def put(self, event):
        self.file.write((",\n" if self.events else "") + json.dumps(event, separators=(",", ":")))
        self.events += 1

    def end(self, words):
        """Names of the threads, and the end. Return: lines to print."""
        for tid, comm in sorted(self.threads.items()):
            for what in ("process_name", "thread_name"):
                self.put({"name": what, "ph": "M", "pid": tid, "tid": tid, "args": {"name": comm}})
        self.file.write("\n],\n" + json.dumps({"otherData": {"program": " ".join(words), "lost_events": self.lost}})[1:-1] + "}\n")
        try:
            self.file.close()
        except OSError as e:
            raise Trouble(f"--trace {self.path}: {e.strerror}") from e
        return [f"{'trace':<10}{self.events} events in {self.path}" + (f", {self.lost} lost" if self.lost else "")]
