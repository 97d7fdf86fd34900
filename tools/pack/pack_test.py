#!/usr/bin/env python3
"""Tests of what `./mnemos run` packs, and one machine that runs it. Run by tools/test.sh."""
import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT)
from tools.pack import debian, disks, dpkg, elf, figures, image, languages, node, run, trace  # noqa: E402
from tools.pack.closure import COMMAND, PROGRAM_PATH, Closure, env_program  # noqa: E402
from tools.pack.elf import Trouble  # noqa: E402
from tools.pack.tree import Tree  # noqa: E402

LIB = 'int answer(void) { return 42; }\n'
MAIN = 'int answer(void);\nint main(void) { return answer(); }\n'
SCRIPT = r"""#!/usr/bin/env python3
import os, subprocess, sys
import beside
sys.stderr.write("an error line\n")
print(os.getcwd() == sys.argv[1], os.environ["GREETING"], beside.NAME, sys.stdin.read().upper())
print(open("given.txt").read().strip(), subprocess.run(["sh", "-c", "exit 5"]).returncode, os.path.exists("/proc/self/maps"))
sys.exit(23)
"""
PATH = ["/usr/bin", "/bin"]


def read_head(path):
    with open(path, "rb") as f:
        return f.readline()


def compiled(folder, arg=(), name="prog", text=MAIN):
    source = os.path.join(folder, name + ".c")
    with open(source, "w") as f:
        f.write(text)
    subprocess.run(["gcc", "-o", os.path.join(folder, name), source, *arg], check=True)
    return os.path.join(folder, name)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


class Folder(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory(prefix="mnemos-pack-")
        self.addCleanup(tmp.cleanup)
        self.dir = os.path.realpath(tmp.name)

    def trouble(self, text, fn, *args):
        with self.assertRaises(Trouble) as e:
            fn(*args)
        self.assertIn(text, str(e.exception))


class ElfFiles(Folder):
    def test_a_dynamic_program(self):
        e = elf.read(os.path.realpath("/bin/sh"))
        self.assertIn(e.arch, ("x86_64", "i386"))
        self.assertIn("libc.so.6", e.needed)
        self.assertTrue(e.interp.startswith("/lib"))

    def test_text_is_no_elf(self):
        self.assertIsNone(elf.read(write(self.dir + "/a", "hello\n")))

    def test_cut_off_anywhere_is_trouble_or_less(self):
        with open(os.path.realpath("/bin/true"), "rb") as f:
            whole = f.read(4096)
        for n in range(4, 200):
            with open(self.dir + "/cut", "wb") as f:
                f.write(whole[:n])
            try:
                elf.read(self.dir + "/cut")
            except Trouble as e:
                self.assertRegex(str(e), "cut-off|another processor")

    def test_another_processor(self):
        with open(self.dir + "/arm", "wb") as f:
            f.write(b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, 183) + bytes(44))
        self.trouble("another processor (ELF machine 183)", elf.read, self.dir + "/arm")


