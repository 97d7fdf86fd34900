"""What Debian's package database on the host says: which package a file is of, what that package needs."""
import functools
import os
import re

INFO, STATUS = "/var/lib/dpkg/info", "/var/lib/dpkg/status"
# What no program needs in order to run, and the C library, whose parts are found one by one.
NOT_TAKEN = re.compile(r"/usr/share/(doc|man|locale|info|lintian|bug|menu|applications|icons|pixmaps|doc-base|bash-completion|zsh|gdb/auto-load)/|"
                       r"/gconv/|__pycache__|/usr/lib/debug/")
PROGRAMS = re.compile(r"(/usr)?/s?bin/")
SKIP = {"libc6", "libc-bin", "dpkg", "debconf", "install-info", "systemd", "systemd-sysv", "udev", "dbus", "apt", "libc6-i386"}
PACKAGES_MAX = 400


@functools.lru_cache(None)
def status():
    """name -> fields of every installed package."""
    out = {}
    try:
        with open(STATUS, encoding="utf-8", errors="replace") as f:
            text = f.read()
    except OSError:
        return out
    for part in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", part, re.M))
        if "Package" in fields and "installed" in fields.get("Status", ""):
            out.setdefault(fields["Package"], fields)
            for name in names(fields.get("Provides", "")):
                out.setdefault(name, fields)
    return out


def names(depends):
    """The package names of a relation; of alternatives the first that is installed comes out in needs()."""
    return [m.group(1) for m in re.finditer(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)", depends)]


def files(package):
    fields = status().get(package)
    for name in (package, f"{package}:{fields.get('Architecture')}") if fields else ():
        try:
            with open(os.path.join(INFO, name + ".list"), encoding="utf-8", errors="replace") as f:
                return f.read().split("\n")
        except OSError:
            continue
    return []


def owner(path):
    """The package of the file @path, or None. /bin/x and /usr/bin/x are the same where /bin is a link."""
    also = [path[4:] if path.startswith("/usr/") else "/usr" + path]
    wanted = [b"\n" + os.fsencode(p) + b"\n" for p in [path] + also]
    for name in sorted(os.listdir(INFO)) if os.path.isdir(INFO) else []:
        if name.endswith(".list"):
            with open(os.path.join(INFO, name), "rb") as f:
                data = b"\n" + f.read() + b"\n"
            if any(w in data for w in wanted):
                return name[:-5].partition(":")[0]
    return None


def needs(package):
    """@package and what it depends on; of itself what it recommends, too (a compiler's headers)."""
    out, todo = [], [package]
    while todo and len(out) < PACKAGES_MAX:
        name = todo.pop(0)
        fields = status().get(name)
        if not fields or fields["Package"] in out or (name != package and (name in SKIP or fields.get("Essential") == "yes")):
            continue
        out.append(fields["Package"])
        if fields.get("Essential") == "yes":
            break  # what it needs is found by its libraries
        todo += names(fields.get("Pre-Depends", "")) + names(fields.get("Depends", ""))
        if name == package or fields.get("Section") == "devel":
            todo += [n for n in names(fields.get("Recommends", "")) if n.endswith("-dev")]
    return out


def data(package):
    """The files that come with @package (but its other programs) and with what it needs."""
    for name in needs(package):
        for path in files(name):
            if path.startswith("/") and not NOT_TAKEN.search(path) and not (name == package and PROGRAMS.match(path)):
                yield path
