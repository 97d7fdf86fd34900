"""What to simulate: lists of policies and sizes, shards of the whole, the engine's runs, and putting results together again."""
import json
import re
import subprocess

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
MOST_FRAMES = (1 << 31) - 1


class Trouble(Exception):
    pass


def size(text):
    found = re.fullmatch(r"(\d+)([kKmMgG]?)", text)
    if not found or not 0 < int(found[1]) * UNITS[found[2].lower()] <= MOST_FRAMES:
        raise Trouble(f"--frames {text}: a number of frames from 1 to {MOST_FRAMES}, such as 4, 64K or 1M")
    return int(found[1]) * UNITS[found[2].lower()]


def one_range(text):
    """N, or A..B*F (each F times the one before), or A..B+S."""
    found = re.fullmatch(r"(\w+)\.\.(\w+)([*+])([\d.]+)", text)
    if not found:
        return [size(text)]
    at, last, step = size(found[1]), size(found[2]), float(found[4])
    if step <= (1 if found[3] == "*" else 0):
        raise Trouble(f"--frames {text}: such steps never end")
    sizes = []
    while at <= last:
        sizes.append(at)
        at = max(at + 1, round(at * step)) if found[3] == "*" else at + max(1, round(step))
    return sizes


def frames(text):
    """The sizes of a list, each once, in order."""
    return list(dict.fromkeys(n for part in text.split(",") for n in one_range(part)))


def policies(engine):
    """name -> what it is, of all that the engine has."""
    out = subprocess.run([engine, "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t", 1) for line in out.splitlines())


def chosen(text, known):
    """The policies of a list; "all" are all."""
    names = list(known) if text == "all" else list(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in known:
            raise Trouble(f"--policy {name}: no such policy; there are {', '.join(sorted(known))}")
    return names


def shard(text):
    """(i, n) of "i/n", 1 <= i <= n."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise Trouble(f"--shard {text}: I/N with 1 <= I <= N")
    return int(found[1]), int(found[2])


def divide(traces, sizes, names, part):
    """trace -> list of (policy, frames) that are this shard's; traces without any are left out. All shards together: each job once."""
    i, n = part
    jobs = [(t, p, f) for t in traces for f in sizes for p in names]
    mine = {}
    for k, (trace, policy, count) in enumerate(jobs):
        if k % n == i - 1:
            mine.setdefault(trace, []).append((policy, count))
    return mine


def run(engine, trace, jobs, args):
    """One pass of the engine over @trace. Return: its JSON object."""
    command = [engine, "--trace", trace, "--threads", str(max(1, min(args.threads, len(jobs) or 1)))]
    for option in ("format", "page_size", "columns"):
        value = getattr(args, option)
        if value is not None:
            command += ["--" + option.replace("_", "-"), str(value)]
    command += ["--curves"] * args.curves + ["--progress"] * args.progress
    for policy, count in jobs:
        command += ["--job", f"{policy}:{count}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Trouble("the simulator stopped" if done.returncode < 0 else "")
    return json.loads(done.stdout)


SAME = ("trace", "format", "page_size", "references", "pages", "writes")
CURVES = ("lru", "working_set", "windows")


def merge(runs):
    """Runs of one trace, by its name as it was given, become one; equal results must be equal. Order: traces by name, results by
    frames and policy: the same for parts as for the whole."""
    merged = {}
    for one in runs:
        name = one["trace"]
        into = merged.setdefault(name, {k: one[k] for k in SAME} | {"seconds": 0, "results": {}})
        for k in SAME[1:]:
            if into[k] != one[k]:
                raise Trouble(f"{name}: {k} is {into[k]} in one file and {one[k]} in another: not the same trace")
        into["seconds"] = round(into["seconds"] + one["seconds"], 3)
        into.update({k: one[k] for k in CURVES if k in one})
        for r in one["results"]:
            key = (r["frames"], r["policy"])
            if into["results"].setdefault(key, r) != r:
                raise Trouble(f"{name}: {r['policy']} with {r['frames']} frames differs between files")
    for one in merged.values():
        one["results"] = [r for _, r in sorted(one["results"].items())]
    return [merged[name] for name in sorted(merged)]


def load(path):
    try:
        with open(path) as f:
            return json.load(f)["runs"]
    except OSError as e:
        raise Trouble(f"{path}: {e.strerror}") from e
    except (ValueError, KeyError, TypeError) as e:
        raise Trouble(f"{path}: not a file of ./mnemos sim --json") from e
