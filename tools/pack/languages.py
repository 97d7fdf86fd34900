"""What interpreters read at run time: Python's and Perl's libraries, and of the modules beside them those that a script asks for."""
import ast
import os
import re
import shlex

NOT_PYTHON = {"test", "tests", "idlelib", "turtledemo", "ensurepip", "site-packages", "dist-packages"}
MODULES_MAX = 2000


def python_version(closure, path):
    """(prefix, 'pythonX.Y') of a Python program, or None."""
    name = os.path.basename("/" + closure.tree.walk(path, False)[0])
    m = re.match(r"python(\d+\.\d+)", name)
    if not m:
        return None
    real = "/" + closure.tree.walk(path, False)[0]
    return os.path.dirname(os.path.dirname(real)), "python" + m.group(1)


class Python:
    def __init__(self, closure, path):
        self.closure = closure
        self.prefix, self.name = python_version(closure, path)
        self.home = f"{self.prefix}/lib/{self.name}"
        self.seen = set()
        venv = os.path.join(os.path.dirname(os.path.dirname(path)), "pyvenv.cfg")
        self.sites = [f"{self.home}/site-packages", f"{self.prefix}/lib/python3/dist-packages", f"/usr/local/lib/{self.name}/dist-packages"]
        if closure.tree.add(venv):
            self.sites.insert(0, f"{os.path.dirname(venv)}/lib/{self.name}/site-packages")

    def skip(self, wanted=()):
        tag = "." + self.name.replace("python", "cpython-").replace(".", "")

        def no(name):
            return (name in NOT_PYTHON and name not in wanted) or name.startswith("config-") or \
                (name.endswith(".pyc") and not name.endswith(tag + ".pyc"))
        return no

    def standard(self, wanted):
        """The standard library; of its tests only what is @wanted."""
        self.closure.folder(self.home, self.skip(wanted))
        self.closure.folder(f"{self.home}/lib-dynload")
        for extra in (f"/etc/{self.name}",):
            self.closure.folder(extra)
        for site in self.sites:
            self.closure.tree.directory(site)

    def modules(self, text, beside):
        """The modules that @text imports and that are not of the standard library, with theirs."""
        todo = [(name, beside) for name in imports(text)]
        while todo and len(self.seen) < MODULES_MAX:
            name, folder = todo.pop()
            if name in self.seen:
                continue
            self.seen.add(name)
            for site in ([folder] if folder else []) + self.sites:
                for path in self.take(site, name):
                    with open(path, encoding="utf-8", errors="replace") as f:
                        todo += [(n, None) for n in imports(f.read())]

    def take(self, site, name):
        """Take module @name of folder @site along. Return: its Python files on the host."""
        tree, base = self.closure.tree, os.path.join(site, name)
        host = tree.host(base)
        if os.path.isdir(host):
            self.closure.folder(base, self.skip())
            return [os.path.join(d, f) for d, _, files in os.walk(host) for f in files if f.endswith(".py")]
        if tree.add(base + ".py"):
            return [tree.find(base + ".py")]
        here = tree.host(site)
        for f in os.listdir(here) if os.path.isdir(here) else []:
            if re.match(re.escape(name) + r"(\.cpython-.*|\.abi3)?\.so$", f):
                self.closure.optional(os.path.join(site, f))
        return []


def imports(text):
    """Top names that Python source imports, also inside functions; of what is no Python: none."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return set()
    out = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            out |= {a.name.partition(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            out.add(node.module.partition(".")[0])
    return out


def python(closure, path, args, script):
    """Python at @path, called with @args; script: the text of the program it runs, and its folder."""
    p = Python(closure, path)
    texts, wanted, it = [script] if script else [], set(), list(args)
    for i, a in enumerate(it):
        if a == "-c" and i + 1 < len(it):
            texts.append((it[i + 1], None))
        elif a == "-m" and i + 1 < len(it):
            wanted.add(it[i + 1].partition(".")[0])
            texts.append((f"import {it[i + 1]}", None))
    for text, _ in texts:
        wanted |= imports(text)
    p.standard(wanted)
    for text, folder in texts:
        p.modules(text, folder)


def perl(closure, text):
    """Perl's libraries; of the modules of other packages those that @text uses."""
    tree = closure.tree
    for pattern in ("/usr/lib/{}/perl-base", "/usr/lib/{}/perl/{}", "/usr/share/perl/{}", "/etc/perl"):
        for folder in expand(tree, pattern):
            closure.folder(folder)
    for name in re.findall(r"^\s*(?:use|require)\s+([A-Za-z_]\w*(?:::\w+)*)", text, re.M):
        top = name.split("::")[0]
        for site in ("/usr/share/perl5", "/usr/local/share/perl5"):
            closure.folder(os.path.join(site, top))
            tree.add(os.path.join(site, top + ".pm"))
            tree.add(os.path.join(site, name.replace("::", "/") + ".pm"))


def expand(tree, pattern):
    """Folders of the root that fit @pattern; {} stands for any name."""
    found = [""]
    for part in pattern.strip("/").split("/"):
        if part != "{}":
            found = [f"{d}/{part}" for d in found]
            continue
        found = [f"{d}/{n}" for d in found if os.path.isdir(tree.host(d)) for n in sorted(os.listdir(tree.host(d)))]
    return [d for d in found if os.path.isdir(tree.host(d))]


def lua(closure):
    for pattern in ("/usr/share/lua/{}", "/usr/lib/{}/lua/{}"):
        for folder in expand(closure.tree, pattern):
            closure.folder(folder)


def shell_text(args):
    """What a shell is told on its command line: the text after -c, or all words."""
    return "\n".join(args[args.index("-c") + 1:]) if "-c" in args else shlex.join(args)
