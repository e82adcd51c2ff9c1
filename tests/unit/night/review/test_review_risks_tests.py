"""Tests that were deleted, skipped or weakened are found; those merely rewritten are not."""

from __future__ import annotations

import pytest

from tests.unit.night.review.risk_scene import change, kinds, risks

PY = """\
import unittest

class TestClock(unittest.TestCase):
    def test_stands_still(self):
        clock = HandClock(5.0)
        self.assertEqual(clock.now(), clock.now())
        self.assertEqual(clock.name, "hand")

    def test_is_turned(self):
        clock = HandClock(2.0)
        clock.sleep(0.5)
        self.assertEqual(clock.now(), 2.5)
        clock.sleep(0.5)
        self.assertEqual(clock.now(), 3.0)
"""


def one(path: str, before: str | None, after: str | None) -> list[tuple[str, str]]:
    return [(kind, severity) for kind, _, severity in kinds({path: (before, after)})]


def test_a_deleted_case_is_named() -> None:
    start, end = PY.index("    def test_stands"), PY.index("    def test_is_turned")
    found = risks(change("tests/test_clock.py", PY, PY[:start] + PY[end:]))
    (risk,) = found.values()
    assert (risk.kind, risk.severity) == ("test_deleted", "high")
    assert "test_stands_still" in risk.what
    assert risk.hunk is not None
    assert any("test_stands_still" in line for line in risk.hunk.removed)


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("pkg/thing_test.go", "func TestThing(t *testing.T) {\n\tt.Fatal(1)\n}\n"),
        ("src/a.test.ts", "it('adds up', () => {\n  expect(add(1, 1)).toBe(2)\n})\n"),
        ("src/lib.rs", "#[test]\nfn adds() {\n    assert_eq!(add(1, 1), 2);\n}\n"),
        (
            "src/test/java/ATest.java",
            "@Test\npublic void adds() {\n  assertEquals(2, add(1, 1));\n}\n",
        ),
        ("spec/a_spec.rb", "it 'adds' do\n  expect(add(1, 1)).to eq 2\nend\n"),
        (
            "tests/ATest.php",
            "public function testAdds() {\n  $this->assertSame(2, add(1, 1));\n}\n",
        ),
        ("tests/a.cpp", "TEST(Add, Small) {\n  EXPECT_EQ(add(1, 1), 2);\n}\n"),
    ],
)
def test_deleted_cases_of_other_languages(path: str, test: str) -> None:
    keep = "// something that stays\n\nvoid other() {}\n"
    assert ("test_deleted", "high") in one(path, keep + test, keep)
    assert one(path, keep, keep + test) == []


def test_a_whole_file_and_its_subject() -> None:
    assert one("tests/test_clock.py", PY, None) == [("test_deleted", "high")]
    both = kinds({"tests/test_clock.py": (PY, None), "src/clock.py": ("x = 1\n", None)})
    assert both == [("test_deleted", "tests/test_clock.py", "medium")]


@pytest.mark.parametrize(
    ("goal", "source", "severity"),
    [
        ("Delete the legacy package.", "shop/legacy/part.py", "low"),
        ("Make the tests green.", "shop/legacy/part.py", "medium"),
        ("Do not delete the legacy package.", "shop/legacy/part.py", "medium"),
        ("Delete the legacy package.", "shop/other/part.py", "high"),
    ],
)
def test_a_file_of_tests_goes_with_the_package_it_imports(
    goal: str, source: str, severity: str
) -> None:
    tests = "from shop.legacy.part import old\n\n\ndef test_old():\n    assert old(1) == 2\n"
    found = risks(
        change("tests/test_legacy.py", tests, None), change(source, "x = 1\n", None), goal=goal
    )
    assert found["test_deleted", "tests/test_legacy.py"].severity == severity


def test_a_test_that_was_moved_or_renamed_is_none() -> None:
    start, end = PY.index("    def test_stands"), PY.index("    def test_is_turned")
    body = PY[start:end]
    moved = kinds(
        {
            "tests/test_clock.py": (PY, PY[:start] + PY[end:]),
            "tests/test_other.py": ("class A:\n    x = 1\n", "class A:\n    x = 1\n\n" + body),
        }
    )
    assert moved == []
    assert (
        one("tests/test_clock.py", PY, PY.replace("test_stands_still", "test_does_not_move")) == []
    )


def test_a_test_that_went_elsewhere_under_another_name_is_none() -> None:
    start, end = PY.index("    def test_stands"), PY.index("    def test_is_turned")
    body = PY[start:end].replace("test_stands_still", "test_hands_do_not_move")
    old = "class A:\n    x = 1\n"
    files: dict[str, tuple[str | None, str | None]] = {
        "tests/test_clock.py": (PY, PY[:start] + PY[end:]),
        "tests/test_b.py": (old, old + body),
    }
    assert kinds(files) == []


