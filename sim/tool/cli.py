"""./mnemos sim: which page goes? Policies of the kernel on traces of page references.

  mnemos sim --trace FILE --policy lru,clock1,arc --frames 3,4         counts
  mnemos sim --trace FILE --policy all --frames 1K..256K*2 --html F    curves
  mnemos sim ... --shard 3/8 --json part3.json                         an eighth of a sweep, on another machine
  mnemos sim merge part*.json --html F                                 and together again

Conventions, which books and papers differ in. A fault is a miss, the first use of each page (cold) included. clock1 sets the use
bit when a page is loaded, clock0 and second do not. arc: p is whole, |B1|/|B2| rounded down. s3fifo: a tenth is probation, one
accessed bit. 2q: Kin a quarter, Kout half of the frames. lfu forgets a page's count when it leaves; ties go by recency. lru2:
refault distance against active pages. A write-back is a dirty page that leaves; pages dirty at the end do not count. Memory is
one, for all. Repeats of the page used last are played, unless the policy cannot tell (fifo, lru, mru, opt, clock1, random).
Addresses become pages by --page-size.
"""
import argparse
import json
import os
import subprocess
import sys

from sim.tool import picture, sweep

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
ENGINE = os.path.join(ROOT, "build", "mnemos-sim")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise sweep.Trouble(f"{message} (try --help)")


def options(words):
    p = Parser(prog="mnemos sim", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("merge", nargs="*", metavar="merge FILE...", help="put together what --json wrote")
    p.add_argument("--trace", action="append", default=[], metavar="FILE", help="text or oracleGeneral; gzip, zstd; - is standard input; again for more")
    p.add_argument("--policy", default="lru2", metavar="LIST", help="all, or names with commas; --policies has them (lru2)")
    p.add_argument("--frames", metavar="LIST", help="sizes of memory: 3,4 or 1K..1M*2 or 10..50+10")
    p.add_argument("--format", help="lackey address memtrace drmemtrace ftrace mnemos msr arc csv plain lirs oracleGeneral (found out)")
    p.add_argument("--columns", metavar="SPEC", help="csv: page=N or addr=N, size=N, op=N, delim=C or tab, header; columns from 1")
    p.add_argument("--page-size", type=int, metavar="BYTES", help="of traces with addresses (4096)")
    p.add_argument("--curves", action="store_true", help="LRU at every size, working sets")
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="memories that are played side by side (all CPUs)")
    p.add_argument("--shard", type=sweep.shard, default=(1, 1), metavar="I/N", help="only the I-th of N parts of the sweep")
    p.add_argument("--json", metavar="FILE", help="all counts; - is standard output")
    p.add_argument("--html", metavar="FILE", help="a page with curves")
    p.add_argument("--policies", action="store_true", help="which policies there are")
    args = p.parse_args(words)
    args.progress = sys.stderr.isatty()
    if not 1 <= args.threads <= 256:
        raise sweep.Trouble("--threads: 1 to 256")
    return args


def built():
    """The engine, built when it is not up to date."""
    if subprocess.run(["make", "-s", "--no-print-directory", "-C", ROOT, "build/mnemos-sim"]).returncode:
        raise sweep.Trouble("build/mnemos-sim cannot be built: run 'make setup'")
    return ENGINE


def simulate(args):
    engine = built()
    known = sweep.policies(engine)
    if args.policies:
        print("\n".join(f"{name:8} {about}" for name, about in sorted(known.items())))
        return None
    if not args.trace:
        raise sweep.Trouble("--trace FILE is missing (try --help)")
    if not args.frames and not args.curves:
        raise sweep.Trouble("--frames LIST is missing, or --curves")
    sizes = sweep.frames(args.frames) if args.frames else []
    mine = sweep.divide(args.trace, sizes, sweep.chosen(args.policy, known), args.shard)
    if args.curves and args.shard[0] == 1:
        mine = {t: mine.get(t, []) for t in args.trace}
    else:
        args.curves = False
    return sweep.merge(sweep.run(engine, trace, jobs, args) for trace, jobs in mine.items())


def write(path, text):
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        with open(path, "w") as f:
            f.write(text)
    except OSError as e:
        raise sweep.Trouble(f"{path}: {e.strerror}") from e


def check_writable(path):
    """What cannot be written is said before the work."""
    try:
        if os.path.exists(path):
            open(path, "a").close()
        else:
            open(path, "x").close()
            os.unlink(path)
    except OSError as e:
        raise sweep.Trouble(f"{path}: {e.strerror}") from e


def work(words):
    args = options(words)
    for path in (args.json, args.html):
        if path and path != "-":
            check_writable(path)
    if args.merge and args.merge[0] != "merge":
        raise sweep.Trouble(f"{args.merge[0]}: unknown; did you mean --trace {args.merge[0]}?")
    if args.merge == ["merge"]:
        raise sweep.Trouble("merge: which files? Those that --json has written")
    if args.merge:
        runs = sweep.merge(one for path in args.merge[1:] for one in sweep.load(path))
    else:
        runs = simulate(args)
    if runs is None:
        return
    if args.json != "-":
        print("\n\n".join(picture.table(one) for one in runs if one["results"]))
    if args.json:
        write(args.json, json.dumps({"runs": runs}, indent=1) + "\n")
    if args.html:
        write(args.html, picture.page(runs))


def main(words):
    try:
        work(words)
        return 0
    except sweep.Trouble as e:
        if str(e):  # otherwise the engine has said it
            print(f"mnemos sim: {e}", file=sys.stderr)
        return 2
