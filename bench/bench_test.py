#!/usr/bin/env python3
"""Tests of the benchmark tool itself: no machine is started. Run by tools/test.sh."""
import importlib.machinery
import importlib.util
import os
import re
import sys
import unittest
import xml.etree.ElementTree as xml

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT)
loader = importlib.machinery.SourceFileLoader("mnemos", os.path.join(ROOT, "mnemos"))
launcher = importlib.util.module_from_spec(importlib.util.spec_from_loader("mnemos", loader))
loader.exec_module(launcher)
import bench  # noqa: E402

bench.launcher = launcher
from bench import cli, gate, machine, profile, programs, report, rows, size, wall  # noqa: E402


def sources():
    folder = os.path.join(ROOT, "bench", "prog")
    return "".join(launcher.read_file(os.path.join(folder, name)).decode() for name in sorted(os.listdir(folder)))


def result(name="anon_fault", arch="x86_64", own=800, lean=1600):
    return report.Result(rows.load()[name], arch, {"mnemos": [(own * 10, 10)], "linux": [(lean * 20, 10)], "lean": [(lean * 10, 10)]})


class Rows(unittest.TestCase):
    def test_every_row_of_the_program_is_described_once(self):
        named = set(re.findall(r'"((?:vma|mem|smp)_\w+)"', sources()))
        named |= set(re.findall(r'(?:start|figure|fork_row|exec_row|move_row|call_row|fault_row|pingpong|report|sweep)\("(\w+)"', sources()))
        for name in re.findall(r'(?:report\("(?=\w+", &c, \w+, 1\))|sweep\(")(\w+)"', sources()):
            named |= {name + "_faults", name + "_io"}
        for name in programs.GROUPS:
            named |= set(re.findall(r"^measure (\w+) \d+ ", programs.script(name), re.M))
        self.assertEqual({n for n in named if not n.startswith("smp_")}, {n for n, r in rows.load().items() if r.group != size.GROUP})

    def test_groups_are_the_programs(self):
        apart = {size.GROUP, *programs.GROUPS}
        self.assertEqual({r.group for r in rows.load().values()} - apart | {"smp"}, set(re.findall(r'\{ "(\w+)", bench_', sources())))

    def test_limits_of_each_build(self):
        row = rows.load()["anon_fault"]
        self.assertEqual([row.limit("first", a) for a in launcher.ARCHES], [1812, 1993, 1300])
        self.assertEqual(rows.load()["mem_process"].limit("goal", "i386"), 16384)
        self.assertEqual(rows.load()["boot"].limit("first", "i386-pae"), 20000000)
        self.assertIsNone(rows.load()["readdir"].limit("first", "x86_64"))

    def test_a_row_held_against_lean_linux(self):
        self.assertIsNone(rows.load()["tcp_tput"].limit("first", "x86_64"))
        self.assertEqual([result("tcp_tput", own=v).verdict() for v in (1600, 1601)], ["ok", "OVER"])
        self.assertEqual([result("swap_in", own=v).verdict() for v in (1119, 1121)], ["ok", "OVER"])
        self.assertEqual(result("swap_in").limit("goal"), None)

    def test_selection(self):
        table = rows.load()
        self.assertEqual(rows.groups_of(table, ["signal", "anon_fault", "refault"]), ["signal", "fault"])
        self.assertEqual(list(rows.selected(table, ["refault"])), ["refault"])
        with self.assertRaises(launcher.Trouble):
            rows.groups_of(table, ["nothing"])


class Words(unittest.TestCase):
    """What the command line means, and what goes together."""

    @staticmethod
    def asked(*words):
        args = launcher.options().parse_args(["bench", *words])
        cli.check(args)
        return cli.asked(args, rows.load())

    def refused(self, *words):
        with self.assertRaises(launcher.Trouble) as at:
            self.asked(*words)
        return str(at.exception)

    def test_rows_and_builds(self):
        self.assertEqual(self.asked(), (launcher.ARCHES, None))
        self.assertEqual(self.asked("--arch", "i386", "--rows", "stat,,signal"), (["i386"], ["name", "signal"]))
        self.assertEqual(self.asked("--programs"), (["x86_64"], list(programs.GROUPS)))
        self.assertEqual(self.asked("--rows", "redis_get"), (["x86_64"], ["redis"]))
        self.assertEqual(self.asked("--wall", "--rows", "smp,stat"), (launcher.ARCHES, ["name", "smp"]))

    def test_what_does_not_go_together(self):
        self.assertIn("with --wall only", self.refused("--rows", "smp"))
        self.assertIn("none is named", self.refused("--rows", ","))
        self.assertIn("on x86_64 only", self.refused("--programs", "--arch", "i386"))
        self.assertEqual(self.refused("--wall", "--gate"), "--gate and --wall do not go together")
        self.assertEqual(self.refused("--gate", "--rows", "stat"), "--gate takes no --rows")
        self.assertEqual(self.refused("--profile", "stat", "--json", "x"), "--profile takes no --json")
        self.assertEqual(self.refused("--wall", "--document"), "--wall takes no --document")

    def test_a_file_that_cannot_be_written_is_said_first(self):
        for path in ("/nonexistent/x", "/proc"):
            self.assertEqual(self.refused("--json", path), f"--json {path}: cannot be written")

    def test_rows_that_have_no_profile_or_no_seconds(self):
        for name in ("boot", "kernel_file", "sweep_seq", "compile"):
            with self.assertRaises(launcher.Trouble):
                profile.main("x86_64", rows.load(), [name], False)
        with self.assertRaisesRegex(launcher.Trouble, "^--profile nothing: no such row"):
            profile.main("x86_64", rows.load(), ["nothing"], False)
        for group in wall.UNTIMED:
            with self.assertRaises(launcher.Trouble):
                wall.timed(rows.load(), [group])
        self.assertIn("smp", wall.timed(rows.load(), None))
        self.assertEqual(wall.timed(rows.load(), ["sqlite"]), ["sqlite"])