class Libraries(Folder):
    def library(self, place, name="libanswer.so"):
        os.makedirs(place, exist_ok=True)
        source = write(self.dir + "/lib.c", LIB)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", os.path.join(place, name), source], check=True)

    def test_the_same_as_the_loader_says(self):
        for program in ("/bin/bash", "/usr/bin/python3", "/usr/bin/perl", "/bin/tar"):
            if not os.path.exists(program):
                continue
            c = Closure(Tree(), PATH)
            c.program(program)
            out = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
            self.assertEqual({os.path.realpath(p) for p in c.libraries.values()} | {os.path.realpath(elf.read(program).interp)},
                             {os.path.realpath(m.group(1)) for m in re.finditer(r"(/\S+) \(", out)}, program)

    def test_runpath_with_origin(self):
        self.library(self.dir + "/lib")
        prog = compiled(self.dir, ["-L" + self.dir + "/lib", "-lanswer", "-Wl,-rpath,$ORIGIN/lib"])
        c = Closure(Tree(), PATH)
        c.program(prog)
        self.assertIn((self.dir + "/lib/libanswer.so").lstrip("/"), c.tree.entries)

    def test_ld_library_path(self):
        self.library(self.dir + "/lib")
        prog = compiled(self.dir, ["-L" + self.dir + "/lib", "-lanswer"])
        Closure(Tree(), PATH, [self.dir + "/lib"]).program(prog)
        self.trouble(f"{prog}: the library libanswer.so is missing", Closure(Tree(), PATH).program, prog)

    def test_plug_ins(self):
        self.library(self.dir + "/lib")
        plug = os.path.join(self.dir, "plug.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,--no-as-needed", "-o", plug, self.dir + "/lib.c", "-lm", "-L" + self.dir + "/lib", "-lanswer"],
                       check=True)
        c = Closure(Tree(), PATH)
        c.optional(plug)
        self.assertEqual((c.libraries, c.tree.entries), ({}, {}))
        c.optional(plug, {"libanswer.so"})  # whoever loads it has loaded that before
        self.assertIn(plug.lstrip("/"), c.tree.entries)
        self.assertIn("libm.so.6", [name for _, name in c.libraries])

    def test_a_library_of_another_processor_is_passed_over(self):
        write(self.dir + "/bad/libanswer.so", "\x7fELF\1\1\1" + "\0" * 9 + "\2\0\x28\0" + "\0" * 40)
        self.library(self.dir + "/lib")
        prog = compiled(self.dir, ["-L" + self.dir + "/lib", "-lanswer"])
        c = Closure(Tree(), PATH, [self.dir + "/bad", self.dir + "/lib"])
        c.program(prog)
        self.assertEqual(c.libraries["x86_64", "libanswer.so"], self.dir + "/lib/libanswer.so")

    def test_a_root_of_its_own(self):
        compiled(self.dir, text="int main(void) { return 0; }\n")
        self.trouble("needs the loader", Closure(Tree(self.dir), ["/"]).program, "/prog")


class Scripts(Folder):
    def test_interpreter_and_what_env_names(self):
        path = write(self.dir + "/s", "#!/usr/bin/env -S A=1 sh -e\n", 0o755)
        c = Closure(Tree(), PATH)
        c.program(path)
        self.assertIn("/usr/bin/env", c.programs)
        self.assertEqual(os.path.basename(c.interpreter_of(path)), "sh")

    def test_commands_in_a_script(self):
        found = COMMAND.findall("while :; do sleep 1; done; if grep -q x f; then A=1 cat f | xargs rm; fi\n timeout 5 sort < g && n=$(wc -l)")
        self.assertEqual([w for w in found if w in ("sleep", "grep", "cat", "rm", "sort", "wc", "x", "f", "g", "l")],
                         ["sleep", "grep", "cat", "rm", "sort", "wc"])
        self.assertEqual(languages.shell_text(["-c", "head -n 1 f", "name"]), "head -n 1 f\nname")

    def test_programs_named_by_path(self):
        found = PROGRAM_PATH.findall("exec /usr/bin/x.bin -a/bin/no; $D/bin/no; cat /etc/passwd | /usr/libexec/a/b; A=/sbin/init")
        self.assertEqual(found, ["/usr/bin/x.bin", "/usr/libexec/a/b", "/sbin/init"])

    def test_character_sets(self):
        for text, wanted in ((MAIN, False), ("int main(void) { extern void *iconv_open(const char *, const char *);\n"
                                             "return !iconv_open(\"UTF-32\", \"UTF-8\"); }\n", True)):
            path = compiled(self.dir, name="plain", text=text.replace("int answer(void);\n", "static int answer(void) { return 0; }\n"))
            c = Closure(Tree("/"), PATH)
            c.charsets(c.program(path))
            self.assertEqual(any(n.endswith("gconv/UTF-32.so") for n in c.tree.entries), wanted, text)

    def test_env_words(self):
        self.assertEqual(env_program(["/usr/bin/env", "-S X=1 python3 -B"]), ["python3"])
        self.assertEqual(env_program(["/usr/bin/env"]), [])

    def test_errors(self):
        c = Closure(Tree(), PATH)
        self.trouble("its interpreter /no/such is not there", c.program, write(self.dir + "/a", "#!/no/such\n", 0o755))
        self.trouble("neither ELF nor a script", c.program, write(self.dir + "/b", "text\n", 0o755))
        self.trouble("names no interpreter", c.program, write(self.dir + "/c", "#!\n", 0o755))
        self.trouble("deep", c.program, write(self.dir + "/d", f"#!{self.dir}/d\n", 0o755))
        self.trouble("no such program", c.locate, "no-such-program-here")
        self.trouble("no such program", c.locate, "./no", self.dir)
        self.trouble("is a directory", c.locate, "./", self.dir)
        write(self.dir + "/e", "#!/bin/sh\n")
        self.trouble("not executable (chmod +x ./e)", c.locate, "./e", self.dir)

    def test_programs_that_a_program_starts(self):
        job = run.Job(["tar", "-xzf", "archive"], {})
        job.gather()
        self.assertIn("gzip", {os.path.basename(p) for p in job.closure.programs})

    def test_shims_are_no_programs(self):
        write(self.dir + "/shims/tool", "#!/bin/sh\n", 0o755)
        self.assertIsNone(Closure(Tree(), [self.dir + "/shims"]).which("tool"))