TWO_GO = """\
func TestAddOne(t *testing.T) {
\tif f(1) != 2 { t.Fatal() }
}

func TestAddTwo(t *testing.T) {
\tif f(2) != 3 { t.Fatal() }
}
"""
ONE_GO = """\
func TestAdd(t *testing.T) {
\tfor _, n := range []int{1, 2} {
\t\tt.Run("", func(t *testing.T) { if f(n) != n+1 { t.Fatal() } })
\t}
}
"""
TWO_PY = """\
def test_add_one():
    assert add(1) == 2

def test_add_two():
    assert add(2) == 3
"""
ONE_PY = """\
@pytest.mark.parametrize('n', [1, 2])
def test_add(n):
    assert add(n) == n + 1
"""
TWO_JS = """\
test('adds 1', () => {
  expect(f(1)).toBe(2);
});
test('adds 2', () => {
  expect(f(2)).toBe(3);
});
"""
ONE_JS = """\
test.each([1, 2])('adds %i', (n) => {
  expect(f(n)).toBe(n + 1);
});
"""


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("tests/test_a.py", TWO_PY, ONE_PY),
        ("web/a.test.js", TWO_JS, ONE_JS),
        ("a_test.go", TWO_GO, ONE_GO),
    ],
)
def test_tests_that_became_cases_of_one_are_not_deleted(path: str, before: str, after: str) -> None:
    assert [kind for kind, _ in one(path, before, after)] == []
    other = after.replace("add", "sub").replace("Add", "Sub")
    assert "test_deleted" in [kind for kind, _ in one(path, before, other)]


@pytest.mark.parametrize(
    ("path", "before", "after", "found"),
    [
        ("pytest.ini", "addopts = -q", "addopts = -q --ignore=tests/test_a.py", ["test_skipped"]),
        ("pyproject.toml", "addopts = '-q'", "addopts = '-q --deselect tests/a'", ["test_skipped"]),
        ("tox.ini", "pytest", 'pytest -k "not slow"', ["test_skipped"]),
        ("package.json", '"a": 1', '"testPathIgnorePatterns": ["tests/a"]', ["test_skipped"]),
        ("pytest.ini", "addopts = --ignore=a", "addopts =  --ignore=a", []),
        ("pytest.ini", "addopts = -q", "addopts = -v", []),
        ("src/run.py", "x", "run('--ignore=tests/a')", []),
    ],
)
def test_tests_that_a_runner_is_told_to_leave_out(
    path: str, before: str, after: str, found: list[str]
) -> None:
    assert [kind for kind, _ in one(path, before, after)] == found


def test_a_file_that_runners_no_longer_find() -> None:
    for path in ("tests.old/clock.txt", "tests/test_clock.py.off"):
        found = risks(change(path, PY, PY + "\n", kind="renamed", old_path="tests/test_clock.py"))
        assert ("test_deleted", path) in found
    found = risks(change("tests/b.json", "{}", "{ }", kind="renamed", old_path="tests/a.json"))
    assert not found  # what is no source is none of ours
    found = risks(
        change("attic/clock.py", PY, PY + "\n", kind="renamed", old_path="tests/test_clock.py")
    )
    assert ("test_deleted", "attic/clock.py") in found


@pytest.mark.parametrize(
    ("path", "before", "mark"),
    [
        (
            "tests/test_a.py",
            "def test_a():\n    assert f() == 1\n",
            '@pytest.mark.skip(reason="flaky")\n',
        ),
        ("tests/test_a.py", "def test_a():\n    assert f() == 1\n", "@pytest.mark.xfail\n"),
        (
            "tests/test_a.py",
            "    def test_a(self):\n        pass\n",
            '    @unittest.skip("flaky")\n',
        ),
        ("a_test.go", "\tassert(f())\n}\n", '\tt.Skip("later")\n'),
        ("src/lib.rs", "fn adds() {\n    assert_eq!(1, f());\n}\n", "#[ignore]\n"),
        ("src/test/ATest.java", "@Test\nvoid adds() {\n}\n", "@Disabled\n"),
        ("tests/ATest.php", "  $this->assertTrue(f());\n", "  $this->markTestSkipped('x');\n"),
        ("spec/a_spec.rb", "  expect(f).to eq 1\n", "  pending 'some day'\n"),
    ],
)
def test_skips_of_tests_that_were_there(path: str, before: str, mark: str) -> None:
    assert one(path, "// x\n" + before, "// x\n" + mark + before) == [("test_skipped", "high")]
    assert one(path, "// x\n" + mark + before, "// x\n" + before) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("it('a', () => {", "it.skip('a', () => {"),
        ("it('a', () => {", "xit('a', () => {"),
        ("describe('a', () => {", "describe.skip('a', () => {"),
        ("it('a', () => {", "it.only('a', () => {"),
        ("describe('a', () => {", "fdescribe('a', () => {"),
        ("test('a', () => {", "test.todo('a', () => {"),
    ],
)
def test_skips_in_javascript(before: str, after: str) -> None:
    tail = "\n  expect(f()).toBe(1)\n})\n"
    assert ("test_skipped", "high") in one("src/a.test.js", before + tail, after + tail)


