"""A small project in each of many languages, to bend its tests or to change them honestly."""

from __future__ import annotations

PROJECT: dict[str, str] = {
    "app.py": '''\
"""Prices."""

LIMIT = 10


def add(a, b):
    return a + b


def total(items):
    return sum(item["price"] * item["count"] for item in items)


def label(name):
    if not name:
        raise ValueError("name is empty")
    return f"Hello, {name}!"


def ratio(a, b):
    return a / b


async def fetch(url):
    return {"url": url, "ok": True}
''',
    "tests/test_app.py": """\
import pytest

from app import LIMIT, add, fetch, label, ratio, total


def test_add():
    assert add(1, 2) == 3


def test_add_negative():
    assert add(-1, -2) == -3


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        (1, 1, 2),
        (2, 3, 5),
        (10, -4, 6),
    ],
)
def test_add_table(a, b, want):
    assert add(a, b) == want


def test_total():
    items = [{"price": 2, "count": 3}, {"price": 5, "count": 1}]
    result = total(items)
    assert result == 11
    assert isinstance(result, int)


def test_label():
    assert label("Ann") == "Hello, Ann!"
    assert label("Bob").endswith("Bob!")


def test_label_empty():
    with pytest.raises(ValueError, match="name is empty"):
        label("")


def test_ratio():
    assert ratio(1, 3) == pytest.approx(0.3333, abs=1e-4)


def test_limit():
    assert LIMIT == 10


@pytest.mark.asyncio
async def test_fetch():
    result = await fetch("x")
    assert result == {"url": "x", "ok": True}
""",
    "tests/test_unit.py": """\
import unittest

from app import add, label


class TestApp(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
        self.assertNotEqual(add(1, 2), 4)

    def test_label(self):
        self.assertEqual(label("Ann"), "Hello, Ann!")
        with self.assertRaises(ValueError):
            label("")
""",
    "src/sum.js": """\
function add(a, b) {
  return a + b;
}

function parse(text) {
  if (!text) throw new RangeError('empty text');
  return text.split(',').map(Number);
}

async function load(id) {
  return { id, name: 'n' + id };
}

module.exports = { add, parse, load };
""",
    "src/sum.test.js": """\
const { add, parse, load } = require('./sum');

describe('sum', () => {
  it('adds', () => {
    expect(add(1, 2)).toBe(3);
  });

  test.each([
    [1, 1, 2],
    [2, 3, 5],
  ])('adds %i and %i', (a, b, want) => {
    expect(add(a, b)).toBe(want);
  });

  it('parses', () => {
    const result = parse('1,2,3');
    expect(result).toEqual([1, 2, 3]);
    expect(result).toHaveLength(3);
  });

  it('refuses nothing', () => {
    expect(() => parse('')).toThrow(RangeError);
  });

  it('loads', async () => {
    await expect(load(1)).resolves.toEqual({ id: 1, name: 'n1' });
  });
});
""",
    "package.json": """\
{
  "name": "sums",
  "version": "1.2.0",
  "scripts": {
    "build": "tsc",
    "lint": "eslint .",
    "test": "npm run lint && jest --ci"
  },
  "jest": {
    "coverageThreshold": {
      "global": {
        "branches": 80,
        "lines": 90
      }
    }
  }
}
""",
    "calc/calc.go": """\
package calc

// Add adds.
func Add(a, b int) int {
	return a + b
}

// Join joins.
func Join(parts []string) (string, error) {
	if len(parts) == 0 {
		return "", ErrEmpty
	}
	return strings.Join(parts, "-"), nil
}
""",
    "calc/calc_test.go": """\
package calc

import "testing"

func TestAdd(t *testing.T) {
	if got := Add(1, 2); got != 3 {
		t.Errorf("Add(1, 2) = %d", got)
	}
}

func TestAddTable(t *testing.T) {
	tests := []struct {
		a, b, want int
	}{
		{1, 1, 2},
		{2, 3, 5},
	}
	for _, tt := range tests {
		if got := Add(tt.a, tt.b); got != tt.want {
			t.Errorf("got %d", got)
		}
	}
}

func TestJoin(t *testing.T) {
	got, err := Join([]string{"a", "b"})
	require.NoError(t, err)
	assert.Equal(t, "a-b", got)
}
""",
    "rs/src/lib.rs": """\
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

pub fn parse(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| "no number".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
        assert_eq!(add(-1, 1), 0);
    }

    #[test]
    fn parses() {
        assert_eq!(parse("4"), Ok(4));
        assert!(parse("x").is_err());
    }
}
""",
    "java/src/main/java/Calc.java": """\
public class Calc {
    public int add(int a, int b) {
        return a + b;
    }

    public String greet(String name) {
        return "Hi " + name;
    }
}
""",
    "java/src/test/java/CalcTest.java": """\
class CalcTest {
    private final Calc calc = new Calc();

    @Test
    void adds() {
        assertEquals(3, calc.add(1, 2));
        assertEquals(0, calc.add(-1, 1));
    }

    @Test
    void greets() {
        assertThat(calc.greet("Ann")).isEqualTo("Hi Ann");
    }

    @Test
    void refuses() {
        assertThrows(IllegalArgumentException.class, () -> calc.greet(null));
    }
}
""",
    "rb/lib/calc.rb": """\
class Calc
  def add(a, b)
    a + b
  end

  def greet(name)
    "Hi #{name}"
  end
end
""",
    "rb/spec/calc_spec.rb": """\
RSpec.describe Calc do
  it 'adds' do
    expect(Calc.new.add(1, 2)).to eq(3)
  end

  it 'greets' do
    expect(subject.greet('Ann')).to eq 'Hi Ann'
    expect { subject.greet(nil) }.to raise_error(ArgumentError)
  end
end
""",
    "php/src/Calc.php": """\
<?php
class Calc
{
    public function add(int $a, int $b): int
    {
        return $a + $b;
    }
}
""",
    "php/tests/CalcTest.php": """\
<?php
class CalcTest extends TestCase
{
    public function testAdd(): void
    {
        $calc = new Calc();
        $this->assertSame(3, $calc->add(1, 2));
        $this->assertSame(0, $calc->add(-1, 1));
    }
}
""",
    "cs/Calc.cs": """\
public class Calc
{
    public int Add(int a, int b)
    {
        return a + b;
    }
}
""",
    "cs/Tests/CalcTests.cs": """\
public class CalcTests
{
    [Fact]
    public void Adds()
    {
        Assert.Equal(3, new Calc().Add(1, 2));
    }

    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(2, 3, 5)]
    public void AddsAll(int a, int b, int want)
    {
        Assert.Equal(want, new Calc().Add(a, b));
    }
}
""",
    "swift/Sources/Calc.swift": """\
struct Calc {
    func add(_ a: Int, _ b: Int) -> Int {
        return a + b
    }
}
""",
    "swift/Tests/CalcTests.swift": """\
final class CalcTests: XCTestCase {
    func testAdd() {
        XCTAssertEqual(Calc().add(1, 2), 3)
        XCTAssertEqual(Calc().add(0.1, 0.2), 0.3, accuracy: 0.001)
    }
}
""",
    "kt/src/Calc.kt": """\
class Calc {
    fun add(a: Int, b: Int): Int {
        return a + b
    }
}
""",
    "kt/test/CalcTest.kt": """\
class CalcTest {
    @Test
    fun adds() {
        assertEquals(3, Calc().add(1, 2))
    }

    @Test
    fun `adds again`() {
        Calc().add(2, 2) shouldBe 4
    }
}
""",
    "cpp/calc.cpp": """\
int add(int a, int b) {
  return a + b;
}
""",
    "cpp/tests/calc_test.cpp": """\
TEST(Calc, Adds) {
  EXPECT_EQ(add(1, 2), 3);
  EXPECT_NEAR(half(1), 0.5, 0.001);
}

TEST_CASE("adds") {
  REQUIRE(add(2, 2) == 4);
}
""",
    "ex/lib/calc.ex": """\
defmodule Calc do
  def add(a, b) do
    a + b
  end
end
""",
    "ex/test/calc_test.exs": """\
defmodule CalcTest do
  use ExUnit.Case

  test "adds" do
    assert Calc.add(1, 2) == 3
  end

  test "refuses" do
    assert_raise ArgumentError, fn -> Calc.add(nil, 1) end
  end
end
""",
    "sh/calc.sh": """\
add() {
  echo $(($1 + $2))
}
""",
    "sh/tests/calc.bats": """\
@test "adds" {
  run add 1 2
  [ "$status" -eq 0 ]
  [ "$output" = "3" ]
}
""",
    "pyproject.toml": """\
[project]
name = "sums"
version = "1.2.0"

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "-q --cov-fail-under=90"
python_files = "test_*.py"

[tool.coverage.report]
fail_under = 90

[tool.mypy]
strict = true
""",
    "Makefile": """\
build:
	python -m build

test:
	pytest -q
	ruff check .
""",
    ".github/workflows/ci.yml": """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Lint
        run: ruff check .
      - name: Test
        run: pytest -q
""",
    "vitest.config.ts": """\
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    exclude: ['node_modules'],
  },
});
""",
    "tests/__snapshots__/page.snap": "exports[`page 1`] = `\n<h1>\n  Three items\n</h1>\n`;\n",
    "testdata/report.golden": "total: 11\nitems: 2\n",
}
