"""Which names code defines, language by language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.night.evidence.definitions import defines

DEFINED = [
    ("a.py", "def mean(xs): ...", "mean"),
    ("a.py", "class Window:\n    size = 1\n    def mean(self): self.total = 0", "Window.mean"),
    ("a.py", "class W:\n    def __init__(self):\n        self.total = 0", "W.total"),
    ("a.py", "LIMIT: int = 3", "LIMIT"),
    ("a.py", "async def fetch(): pass", "fetch()"),
    ("a.py", "x = (\n def broken(:\ndef mean(): pass", "mean"),
    ("a.js", "function mean(a) {}", "mean"),
    ("a.js", "async function* walk() {}", "walk"),
    ("a.ts", "export const mean = (xs: number[]) => 1", "mean"),
    ("a.ts", "const { parse, print: show } = make()", "parse"),
    ("a.ts", "export class Store<T> extends Base {\n  private async load(id: string): T {", "Store.load"),
    ("a.ts", "export interface Options {\n  limit?: number\n}", "Options"),
    ("a.ts", "type Id = string", "Id"),
    ("a.js", "module.exports.mean = function (a) {}", "mean"),
    ("a.js", "Window.prototype.mean = function () {}", "mean"),
    ("a.js", "const api = {\n  mean(xs) {\n  },\n  sum: (xs) => 1,\n}", "sum"),
    ("a.go", "func (w *Window) Mean(xs []float64) float64 {", "Mean"),
    ("a.go", "type Window struct {", "Window"),
    ("a.go", "const (\n\tLimit = 3\n)", "Limit"),
    ("a.go", "func Map[T any](xs []T) []T {", "Map"),
    ("a.rs", "pub(crate) async fn mean<'a>(xs: &'a [f64]) -> f64 {", "mean"),
    ("a.rs", "impl<T> Display for Window<T> {", "Window"),
    ("a.rs", "pub struct Window;", "Window"),
    ("a.rs", "macro_rules! square { () => {} }", "square"),
    ("a.rb", "class Window\n  def self.mean(xs)\n  attr_reader :size", "mean"),
    ("a.rb", "attr_reader :size", "size"),
    ("A.java", "public static <T> List<T> mean(final List<T> xs) throws IOException {", "mean"),
    ("A.java", "public class Window implements Base {", "Window"),
    ("A.kt", "fun String.mean(): Int = 1", "mean"),
    ("A.cs", "public async Task<int> MeanAsync(int x) =>\n 1;", "MeanAsync"),
    ("a.c", "static double mean(const double *xs, int n)\n{", "mean"),
    ("a.c", "#define LIMIT 3", "LIMIT"),
    ("a.cpp", "double Window::mean() const noexcept {", "mean"),
    ("a.php", "public function mean(array $xs): float {", "mean"),
    ("a.swift", "func mean(_ xs: [Double]) -> Double {", "mean"),
    ("a.scala", "object Window { def mean(xs: Seq[Int]): Int = 1 }", "mean"),
    ("a.sh", "mean() {\n  echo 1\n}", "mean"),
    ("a.sh", "LIMIT=3", "LIMIT"),
    ("a.lua", "local function mean(xs)", "mean"),
    ("a.ex", "  defp mean(xs), do: 1", "mean"),
    ("a.hs", "mean :: [Double] -> Double", "mean"),
    ("a.sql", "CREATE TABLE IF NOT EXISTS users (id int)", "users"),
    ("a.r", "mean_of <- function(x) x", "mean_of"),
    ("Makefile", "release: build\n\tgit tag", "release"),
    ("a.toml", "limit = 3", "limit"),
    ("cli.py", 'parser.add_argument("-n", "--dry-run", help="x")', "--dry-run"),
    ("cli.js", "program.option('-d, --dry-run <how>', 'x')", "--dry-run"),
    ("main.go", 'flag.Bool("dry-run", false, "x")', "--dry-run"),
]  # fmt: skip

NOT_DEFINED = [
    ("a.py", "# def mean(): TODO", "mean"),
    ("a.py", 'TEXT = """\ndef mean(): pass\n"""', "mean"),
    ("a.py", "print(mean(3))", "mean"),
    ("a.py", "from stats import mean", "mean"),
    ("a.py", "class W:\n    pass\ndef mean(): pass", "W.mean"),
    ("a.js", "// function mean() {}\n/* const mean = 1 */", "mean"),
    ("a.js", "const s = 'function mean() {}'", "mean"),
    ("a.js", "if (mean(xs)) {\n  return mean(xs)\n}", "mean"),
    ("a.js", "import { mean } from './stats'", "mean"),
    ("a.js", "function meanOf() {}", "mean"),
    ("a.go", "if mean(xs) {\n}", "mean"),
    ("a.go", "return mean(xs)", "mean"),
    ("a.rs", "/// fn mean() {}\nlet x = mean(1);", "mean"),
    ("a.sh", "# mean() {\necho mean", "mean"),
    ("a.md", "def mean(): soon", "mean"),
    ("a.sql", "-- create table users\nselect 1", "users"),
    ("cli.py", "# --dry-run is to come", "--dry-run"),
    ("cli.py", "x = dry - run", "--dry-run"),
    ("a.py", "def mean(): pass", ""),
    ("a.py", "def mean(): pass", "m.*"),
]


@pytest.mark.parametrize(("path", "text", "name"), DEFINED)
def test_a_definition_is_found(path: str, text: str, name: str) -> None:
    assert defines(text, name, path)


@pytest.mark.parametrize(("path", "text", "name"), NOT_DEFINED)
def test_what_only_names_it_defines_nothing(path: str, text: str, name: str) -> None:
    assert not defines(text, name, path)


@given(st.text(max_size=200), st.sampled_from(["a.py", "a.ts", "a.rs", "a.sql", "Makefile"]))
def test_any_text_can_be_asked(text: str, path: str) -> None:
    assert defines(text + "\nmean(", "mean", path) in (True, False)


@pytest.mark.parametrize(
    "piece", ["mean(", "class ", "a::", "mean()\n", "<", "'", "const {a, ", "\n\n  "]
)
def test_a_hostile_file_costs_little(piece: str) -> None:
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    began = time.process_time()
    defines(text + "mean", "mean", "a.ts")
    assert time.process_time() - began < 3.0