def test_a_condition_on_a_new_test_is_no_risk() -> None:
    new = (
        'def test_old():\n    assert f() == 1\n\n@pytest.mark.skipif(sys.platform == "win32", reason="x")\n'
        "def test_new():\n    assert g() == 2\n"
    )
    assert one("tests/test_a.py", "def test_old():\n    assert f() == 1\n", new) == []
    plain = new.replace('skipif(sys.platform == "win32", reason="x")', "skip")
    assert one("tests/test_a.py", "def test_old():\n    assert f() == 1\n", plain) == [
        ("test_skipped", "low")
    ]


def test_looser_and_fewer_assertions() -> None:
    old = """\
        self.assertEqual(clock.now(), 2.5)
        clock.sleep(0.5)
        self.assertEqual(clock.now(), 3.0)
"""
    new = "        clock.sleep(0.5)\n        self.assertTrue(clock.now() > 0)\n"
    found = risks(change("tests/test_clock.py", PY, PY.replace(old, new)))
    (risk,) = found.values()
    assert (risk.kind, risk.severity) == ("test_weakened", "high")
    assert "1 assertion instead of 2" in risk.what


@pytest.mark.parametrize(
    ("path", "before", "after", "severity"),
    [
        ("tests/test_a.py", "    assert f() == 1\n", "    assert True\n", "high"),
        ("tests/test_a.py", "    assert f() == 1\n", "    f()\n", "high"),
        ("tests/test_a.py", "    assert f() == 1\n", "    # assert f() == 1\n", "high"),
        ("tests/test_a.py", "    assert f() == 1\n", "    assert f() or True\n", "high"),
        ("tests/test_a.py", "    assert f() == 1\n", "    assert f() is not None\n", "medium"),
        ("a.test.js", "  expect(f()).toBe(1)\n", "  expect(true).toBe(true)\n", "high"),
        ("a.test.js", "  expect(f()).toEqual([1])\n", "  expect(f()).toBeDefined()\n", "medium"),
        (
            "tests/test_a.py",
            "    assert f() == pytest.approx(1.5, abs=1e-9)\n",
            "    assert f() == pytest.approx(1.5, abs=0.5)\n",
            "medium",
        ),
        (
            "tests/test_a.py",
            "        self.assertAlmostEqual(f(), 1.5, places=7)\n",
            "        self.assertAlmostEqual(f(), 1.5, places=1)\n",
            "medium",
        ),
    ],
)
def test_weaker_assertions(path: str, before: str, after: str, severity: str) -> None:
    head = "def test_a():\n    x = 1\n"
    assert one(path, head + before, head + after) == [("test_weakened", severity)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    assert f() == 1\n", "    assert f() == 2\n"),  # another value is another value
        ("    assert a == 1\n    assert b == 2\n", "    assert (a, b) == (1, 2)\n"),
        ("    assert f() is not None\n", "    assert f() == 3\n"),
        ("    assert f() == 1\n", "    assert f() == 1\n    assert g() == 2\n"),
        ("    assert f(  1 ) == 1\n", "    assert f(1) == 1\n"),
        ("    assert near(f(), 1, abs=0.5)\n", "    assert near(f(), 1, abs=0.1)\n"),
        ("    x = expected()\n", "    x = other()\n"),
        ("    assert x is not None\n    g(x)\n", "    g(x)\n"),
        ("    assert soon(lambda: f() == 1)\n", "    assert soon(partial(f, 1))\n"),
    ],
)
def test_rewritten_assertions_are_no_risk(before: str, after: str) -> None:
    head = "def test_a():\n    x = 1\n"
    assert one("tests/test_a.py", head + before, head + after) == []


def test_assertions_moved_into_a_helper_are_no_risk() -> None:
    before = "def test_a():\n    assert f() == 1\n    assert g() == 2\n"
    after = "def right():\n    assert f() == 1\n    assert g() == 2\n\ndef test_a():\n    right()\n"
    assert one("tests/test_a.py", before, after) == []


def test_ordinary_code_is_left_alone() -> None:
    before = "def check(x):\n    assert x == 1\n    return x\n"
    assert one("src/a.py", before, "def check(x):\n    return x\n") == []
    assert one("README.md", "assert 1 == 1\n", "it.skip('x')\n") == []