class Trees(Folder):
    def test_links_come_along(self):
        write(self.dir + "/real/deep/f", "x")
        os.symlink("real", self.dir + "/one")
        os.symlink("/one/deep", self.dir + "/two")
        t = Tree(self.dir)
        self.assertEqual(t.add("/two/f"), "/real/deep/f")
        self.assertEqual([n for n, _ in t.in_order()], ["one", "real", "real/deep", "real/deep/f", "two"])

    def test_endless_links(self):
        os.symlink("b", self.dir + "/a")
        os.symlink("a", self.dir + "/b")
        self.assertIsNone(Tree(self.dir).add("/a"))

    def test_key_follows_content(self):
        write(self.dir + "/f", "x")

        def key():
            t = Tree(self.dir)
            t.add("/f")
            return t.key()
        first = key()
        self.assertEqual(first, key())
        write(self.dir + "/f", "xyz")
        self.assertNotEqual(first, key())

    def test_image_is_kept(self):
        write(self.dir + "/root/f", "content")
        t = Tree(self.dir + "/root")
        t.add("/f")
        data = image.kept(t, self.dir + "/cache")
        self.assertIn(b"content", data)
        name, = os.listdir(self.dir + "/cache")
        write(self.dir + "/cache/" + name, "from the cache")
        self.assertEqual(image.kept(t, self.dir + "/cache"), b"from the cache")

    def test_cache_keeps_the_newest(self):
        for n in range(image.KEEP + 3):
            t = Tree(self.dir)
            t.data("/f", b"%d" % n)
            image.kept(t, self.dir + "/cache")
        self.assertEqual(len(os.listdir(self.dir + "/cache")), image.KEEP)

    def test_memory(self):
        t = Tree(self.dir)
        t.data("/f", bytes(100 << 20))
        self.assertEqual((run.memory_needed(100 << 20), run.memory_usual(100 << 20, (t,))), (120, 369))
        self.assertEqual(run.memory_needed(100 << 20, "arc"), 128)
        self.assertEqual(run.memory_usual(1, (Tree(self.dir),)), 256)

    def test_rootfs_archive(self):
        write(self.dir + "/r/bin/hello", "#!/bin/x\n", 0o755)
        subprocess.run(["tar", "-C", self.dir + "/r", "-czf", self.dir + "/r.tar.gz", "."], check=True)
        folder = run.unpack_root(self.dir + "/r.tar.gz", self.dir + "/cache")
        self.assertEqual(folder, run.unpack_root(self.dir + "/r.tar.gz", self.dir + "/cache"))
        self.assertTrue(os.access(folder + "/bin/hello", os.X_OK))
        self.trouble("--rootfs", run.unpack_root, self.dir + "/none", self.dir + "/cache")
        self.trouble("--rootfs", run.unpack_root, write(self.dir + "/text", "no archive"), self.dir + "/cache")


