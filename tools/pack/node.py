"""What Node reads at run time: the package that a script is of, and those that it loads, found as Node finds them."""
import json
import os
import re

FILES_MAX = 2000
# What a script loads: a file beside it, or a package.
LOADS = re.compile(r"""(?:\brequire\s*\(|\bimport\s*\(|\bfrom\b|\bimport\b)\s*["']([^"'\s]+)["']""")
SUFFIXES = ("", ".js", ".json", ".mjs", ".cjs", ".node", "/index.js")
# Where Debian and npm keep packages for everybody.
SITES = ("/usr/local/lib/node_modules", "/usr/share/nodejs", "/usr/lib/nodejs", "/usr/lib/x86_64-linux-gnu/nodejs")
WITH_TEXT, WITH_NAME = ("-e", "-p", "--eval", "--print"), ("-r", "--require", "--import")


class Node:
    def __init__(self, closure):
        self.closure, self.tree, self.seen = closure, closure.tree, set()

    def script(self, text, folder):
        """A script in @folder, no link on the way there: its package as a whole if it is of one, else the files and packages that
        @text loads, with theirs."""
        if home := self.package_of(folder):
            return self.package(home)
        todo = [(text, folder)]
        while todo and len(self.seen) < FILES_MAX:
            text, folder = todo.pop()
            for name in LOADS.findall(text):
                if name.startswith(("./", "../", "/")):
                    todo += self.file(os.path.normpath(os.path.join(folder, name)))
                else:
                    self.named(name, folder)
        return None

    def file(self, base):
        """What `require` finds by the path @base. Return: [(its text, its folder)] if it is new."""
        path = next((base + s for s in SUFFIXES if self.tree.find(base + s)), None)
        if not path or path in self.seen:
            return []
        self.seen.add(path)
        if path.endswith(".node"):
            self.closure.optional(path)
            return []
        self.tree.add(path)
        with open(self.tree.find(path), encoding="utf-8", errors="replace") as f:
            return [(f.read(), os.path.dirname(path))]

    def package_of(self, folder):
        """The nearest folder above with a package.json, or None: at the root and in a home it is no package's."""
        while folder.count("/") > 1 and folder != os.path.expanduser("~"):
            if self.tree.find(folder + "/package.json"):
                return folder
            folder = os.path.dirname(folder)
        return None

    def package(self, home):
        """The package in @home, and those that it depends on."""
        if home in self.seen or len(self.seen) > FILES_MAX:
            return
        self.seen.add(home)
        self.closure.folder(home, lambda name: name == ".git")
        try:
            with open(self.tree.find(home + "/package.json") or "", encoding="utf-8") as f:
                known = json.load(f)
            wanted = [n for kind in ("dependencies", "peerDependencies", "optionalDependencies") for n in known.get(kind) or {}]
        except (OSError, ValueError, AttributeError):
            return
        for name in wanted:
            self.named(name, home)

    def named(self, name, folder):
        """Package @name as a script in @folder finds it: in node_modules beside it or above, then among everybody's."""
        top = "/".join(name.split("/")[:2 if name.startswith("@") else 1])
        parts = folder.rstrip("/").split("/")
        above = ["/".join(parts[:n]) for n in range(len(parts), 0, -1) if parts[n - 1] != "node_modules"]
        for site in [d + "/node_modules" for d in above] + list(SITES):
            if os.path.isdir(self.tree.host(f"{site}/{top}")):
                return self.package("/" + self.tree.walk(f"{site}/{top}", True)[0])
            if self.tree.add(f"{site}/{top}.js"):
                return None
        return None


def node(closure, path, args, script, cwd):
    """Node in @cwd, called with @args. path: Node or a script of it; script: the text of what it runs, and its folder."""
    n = Node(closure)

    def real(where):
        return "/" + closure.tree.walk(where, False)[0]

    if script:
        n.script(script[0], os.path.dirname(real(path)) if closure.interpreter_of(path) != path else real(script[1]))
    for option, value in zip(args, args[1:]):
        if option in WITH_TEXT or option in WITH_NAME:
            n.script(value if option in WITH_TEXT else f'require("{value}")', cwd)
