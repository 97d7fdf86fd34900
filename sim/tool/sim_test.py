#!/usr/bin/env python3
"""Tests of ./mnemos sim: lists, shards, merging, pictures, and whole runs. Run by tools/test.sh."""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..")
sys.dont_write_bytecode = True
sys.path.insert(0, ROOT)
from sim.tool import picture, sweep  # noqa: E402

BELADY = "1 2 3 4 1 2 5 1 2 3 4 5\n"


def mnemos(*words, stdin=None):
    done = subprocess.run([os.path.join(ROOT, "mnemos"), "sim", *words], input=stdin, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Lists(unittest.TestCase):
    def test_frames(self):
        self.assertEqual(sweep.frames("3,4,3"), [3, 4])
        self.assertEqual(sweep.frames("1K..8K*2"), [1024, 2048, 4096, 8192])
        self.assertEqual(sweep.frames("1..4*1.1,10..30+10"), [1, 2, 3, 4, 10, 20, 30])
        for wrong in ("0", "x", "4T", "1..9*1", "1..9+0", "4G"):
            with self.assertRaises(sweep.Trouble):
                sweep.frames(wrong)

    def test_shards_have_each_job_once(self):
        whole = sweep.divide(["a", "b"], [1, 2, 3], ["x", "y"], (1, 1))
        parts = [sweep.divide(["a", "b"], [1, 2, 3], ["x", "y"], (i, 5)) for i in range(1, 6)]
        jobs = sorted((t, *j) for part in parts for t, js in part.items() for j in js)
        self.assertEqual(jobs, sorted((t, *j) for t, js in whole.items() for j in js))
        for wrong in ("0/2", "3/2", "1", "a/b"):
            with self.assertRaises(sweep.Trouble):
                sweep.shard(wrong)

    def test_merge_refuses_what_does_not_belong_together(self):
        one = {"trace": "t", "format": "plain", "page_size": 4096, "references": 9, "pages": 3, "writes": 0, "seconds": 1,
               "results": [{"policy": "lru", "frames": 2, "faults": 5, "cold": 3, "refaults": 2, "writebacks": 0}]}
        self.assertEqual(len(sweep.merge([one, one])[0]["results"]), 1)
        with self.assertRaises(sweep.Trouble):
            sweep.merge([one, dict(one, pages=4)])
        with self.assertRaises(sweep.Trouble):
            sweep.merge([one, dict(one, results=[dict(one["results"][0], faults=6)])])


    def test_traces_of_one_name_in_two_folders_are_two(self):
        one = {"trace": "b/t", "format": "plain", "page_size": 4096, "references": 9, "pages": 3, "writes": 0, "seconds": 1, "results": []}
        self.assertEqual([r["trace"] for r in sweep.merge([one, dict(one, trace="a/t", pages=4)])], ["a/t", "b/t"])


class Pictures(unittest.TestCase):
    def test_ratios_far_apart_are_in_powers_of_ten(self):
        for lowest, said in ((0.001, True), (0.1, False), (0, False)):
            self.assertEqual("powers of ten" in picture.chart("t", {"a": [(1, 0.9), (8, lowest)]}, "x", "y"), said)

    def test_charts_are_well_formed(self):
        for lines in ({"a<b": [(1, 0.5), (64, 0.1)]}, {"one": [(7, 1)]}, {"zero": [(1, 0), (2, 0)]}):
            tree = xml.fromstring(picture.chart("t & u", lines, "x", "y"))
            self.assertEqual(len(tree.findall("{http://www.w3.org/2000/svg}polyline")), len(lines))
        self.assertEqual(picture.chart("none", {}, "x", "y"), "")


class Runs(unittest.TestCase):
    def test_textbook_from_standard_input(self):
        status, out, err = mnemos("--trace", "-", "--policy", "fifo,lru,opt", "--frames", "3,4", "--json", "-", stdin=BELADY)
        self.assertEqual((status, err), (0, ""))
        got = {(r["policy"], r["frames"]): r["faults"] for r in json.loads(out)["runs"][0]["results"]}
        self.assertEqual(got, {("fifo", 3): 9, ("lru", 3): 10, ("opt", 3): 7, ("fifo", 4): 10, ("lru", 4): 8, ("opt", 4): 6})

    def test_table(self):
        status, out, _ = mnemos("--trace", "-", "--policy", "fifo", "--frames", "3", stdin=BELADY)
        self.assertEqual(status, 0)
        self.assertIn("12 references to 5 pages, 0 writes", out)
        self.assertEqual(out.splitlines()[-1].split(), ["3", "fifo", "9", "5", "4", "0", "0.7500"])

    def test_shards_and_threads_give_what_the_whole_gives(self):
        rng = random.Random(4)
        with tempfile.TemporaryDirectory() as d:
            trace = os.path.join(d, "t")
            with open(trace, "w") as f:
                f.writelines(f"{int(rng.paretovariate(0.7)) % 3000}{'w' if rng.random() < 0.2 else ''}\n" for _ in range(60000))
            sweep_of = ["--trace", trace, "--policy", "all", "--frames", "16..1024*4"]
            whole = os.path.join(d, "whole.json")
            status, table, _ = mnemos(*sweep_of, "--threads", "1", "--curves", "--json", whole)
            self.assertEqual(status, 0)
            parts = [os.path.join(d, f"{i}.json") for i in (1, 2, 3)]
            for i, part in enumerate(parts):
                self.assertEqual(mnemos(*sweep_of, "--shard", f"{i + 1}/3", "--threads", "3", "--curves", "--json", part)[0], 0)
            page = os.path.join(d, "p.html")
            status, out, _ = mnemos("merge", *parts, "--json", "-", "--html", page)
            self.assertEqual(status, 0)
            self.assertEqual(mnemos("merge", *reversed(parts))[1], table)

            def counts(runs):
                return sorted(json.dumps(r, sort_keys=True) for r in runs[0]["results"]), runs[0]["lru"], runs[0]["working_set"]
            with open(whole) as f:
                self.assertEqual(counts(json.load(f)["runs"]), counts(json.loads(out)["runs"]))
            with open(page) as f:
                self.assertEqual(f.read().count("<svg"), 3)

    def test_mistakes_are_named(self):
        for words, said in ((["--trace", "/nonexistent", "--frames", "3"], "No such file"), (["--frames", "3"], "--trace FILE is missing"),
                            (["--trace", "-"], "--frames LIST is missing"), (["--trace", "-", "--frames", "3", "--policy", "best"], "no such policy"),
                            (["x.txt"], "did you mean --trace x.txt"), (["merge", "/nonexistent"], "No such file"), (["merge"], "which files?"),
                            (["--trace", "-", "--frames", "3", "--page-size", "1000"], "not a power of two"),
                            (["--trace", "-", "--frames", "3", "--html", "/nonexistent/a.html"], "/nonexistent/a.html: No such file"),
                            (["--trace", "-", "--frames", "3", "--json", "/tmp"], "/tmp: Is a directory")):
            status, out, err = mnemos(*words, stdin=BELADY)
            self.assertEqual((status, out), (2, ""))
            self.assertIn(said, err)
        status, _, err = mnemos("--trace", "-", "--frames", "3", stdin="1\n2\nthree\n")
        self.assertEqual((status, err), (2, 'mnemos-sim: -: line 3: not a page number (decimal, or hexadecimal with 0x): "three"\n'))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-q"])