class Languages(Folder):
    def test_debian(self):
        with tempfile.TemporaryDirectory() as tmp, mock.patch.object(debian, "suite", lambda: "somewhere"):
            with mock.patch.object(debian.shutil, "which", lambda name: None), self.assertRaisesRegex(Trouble, "needs mmdebstrap"):
                debian.root("i386", tmp)
            self.assertEqual(os.listdir(tmp), [])
            kept = os.path.join(tmp, "debian-somewhere-i386.tar")
            open(kept, "w").close()
            self.assertEqual(debian.root("i386-pae", tmp), kept)
            with mock.patch.object(debian.shutil, "which", lambda name: name == "mmdebstrap" and "/bin/false"), self.assertRaises(Trouble), \
                    mock.patch.object(debian, "command", lambda processor, target: ["false"]):
                debian.root("x86_64", tmp)
            self.assertEqual(os.listdir(tmp), [os.path.basename(kept)])

    def test_mirrors(self):
        old = ["# deb http://a/debian x main", "deb [arch=amd64] http://b/debian x main", "deb http://c/debian y main"]
        new = ["Types: deb", "URIs: http://d/debian", "Suites: z z-updates", "URIs: http://e/security", "Suites: z-security"]
        found = [debian.mirror(old + new, name) for name in ("x", "y", "z", "z-security", "none")]
        self.assertEqual(found, [["http://b/debian"], ["http://c/debian"], ["http://d/debian"], ["http://e/security"], []])

    def test_imports(self):
        self.assertEqual(languages.imports("import a.b, c\nfrom d.e import f\nfrom . import g\ndef h():\n    import i\n"), {"a", "c", "d", "i"})
        self.assertEqual(languages.imports("no python at all"), set())

    def node(self, args, script):
        """The names that Node takes along in self.dir when @script is run there."""
        c = Closure(Tree(), PATH)
        with mock.patch.object(Closure, "interpreter_of", lambda self, path: path):
            node.node(c, "/usr/bin/node", args, script, self.dir)
        top = self.dir.lstrip("/") + "/"
        return {name[len(top):] for name, entry in c.tree.entries.items() if name.startswith(top) and entry[0] in ("file", "link")}

    def test_node(self):
        write(self.dir + "/loose/main.js", text := "const a = require('./more');\nimport b from '@x/b/part';\nrequire('fs'); require('./none')")
        write(self.dir + "/loose/more.js", "require( \"../data.json\" ); import('single');")
        write(self.dir + "/loose/other.js", "")
        write(self.dir + "/data.json", "{}")
        write(self.dir + "/node_modules/single.js", "")
        for name, needs in (("@x/b", '{"c": "1"}'), ("c", '{"@x/b": "1", "none": "2"}'), ("d", "{}"), ("e", "[]")):
            write(f"{self.dir}/node_modules/{name}/package.json", '{"dependencies": %s}' % needs)
            write(f"{self.dir}/node_modules/{name}/lib/x.js", "")
        write(self.dir + "/node_modules/d/package.json", "no JSON")
        b, c, d, e = ({f"node_modules/{n}/package.json", f"node_modules/{n}/lib/x.js"} for n in ("@x/b", "c", "d", "e"))
        loose = {"loose/more.js", "data.json", "node_modules/single.js"}
        self.assertEqual(self.node(["main.js"], (text, self.dir + "/loose")), loose | b | c)
        self.assertEqual(self.node(["-e", "require('d')"], None), d)
        self.assertEqual(self.node(["-r", "e", "-p", "1"], None), e)
        write(self.dir + "/pack/package.json", '{"peerDependencies": {"d": "1"}}')
        write(self.dir + "/pack/bin/run.js", "")
        write(self.dir + "/pack/.git/HEAD", "")
        os.symlink("bin/run.js", self.dir + "/pack/run")
        self.assertEqual(self.node(["run.js"], ("", self.dir + "/pack/bin")), d | {"pack/package.json", "pack/bin/run.js", "pack/run"})

    def test_package_names(self):
        self.assertEqual(dpkg.names("libc6 (>= 2.36), a | b:any, g++"), ["libc6", "a", "b", "g++"])