class Output(unittest.TestCase):
    def test_reader_takes_rows_and_leaves_the_kernels_text(self):
        seen = []
        r = machine.Reader(on_group=seen.append)
        for line in ("[ 0.1] hello", "group fault", "row anon_fault 8000 10", "row broken x 1", "failed open: no", "end"):
            r.line(line)
        self.assertEqual((r.rows, seen, r.failed, r.ended), ({"anon_fault": (8000, 10)}, ["fault"], ["failed open: no"], True))

    def test_table_and_verdicts(self):
        self.assertEqual([result(own=v).verdict() for v in (1400, 1300, 700)], ["OVER", "ok", "goal"])
        self.assertIn("0.50", report.table([result()]))
        self.assertIn("1 over their target", report.summary([result(own=1301)]))

    def test_spread_is_that_of_the_worst_run(self):
        r = report.Result(rows.load()["stat"], "x86_64", {"mnemos": [(1000, 1), (1000, 1), (1100, 1)]})
        self.assertAlmostEqual(r.spread("mnemos"), 0.1)
        self.assertIsNone(r.ratio())

    def test_chart_is_well_formed(self):
        shown = [result(), result("signal", own=9000), result("readdir")]
        tree = xml.fromstring(report.chart("x86_64", shown, {"linux": "a < b"}))
        self.assertEqual(len(tree.findall("{http://www.w3.org/2000/svg}rect")), 4)

    def test_fiwix_is_held_against_the_build_it_has(self):
        self.assertTrue(result("null_syscall", "i386", own=107).above_fiwix())
        self.assertFalse(result("null_syscall", "i386", own=106).above_fiwix())
        self.assertFalse(result("null_syscall", "x86_64", own=107).above_fiwix())
        self.assertIn("above Fiwix: null_syscall", report.summary([result("null_syscall", "i386", own=107)]))

    def test_least_is_the_smallest_that_works(self):
        for bound in (2, 3, 77, 256):
            self.assertEqual(size.least(lambda n: n >= bound), bound)
        self.assertIsNone(size.least(lambda n: False))

    def test_times(self):
        self.assertEqual([wall.times(v) for v in (12, 1200, 3.5e6, 2e9)], ["12 ns", "1.2 us", "3.5 ms", "2 s"])


class Document(unittest.TestCase):
    def test_tables_are_those_of_the_kept_figures(self):
        text = launcher.read_file(report.DOCUMENT).decode()
        self.assertEqual(report.with_tables(text), text)

    def test_no_row_is_missing(self):
        for arch in launcher.ARCHES:
            here = {n for n, r in rows.load().items() if r.group not in programs.GROUPS or arch == programs.ARCH}
            self.assertEqual({n for n, v in report.kept()[arch].items() if "mnemos" in v}, here)


    def test_every_row_with_a_profile_has_its_floor_and_its_parts(self):
        profiled = [n for n, r in rows.load().items() if r.group not in profile.WITHOUT]
        self.assertEqual(list(report.floors()), profiled)
        self.assertEqual(set(report.kept_parts()["x86_64"]), set(profiled))


class Gate(unittest.TestCase):
    def test_more_than_the_allowance_is_named(self):
        worse, better = gate.compare({"a": 100, "b": 100, "c": 100, "gone": 1}, {"a": 102, "b": 103, "c": 90, "new": 1})
        self.assertEqual(worse, ["b: 100.0 -> 103.0 (+3.0 %)", "new: not in the baseline", "gone: no longer measured"])
        self.assertEqual(better, ["c: 100.0 -> 90.0 (-10.0 %)"])


class Programs(unittest.TestCase):
    def test_the_project_is_as_long_as_its_row_says(self):
        files = programs.project()
        self.assertGreaterEqual(sum(text.count("\n") for name, text in files.items() if name.endswith(".c")), 10000)
        self.assertEqual(programs.function(7).count("\n"), 10)

    def test_each_says_what_it_needs(self):
        self.assertEqual(programs.needs("sqlite"), ["sqlite3"])
        self.assertTrue(all(programs.needs(name) for name in programs.GROUPS))


class Profile(unittest.TestCase):
    def test_counts_between_the_marks_by_function(self):
        log = [b"Trace 0: 0x7f [0/%016x/0/0] \n" % pc for pc in (5, 0x10, 0x9000, 0x9004, 0x9010, 0x20, 0x9000)]
        counts = profile.executed(log, 0x10, 0x20)
        self.assertEqual(sum(counts.values()), 4)
        symbols = profile.text_symbols(["9000 T first", "9008 t second", "9100 D data"])
        self.assertEqual(sum(profile.executed(log, 0x10, 0x20, 2).values()), 2)
        self.assertEqual(profile.by_function(counts, symbols, 0x8000), {"first": 2, "second": 1, "(user programs)": 1})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-q"])