class Figures(unittest.TestCase):
    def test_policies(self):
        names = figures.policies(ROOT)
        self.assertIn("clock0", names)
        self.assertIn("random", names)
        self.assertNotIn("opt", names)
        with self.assertRaises(Trouble) as e:
            figures.check(ROOT, "opt")
        self.assertIn("--policy opt: use one of 2q, arc, clock0,", str(e.exception))

    def test_table(self):
        before = b"1.50 1.00\npgfault 100\npgmajfault 10\npswpout 7\n"
        after = b"4.75 1.00\npgfault 1100\npgmajfault 15\npswpout 9\npgscan_kswapd 3\npgscan_direct 4\n"
        text = "\n".join(figures.table("sieve", [before, after]))
        self.assertIn("policy    sieve\ntime      3.25 s\nfaults    995 minor, 5 major,", text)
        self.assertIn("swap      0 in, 2 out,", text)
        self.assertIn("reclaim   7 looked at,", text)
        self.assertEqual(figures.table("sieve", [before]), [])
        with_frames = "\n".join(figures.table("fifo", [before, after + b"frames_references 50\nframes_faults 9\nframes_cold 4\n"], 3))
        self.assertIn("frames    3: 50 references, 9 faults, 4 cold, 5 refaults\n", with_frames)


PIPE = """\
            init-3       [000] .....     1.000001: page_fault_user: address=0x1000 ip=0x2000 error_code=0x7
     my prog-x-12      [001] .....     1.000002: page_fault_user: address=0x7fff00001008 ip=0x401000 error_code=0x6
     my prog-x-12      [001] .....     1.000003: mm_page_alloc: pfn=0x1a order=0 migratetype=1 gfp_flags=0xcc0
CPU:1 [LOST 7 EVENTS]
     my prog-x-12      [001] .....     2.500000: page_reference: address=0x400000 write=0 fault=1
"""


class Recordings(Folder):
    def recorded(self, limited):
        """What the file says, and the lines for people."""
        r = trace.Recording(self.dir + "/t.json", limited)
        data = PIPE.encode().replace(b"\n", b"\1")
        for at in range(0, len(data), 50):  # frames end anywhere
            r.feed(data[at:at + 50])
        said = r.end(["./prog", "x"])
        with open(self.dir + "/t.json", encoding="utf-8") as f:
            return json.load(f), said

    def test_what_viewers_demand(self):
        whole, said = self.recorded(False)
        check_events(self, whole["traceEvents"])
        self.assertEqual(whole["otherData"], {"program": "./prog x", "lost_events": 7})
        self.assertEqual(said, [f"trace     5 events in {self.dir}/t.json, 7 lost"])
        first = whole["traceEvents"][0]
        self.assertEqual((first["name"], first["cat"], first["ts"], first["tid"]), ("page_fault_user", "exceptions", 1000002, 12))
        self.assertEqual(first["args"], {"address": "0x7fff00001008", "ip": "0x401000", "error_code": "0x6", "ref": "0xc07fff00001", "write": 1, "cpu": 1})
        self.assertEqual(whole["traceEvents"][3]["args"], {"name": "my prog-x"})

    def test_what_is_a_reference(self):
        for limited, names in ((False, ["page_fault_user", "page_reference"]), (True, ["page_reference"])):
            events = self.recorded(limited)[0]["traceEvents"]
            self.assertEqual([e["name"] for e in events if "ref" in e["args"]], names)

    def test_no_such_folder(self):
        self.trouble("--trace /nowhere/t: No such file", trace.Recording, "/nowhere/t", False)


def check_events(test, events):
    """The rules of Chrome's trace format, as far as we use it."""
    for e in events:
        test.assertIn(e["ph"], ("i", "M"))
        test.assertTrue(e["name"] and isinstance(e["pid"], int) and isinstance(e["tid"], int) and isinstance(e["args"], dict))
        if e["ph"] == "i":
            test.assertTrue(isinstance(e["ts"], int) and e["ts"] >= 0 and e["s"] == "t" and e["cat"])
        else:
            test.assertIn(e["name"], ("process_name", "thread_name"))


class Machine(Folder):
    """`./mnemos run` itself."""

    def run_it(self, *words, **kw):
        return subprocess.run([os.path.join(ROOT, "mnemos"), "run", *words], cwd=self.dir, capture_output=True, text=True, timeout=300, **kw)

    def test_a_script_with_its_modules(self):
        write(self.dir + "/prog.py", SCRIPT, 0o755)
        write(self.dir + "/beside.py", "NAME = 'found'\n")
        write(self.dir + "/given.txt", "a given file\n")
        r = self.run_it("--env", "GREETING=hello", "--", "./prog.py", self.dir, "given.txt", input="from the pipe")
        self.assertEqual((r.stdout, r.stderr, r.returncode),
                         ("True hello found FROM THE PIPE\na given file 5 True\n", "an error line\n", 23))

    def test_a_policy(self):
        r = self.run_it("--policy", "sieve", "--", "cat", "/sys/kernel/mm/policy")
        self.assertEqual(r.returncode, 0)
        self.assertIn("[sieve]", r.stdout)
        self.assertRegex(r.stderr, r"(?m)^policy    sieve\ntime      \d+\.\d\d s\nfaults    [1-9]\d* minor, ")

    def test_frames_and_a_recording(self):
        """The simulator counts for what was recorded as the kernel did."""
        path = self.dir + "/t.json"
        r = self.run_it("--frames", "8", "--policy", "arc", "--trace", path, "--", "head", "-n", "3", "/proc/self/frames")
        self.assertEqual((r.returncode, r.stdout.split()[:2], r.stdout.split()[-2:]), (0, ["policy", "arc"], ["frames", "8"]))
        said = re.search(r"(?m)^frames    8: (\d+) references, (\d+) faults, (\d+) cold, (\d+) refaults$", r.stderr)
        with open(path, encoding="utf-8") as f:
            whole = json.load(f)
        check_events(self, whole["traceEvents"])
        self.assertEqual(whole["otherData"]["lost_events"], 0)
        sim = subprocess.run([os.path.join(ROOT, "mnemos"), "sim", "--trace", path, "--policy", "arc", "--frames", "8", "--json", "-"], capture_output=True, text=True)
        one, = json.loads(sim.stdout)["runs"]
        result, = one["results"]
        self.assertEqual((one["format"], one["references"], result["faults"], result["cold"], result["refaults"]), ("mnemos", *map(int, said.groups())))
        self.assertGreater(result["refaults"], 0)

    def test_a_signal_reaches_the_program(self):
        p = subprocess.Popen([os.path.join(ROOT, "mnemos"), "run", "--", "sh", "-c", 'trap "echo caught; exit 3" USR1; echo up; while :; do sleep 1; done'],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        with p:
            self.addCleanup(p.kill)
            self.assertEqual(p.stdout.readline(), "up\n")
            p.send_signal(signal.SIGUSR1)
            self.assertEqual((p.communicate(timeout=60)[0], p.returncode), ("caught\n", 3))

    def test_a_signal_overtakes_input_that_nobody_reads(self):
        with tempfile.TemporaryFile() as much:
            much.write(bytes(1 << 20))
            much.seek(0)
            p = subprocess.Popen([os.path.join(ROOT, "mnemos"), "run", "--", "sh", "-c", "echo up; exec sleep 1000"], stdin=much, stdout=subprocess.PIPE, text=True)
            with p:
                self.addCleanup(p.kill)
                self.assertEqual(p.stdout.readline(), "up\n")
                p.send_signal(signal.SIGUSR1)
                self.assertEqual(p.wait(60), 128 + signal.SIGUSR1)

    def test_closed_files_and_a_reader_that_goes(self):
        """What a shell's <&-, >&- and 2>&- leave; `| head -n 1`."""
        for fd in range(3):
            r = self.run_it("--", "sh", "-c", "cat; echo out; echo err >&2; exit 4", preexec_fn=lambda fd=fd: os.close(fd))
            self.assertEqual((r.returncode, r.stdout, r.stderr), (4, "" if fd == 1 else "out\n", "" if fd == 2 else "err\n"))
        p = subprocess.Popen([os.path.join(ROOT, "mnemos"), "run", "--", "yes"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        with p:
            self.addCleanup(p.kill)
            self.assertEqual(p.stdout.readline(), "y\n")
            p.stdout.close()
            self.assertEqual(p.wait(60), 128 + signal.SIGPIPE)

    def through(self, script, data, *options):
        """(output, error output, status), bytes."""
        r = subprocess.run([os.path.join(ROOT, "mnemos"), "run", *options, "--", "sh", "-c", script], input=data, capture_output=True, timeout=300)
        return r.stdout, r.stderr, r.returncode

    def test_megabytes(self):
        """Byte for byte over the program's own line; and over the serial line, where that has to do."""
        data = random.Random(1).randbytes(8 << 20)
        out, err, status = self.through("cat; echo end >&2; exit 9", data)
        self.assertEqual((hashlib.sha256(out).digest(), err, status), (hashlib.sha256(data).digest(), b"end\n", 9))
        self.assertEqual(self.through("cat >&2", data[:65536], "--icount"), (b"", data[:65536], 0))
        # both at once; nobody reads the input
        out, err, status = self.through("seq 1 400000 & seq 400000 -1 1 >&2; wait", data)
        up = [b"%d\n" % i for i in range(1, 400001)]
        self.assertEqual((out == b"".join(up), err == b"".join(reversed(up)), status), (True, True, 0))

    def test_a_reader_that_is_late(self):
        """What it has not read waits in the machine: QEMU would drop it."""
        p = subprocess.Popen(["timeout", "120", os.path.join(ROOT, "mnemos"), "run", "--", "sh", "-c", "echo up; head -c 4000000 /dev/zero; echo end"],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        with p:
            self.addCleanup(p.kill)
            self.assertEqual(os.read(p.stdout.fileno(), 3), b"up\n")
            time.sleep(2)
            self.assertEqual((p.stdout.read() == bytes(4000000) + b"end\n", p.wait(60)), (True, 0))

    def test_long_arguments_and_environments(self):
        r = self.run_it("--env", "BIG=" + "e" * 130000, "--", "sh", "-c", 'echo ${#BIG} $# ${9000}', "sh", *map(str, range(100001, 109001)))
        self.assertEqual((r.returncode, r.stdout), (0, "130000 9000 109000\n"))

    def test_it_ends_with_the_program(self):
        """A child that goes on does not hold the machine; process 1 waits for orphans as they end."""
        script = '(sleep 0.1 &); sleep 1; grep -l "^State:.Z" /proc/[0-9]*/status; seq 1 20000; sleep 1000 & exit 7'
        r = self.run_it("--", "sh", "-c", script)
        self.assertEqual((r.stdout, r.returncode), ("".join(f"{i}\n" for i in range(1, 20001)), 7))

    def test_disks_and_swap(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "a,b.img")
            for name in (path, path + ".2"):
                with open(name, "wb") as f:
                    f.write(b"bytes of the disk\n".ljust(4096, b"."))
            script = "head -n 1 /dev/vda; tail -n 1 /proc/swaps; echo BYTES | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null; dd if=/dev/zero of=/dev/vdb count=1 2>/dev/null; echo $?"
            r = self.run_it("--disk", path, "--disk", path + ".2,ro", "--swap", "32M", "--", "sh", "-c", script)
            self.assertEqual((r.returncode, r.stdout.split()), (0, "bytes of the disk /dev/vdc partition 32764 0 -2 1".split()))
            self.assertEqual(read_head(path), b"BYTES\n")

    def test_shared_folders(self):
        with tempfile.TemporaryDirectory() as tmp:
            folder = os.path.join(tmp, "a,b")
            os.mkdir(folder)
            with open(os.path.join(folder, "in"), "w") as f:
                f.write("from the host\n")
            script = "cat /mnt/one/in; echo from inside >/mnt/one/out; cat /fixed/out; echo x 2>/dev/null >/fixed/no; echo $?"
            r = self.run_it("-v", folder + ":/mnt/one", "-v", folder + ":/fixed:ro", "--", "sh", "-c", script)
            self.assertEqual((r.returncode, r.stdout), (0, "from the host\nfrom inside\n2\n"))
            self.assertEqual(read_head(os.path.join(folder, "out")), b"from inside\n")
            for value, says in (("/nowhere:/mnt", "/nowhere: is not a folder"), (tmp, "give DIR:MNT"), (tmp + ":mnt", "give DIR:MNT"), (tmp + ":/", "give DIR:MNT")):
                r = self.run_it("-v", value, "--", "true")
                self.assertEqual((r.returncode, says in r.stderr), (125, True))

    def test_a_port_of_the_machine(self):
        """-p: a client of the host speaks to a server in the machine."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        script = "echo ready; nc -l -p 7 | cat"
        p = subprocess.Popen([os.path.join(ROOT, "mnemos"), "shell", "-p", f"{port}:7", "-c", script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        with p:
            self.addCleanup(p.kill)
            self.assertEqual(p.stdout.readline(), "ready\n")
            said = ""
            while not said:  # until the server listens QEMU accepts and hangs up
                with socket.create_connection(("127.0.0.1", port), timeout=60) as c:
                    c.sendall(b"a line from the host\n")
                    c.shutdown(socket.SHUT_WR)
                    try:
                        c.recv(1)
                    except ConnectionResetError:
                        pass
                if p.poll() is not None or select.select([p.stdout], [], [], 0.3)[0]:
                    said = p.stdout.readline()
            self.assertEqual((said, p.wait(60)), ("a line from the host\n", 0))

    @unittest.skipUnless(shutil.which("ss"), "no ss")
    def test_many_clients_at_once(self):
        """No client of a burst is left out, as those beyond QEMU's queue of one would be."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        p = subprocess.Popen([os.path.join(ROOT, "mnemos"), "run", "-p", f"{port}:7", "--", "sh", "-c", "echo up; read x"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        with p:
            self.addCleanup(p.kill)
            self.assertEqual(p.stdout.readline(), "up\n")
            out = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
            self.assertEqual(out.split()[:3], ["LISTEN", "0", "128"])
            p.stdin.write("\n")
            p.stdin.close()
            self.assertEqual(p.wait(60), 0)

    def test_who_is_refused_leaves_a_recording_alone(self):
        path = self.dir + "/t.json"
        for options in (["--mem", "1M"], ["--policy", "none"]):
            with open(path, "w", encoding="utf-8") as f:
                f.write("of before")
            r = self.run_it(*options, "--trace", path, "--", "true")
            with open(path, encoding="utf-8") as f:
                self.assertEqual((r.returncode, f.read()), (125, "of before"))

    def test_a_recording_of_no_machine_is_whole(self):
        path = self.dir + "/t.json"
        self.assertEqual(self.run_it("--disk", "/nowhere", "--trace", path, "--", "true").returncode, 125)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["traceEvents"], [])

    def test_wrong_options(self):
        with tempfile.TemporaryDirectory() as tmp:
            empty = os.path.join(tmp, "empty")
            open(empty, "w").close()
            for option, value, says in (("--frames", "0", "1 to 65536"), ("--trace", "/nowhere/t", "No such file"), ("--disk", "/nowhere", "no such file"), ("--disk", tmp, "is a directory"), ("--disk", empty, "is empty"),
                                        ("--swap", "much", "give a size such as"), ("--swap", "39k", "at least 40K"), ("--swap", "17T", "more than")):
                r = self.run_it(option, value, "--", "true")
                self.assertEqual(r.returncode, 125)
                self.assertRegex(r.stderr, f"^mnemos: {option} {value}: .*{says}")

    def test_swap_image(self):
        with tempfile.TemporaryDirectory() as tmp:
            options, device = disks.drives([], "1G", tmp)
            self.assertEqual((len(options), device, os.path.getsize(os.path.join(tmp, "swap"))), (2, "/dev/vda", 1 << 30))
            self.assertLess(os.stat(os.path.join(tmp, "swap")).st_blocks, 64)

    def test_errors(self):
        r = self.run_it("--mem", "16M", "--", "sh")
        self.assertEqual(r.returncode, 125)
        self.assertRegex(r.stderr, r"--mem 16M: too little memory for sh and what it needs: at least \d+M")
        self.assertIn("is a program for x86_64, but --arch is i386", self.run_it("--arch", "i386", "--", "/bin/sh").stderr)


if __name__ == "__main__":
    unittest.main()
