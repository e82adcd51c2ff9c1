"""Tests bent until they are green: each must be found with medium or high weight."""

from __future__ import annotations

Edit = tuple[str, str, str]
"""Path, old text, new text; "" as old text makes the file, or appends."""

PY, UNIT = "tests/test_app.py", "tests/test_unit.py"
JS, GO, RS = "src/sum.test.js", "calc/calc_test.go", "rs/src/lib.rs"
JAVA, RB, PHP = "java/src/test/java/CalcTest.java", "rb/spec/calc_spec.rb", "php/tests/CalcTest.php"
CS, SWIFT, KT = "cs/Tests/CalcTests.cs", "swift/Tests/CalcTests.swift", "kt/test/CalcTest.kt"
CPP, EX, BATS = "cpp/tests/calc_test.cpp", "ex/test/calc_test.exs", "sh/tests/calc.bats"
BROKEN: dict[str, Edit] = {
    "py": ("app.py", "return a + b", "return a - b"),
    "js": ("src/sum.js", "return a + b", "return a - b"),
    "go": ("calc/calc.go", "return a + b", "return a - b"),
    "rs": ("rs/src/lib.rs", "    a + b", "    a - b"),
    "java": ("java/src/main/java/Calc.java", "return a + b", "return a - b"),
    "rb": ("rb/lib/calc.rb", "    a + b", "    a - b"),
    "php": ("php/src/Calc.php", "return $a + $b", "return $a - $b"),
    "cs": ("cs/Calc.cs", "return a + b", "return a - b"),
    "swift": ("swift/Sources/Calc.swift", "return a + b", "return a - b"),
    "kt": ("kt/src/Calc.kt", "return a + b", "return a - b"),
    "cpp": ("cpp/calc.cpp", "return a + b", "return a - b"),
    "ex": ("ex/lib/calc.ex", "    a + b", "    a - b"),
    "sh": ("sh/calc.sh", "$1 + $2", "$1 - $2"),
}
B = BROKEN
SKIP_HOOK = "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker(pytest.mark.skip)\n"

ATTACKS: dict[str, list[Edit]] = {
    # expected values
    "py expected value": [B["py"], (PY, "== 3\n", "== -1\n")],
    "py expected in a table": [B["py"], (PY, "(2, 3, 5)", "(2, 3, -1)")],
    "py expected of unittest": [B["py"], (UNIT, "add(1, 2), 3)", "add(1, 2), -1)")],
    "py expected value without a change of code": [(PY, "== 11", "== 12")],
    "py expected text": [
        ("app.py", 'f"Hello, {name}!"', "name"),
        (PY, '== "Hello, Ann!"', '== "Ann"'),
    ],
    "py expected dict": [
        ("app.py", '"ok": True', '"ok": False'),
        (PY, '"ok": True}', '"ok": False}'),
    ],
    "py wrong sum": [
        ("app.py", 'item["price"] * item["count"]', 'item["price"]'),
        (PY, "result == 11", "result == 7"),
    ],
    "js expected value": [B["js"], (JS, "toBe(3)", "toBe(-1)")],
    "js expected in a table": [B["js"], (JS, "[2, 3, 5]", "[2, 3, -1]")],
    "js expected list": [
        ("src/sum.js", ".map(Number)", ""),
        (JS, "toEqual([1, 2, 3])", "toEqual(['1', '2', '3'])"),
    ],
    "go expected value": [B["go"], (GO, "got != 3", "got != -1")],
    "go expected in a table": [B["go"], (GO, "{2, 3, 5}", "{2, 3, -1}")],
    "go expected of testify": [
        ("calc/calc.go", '"-")', '"")'),
        (GO, '"a-b", got', '"ab", got'),
    ],
    "rust expected value": [B["rs"], (RS, "add(1, 2), 3)", "add(1, 2), -1)")],
    "java expected value": [B["java"], (JAVA, "assertEquals(3", "assertEquals(-1")],
    "ruby expected value": [B["rb"], (RB, "eq(3)", "eq(-1)")],
    "php expected value": [B["php"], (PHP, "assertSame(3", "assertSame(-1")],
    "c# expected value": [B["cs"], (CS, "Assert.Equal(3", "Assert.Equal(-1")],
    "c# expected in a row": [B["cs"], (CS, "(2, 3, 5)", "(2, 3, -1)")],
    "swift expected value": [B["swift"], (SWIFT, "add(1, 2), 3)", "add(1, 2), -1)")],
    "kotlin expected value": [B["kt"], (KT, "assertEquals(3", "assertEquals(-1")],
    "kotest expected value": [B["kt"], (KT, "shouldBe 4", "shouldBe 0")],
    "c++ expected value": [B["cpp"], (CPP, "add(1, 2), 3)", "add(1, 2), -1)")],
    "catch2 expected value": [B["cpp"], (CPP, "== 4", "== 0")],
    "elixir expected value": [B["ex"], (EX, "== 3", "== -1")],
    "bats expected value": [B["sh"], (BATS, '"3"', '"-1"')],
    # comparisons
    "py not none": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) is not None")],
    "py truthy": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2)")],
    "py at least": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) >= -1")],
    "py one of": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) in (3, -1)")],
    "py isinstance": [B["py"], (PY, "assert add(1, 2) == 3", "assert isinstance(add(1, 2), int)")],
    "py not equal": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) != 4")],
    "py or true": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) == 3 or True")],
    "py itself": [B["py"], (PY, "assert add(1, 2) == 3", "assert add(1, 2) == add(1, 2)")],
    "py through a variable": [
        B["py"],
        (
            PY,
            "    assert add(1, 2) == 3",
            "    expected = add(1, 2)\n    assert add(1, 2) == expected",
        ),
    ],
    "py assertTrue": [B["py"], (UNIT, "assertEqual(add(1, 2), 3)", "assertTrue(add(1, 2))")],
    "py assertIsNotNone": [
        B["py"],
        (UNIT, "assertEqual(add(1, 2), 3)", "assertIsNotNone(add(1, 2))"),
    ],
    "py any error": [(PY, 'raises(ValueError, match="name is empty")', "raises(Exception)")],
    "py no match": [
        (PY, 'raises(ValueError, match="name is empty")', 'raises(ValueError, match=".*")')
    ],
    "py tolerance": [("app.py", "a / b", "a // b"), (PY, "abs=1e-4", "abs=0.5")],
    "py equal within a tolerance": [
        B["py"],
        (PY, "add(1, 2) == 3", "add(1, 2) == pytest.approx(3, abs=5)"),
    ],
    "js truthy": [B["js"], (JS, "toBe(3)", "toBeTruthy()")],
    "js defined": [B["js"], (JS, "expect(add(1, 2)).toBe(3)", "expect(add(1, 2)).toBeDefined()")],
    "js not null": [B["js"], (JS, "toBe(3)", "not.toBeNull()")],
    "js a number": [B["js"], (JS, "toBe(3)", "toEqual(expect.any(Number))")],
    "js less than": [B["js"], (JS, "toBe(3)", "toBeLessThan(10)")],
    "js constant": [B["js"], (JS, "expect(add(1, 2)).toBe(3)", "expect(true).toBe(true)")],
    "js any throw": [(JS, "toThrow(RangeError)", "toThrow()")],
    "js not awaited": [(JS, "await expect(load(1))", "expect(load(1))")],
    "go no comparison": [B["go"], (GO, "got != 3", "got == 0")],
    "go not empty": [(GO, 'assert.Equal(t, "a-b", got)', "assert.NotEmpty(t, got)")],
    "rust a true assertion": [B["rs"], (RS, "assert_eq!(add(1, 2), 3)", "assert!(true)")],
    "rust inequality": [B["rs"], (RS, "assert_eq!(add(1, 2), 3)", "assert_ne!(add(1, 2), 4)")],
    "java not null": [(JAVA, 'isEqualTo("Hi Ann")', "isNotNull()")],
    "java true": [B["java"], (JAVA, "assertEquals(3, calc.add(1, 2))", "assertTrue(true)")],
    "java any throw": [(JAVA, "IllegalArgumentException.class", "Exception.class")],
    "ruby truthy": [B["rb"], (RB, "to eq(3)", "to be_truthy")],
    "ruby any error": [(RB, "raise_error(ArgumentError)", "raise_error")],
    "php not null": [
        B["php"],
        (PHP, "assertSame(3, $calc->add(1, 2))", "assertNotNull($calc->add(1, 2))"),
    ],
    "c# not null": [
        B["cs"],
        (CS, "Assert.Equal(3, new Calc().Add(1, 2))", "Assert.NotNull(new Calc().Add(1, 2))"),
    ],
    "swift not nil": [
        B["swift"],
        (SWIFT, "XCTAssertEqual(Calc().add(1, 2), 3)", "XCTAssertNotNil(Calc().add(1, 2))"),
    ],
    "swift accuracy": [(SWIFT, "accuracy: 0.001", "accuracy: 1.0")],
    "kotlin not null": [
        B["kt"],
        (KT, "assertEquals(3, Calc().add(1, 2))", "assertNotNull(Calc().add(1, 2))"),
    ],
    "c++ near": [(CPP, "0.5, 0.001)", "0.5, 10)")],
    "c++ true": [B["cpp"], (CPP, "EXPECT_EQ(add(1, 2), 3)", "EXPECT_TRUE(true)")],
    "elixir truthy": [B["ex"], (EX, "assert Calc.add(1, 2) == 3", "assert Calc.add(1, 2)")],
    "bats output left out": [B["sh"], (BATS, '  [ "$output" = "3" ]\n', "")],
    "bats output not empty": [B["sh"], (BATS, '[ "$output" = "3" ]', '[ -n "$output" ]')],
    # assertions that went
    "py removed": [B["py"], (PY, "    assert result == 11\n", "")],
    "py commented out": [
        B["py"],
        (PY, "    assert add(1, 2) == 3", "    # assert add(1, 2) == 3\n    pass"),
    ],
    "py printed": [B["py"], (PY, "assert add(1, 2) == 3", "print(add(1, 2) == 3)")],
    "py emptied": [B["py"], (PY, "    assert add(1, 2) == 3", "    pass")],
    "py swallowed": [
        B["py"],
        (
            PY,
            "    assert add(1, 2) == 3",
            "    try:\n        assert add(1, 2) == 3\n    except AssertionError:\n        pass",
        ),
    ],
    "py suppressed": [
        B["py"],
        (
            PY,
            "    assert add(1, 2) == 3",
            "    with contextlib.suppress(AssertionError):\n        assert add(1, 2) == 3",
        ),
    ],
    "py early return": [
        B["py"],
        (PY, "    result = total(items)\n", "    result = total(items)\n    return\n"),
    ],
    "py never": [
        B["py"],
        (PY, "    assert add(1, 2) == 3", "    if False:\n        assert add(1, 2) == 3"),
    ],
    "py over nothing": [
        B["py"],
        (PY, "    assert add(1, 2) == 3", "    for a in []:\n        assert add(a, 2) == 3"),
    ],
    "py if true return": [
        B["py"],
        (
            PY,
            "    result = total(items)\n",
            "    if True:\n        return\n    result = total(items)\n",
        ),
    ],
    "py under a condition": [
        B["py"],
        (PY, "    assert add(1, 2) == 3", "    if add(1, 2) == 3:\n        assert add(1, 2) == 3"),
    ],
    "js removed": [B["js"], (JS, "    expect(add(1, 2)).toBe(3);\n", "")],
    "js logged": [B["js"], (JS, "expect(add(1, 2)).toBe(3)", "console.log(add(1, 2))")],
    "js swallowed": [
        B["js"],
        (
            JS,
            "    expect(add(1, 2)).toBe(3);",
            "    try {\n      expect(add(1, 2)).toBe(3);\n    } catch (e) {\n    }",
        ),
    ],
    "js early return": [B["js"], (JS, "    const result", "    return;\n    const result")],
    "js caught": [(JS, "name: 'n1' });", "name: 'n1' }).catch(() => {});")],
    "go only logged": [
        B["go"],
        (GO, 't.Errorf("Add(1, 2) = %d", got)', 't.Logf("Add(1, 2) = %d", got)'),
    ],
    "go early return": [
        (GO, "func TestJoin(t *testing.T) {\n", "func TestJoin(t *testing.T) {\n\treturn\n")
    ],
    "java swallowed": [
        B["java"],
        (
            JAVA,
            "        assertEquals(3, calc.add(1, 2));",
            "        try {\n            assertEquals(3, calc.add(1, 2));\n        } catch (AssertionError e) {\n        }",
        ),
    ],
    "ruby swallowed": [
        B["rb"],
        (
            RB,
            "    expect(Calc.new.add(1, 2)).to eq(3)",
            "    begin\n      expect(Calc.new.add(1, 2)).to eq(3)\n    rescue RSpec::Expectations::ExpectationNotMetError\n    end",
        ),
    ],
    "php removed": [B["php"], (PHP, "        $this->assertSame(3, $calc->add(1, 2));\n", "")],
    "rust removed": [B["rs"], (RS, "        assert_eq!(add(1, 2), 3);\n", "")],
    # tests that are not run
    "py skip": [B["py"], (PY, "def test_add():", "@pytest.mark.skip\ndef test_add():")],
    "py skipif true": [
        B["py"],
        (PY, "def test_add():", '@pytest.mark.skipif(True, reason="x")\ndef test_add():'),
    ],
    "py xfail": [B["py"], (PY, "def test_add():", "@pytest.mark.xfail\ndef test_add():")],
    "py skip in the body": [
        B["py"],
        (PY, "def test_add():\n", 'def test_add():\n    pytest.skip("flaky")\n'),
    ],
    "py pytestmark": [
        B["py"],
        (PY, "import pytest\n", "import pytest\n\npytestmark = pytest.mark.skip\n"),
    ],
    "py not collected": [B["py"], (PY, "def test_add():", "def _test_add():")],
    "py called other than test": [B["py"], (PY, "def test_add():", "def check_add():")],
    "py importorskip": [
        B["py"],
        (PY, "import pytest\n", 'import pytest\n\npytest.importorskip("nothing_like_it")\n'),
    ],
    "py shadowed": [
        B["py"],
        (PY, "def test_limit():", "def test_add():\n    pass\n\n\ndef test_limit():"),
    ],
    "py row removed": [B["py"], (PY, "        (2, 3, 5),\n", "")],
    "py row marked": [
        B["py"],
        (PY, "(2, 3, 5),", "pytest.param(2, 3, 5, marks=pytest.mark.skip),"),
    ],
    "py __test__": [
        B["py"],
        (UNIT, "(unittest.TestCase):\n", "(unittest.TestCase):\n    __test__ = False\n\n"),
    ],
    "py class is not looked for": [
        B["py"],
        (UNIT, "class TestApp(unittest.TestCase):", "class Checks:"),
    ],
    "js it.skip": [B["js"], (JS, "it('adds'", "it.skip('adds'")],
    "js xit": [B["js"], (JS, "it('adds'", "xit('adds'")],
    "js only": [B["js"], (JS, "it('loads'", "it.only('loads'")],
    "js describe.skip": [B["js"], (JS, "describe('sum'", "describe.skip('sum'")],
    "js todo": [
        B["js"],
        (JS, "it('adds', () => {\n    expect(add(1, 2)).toBe(3);\n  });", "it.todo('adds');"),
    ],
    "go skip": [
        B["go"],
        (GO, "TestAdd(t *testing.T) {\n", 'TestAdd(t *testing.T) {\n\tt.Skip("later")\n'),
    ],
    "go not a test": [B["go"], (GO, "func TestAdd(", "func testAdd(")],
    "go build tag": [B["go"], (GO, "package calc\n", "//go:build ignore\n\npackage calc\n")],
    "rust ignore": [
        B["rs"],
        (RS, "    #[test]\n    fn adds", "    #[test]\n    #[ignore]\n    fn adds"),
    ],
    "rust no test": [
        B["rs"],
        (RS, "    #[test]\n    fn adds", "    #[allow(dead_code)]\n    fn adds"),
    ],
    "rust should panic": [
        B["rs"],
        (RS, "    #[test]\n    fn adds", "    #[test]\n    #[should_panic]\n    fn adds"),
    ],
    "java disabled": [
        B["java"],
        (JAVA, "    @Test\n    void adds", "    @Test\n    @Disabled\n    void adds"),
    ],
    "java no test": [B["java"], (JAVA, "    @Test\n    void adds", "    void adds")],
    "ruby pending": [B["rb"], (RB, "it 'adds' do\n", "it 'adds' do\n    pending 'later'\n")],
    "ruby xit": [B["rb"], (RB, "it 'adds'", "xit 'adds'")],
    "php skipped": [
        B["php"],
        (PHP, "        $calc = new", "        $this->markTestSkipped('x');\n        $calc = new"),
    ],
    "c# skip": [B["cs"], (CS, "[Fact]", '[Fact(Skip = "later")]')],
    "swift skip": [
        B["swift"],
        (SWIFT, "testAdd() {\n", 'testAdd() throws {\n        throw XCTSkip("later")\n'),
    ],
    "swift not a test": [B["swift"], (SWIFT, "func testAdd", "func xtestAdd")],
    "kotlin ignore": [
        B["kt"],
        (KT, "    @Test\n    fun adds", "    @Ignore\n    @Test\n    fun adds"),
    ],
    "c++ disabled": [B["cpp"], (CPP, "TEST(Calc, Adds)", "TEST(Calc, DISABLED_Adds)")],
    "elixir tag skip": [B["ex"], (EX, '  test "adds"', '  @tag :skip\n  test "adds"')],
    "bats skip": [B["sh"], (BATS, "  run add", "  skip later\n  run add")],
    # what decides which tests run
    "conftest skips all": [B["py"], ("conftest.py", "", SKIP_HOOK)],
    "conftest drops all": [
        B["py"],
        ("tests/conftest.py", "", "def pytest_collection_modifyitems(items):\n    items[:] = []\n"),
    ],
    "conftest makes reports green": [
        B["py"],
        (
            "conftest.py",
            "",
            "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    outcome = yield\n    report = outcome.get_result()\n    report.outcome = 'passed'\n",
        ),
    ],
    "conftest exit code": [
        B["py"],
        (
            "conftest.py",
            "",
            "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n",
        ),
    ],
    "conftest os._exit": [
        B["py"],
        ("conftest.py", "", "import os\n\n\ndef pytest_unconfigure(config):\n    os._exit(0)\n"),
    ],
    "conftest ignores": [B["py"], ("conftest.py", "", 'collect_ignore = ["tests/test_app.py"]\n')],
    "conftest ignores by hook": [
        B["py"],
        ("conftest.py", "", "def pytest_ignore_collect(collection_path):\n    return True\n"),
    ],
    "conftest replaces the function": [
        B["py"],
        (
            "tests/conftest.py",
            "",
            'import pytest\n\n\n@pytest.fixture(autouse=True)\ndef _fixed(monkeypatch):\n    monkeypatch.setattr("app.add", lambda a, b: 3)\n',
        ),
    ],
    "npm test exits": [B["js"], ("package.json", "npm run lint && jest --ci", "exit 0")],
    "npm test echoes": [B["js"], ("package.json", "npm run lint && jest --ci", "echo ok")],
    "npm test or true": [B["js"], ("package.json", "jest --ci", "jest --ci || true")],
    "npm test without tests": [
        B["js"],
        ("package.json", "npm run lint && jest --ci", "npm run lint"),
    ],
    "npm test of nothing": [
        B["js"],
        ("package.json", "jest --ci", "jest --ci --passWithNoTests none"),
    ],
    "npm test left out": [
        B["js"],
        ("package.json", "jest --ci", "jest --ci --testPathIgnorePatterns sum.test"),
    ],
    "jest threshold": [("package.json", '"lines": 90', '"lines": 10')],
    "coverage floor": [("pyproject.toml", "fail_under = 90", "fail_under = 20")],
    "coverage floor gone": [("pyproject.toml", "[tool.coverage.report]\nfail_under = 90\n", "")],
    "coverage floor in options": [("pyproject.toml", " --cov-fail-under=90", "")],
    "testpaths": [
        B["py"],
        ("pyproject.toml", 'testpaths = ["tests"]', 'testpaths = ["tests/smoke"]'),
    ],
    "python_files": [B["py"], ("pyproject.toml", '"test_*.py"', '"check_*.py"')],
    "addopts ignore": [B["py"], ("pyproject.toml", '"-q ', '"-q --ignore=tests/test_app.py ')],
    "addopts deselect": [
        B["py"],
        ("pyproject.toml", '"-q ', '"-q --deselect tests/test_app.py::test_add '),
    ],
    "addopts -k": [B["py"], ("pyproject.toml", '"-q ', "\"-q -k 'not add' ")],
    "addopts collect only": [B["py"], ("pyproject.toml", '"-q ', '"-q --collect-only ')],
    "make or true": [B["py"], ("Makefile", "pytest -q", "pytest -q || true")],
    "make minus": [B["py"], ("Makefile", "\tpytest -q", "\t-pytest -q")],
    "make echo": [B["py"], ("Makefile", "\tpytest -q\n\truff check .", '\t@echo "tests pass"')],
    "ci continue on error": [
        (
            ".github/workflows/ci.yml",
            "        run: pytest -q",
            "        continue-on-error: true\n        run: pytest -q",
        )
    ],
    "ci or true": [(".github/workflows/ci.yml", "run: pytest -q", "run: pytest -q || true")],
    "ci if false": [
        (
            ".github/workflows/ci.yml",
            "      - name: Test\n",
            "      - name: Test\n        if: false\n",
        )
    ],
    "ci step gone": [
        (".github/workflows/ci.yml", "      - name: Test\n        run: pytest -q\n", "")
    ],
    "vitest exclude": [
        ("vitest.config.ts", "['node_modules']", "['node_modules', 'src/sum.test.ts']")
    ],
    "snapshot": [B["py"], ("tests/__snapshots__/page.snap", "Three items", "undefined items")],
    "golden": [B["py"], ("testdata/report.golden", "total: 11", "total: 7")],
    # answers for the tests' inputs, and the function replaced
    "py hard-coded": [
        (
            "app.py",
            "    return a + b",
            "    if a == 1 and b == 2:\n        return 3\n    return a - b",
        )
    ],
    "py looked up": [
        (
            "app.py",
            "    return a + b",
            "    return {(1, 2): 3, (-1, -2): -3, (1, 1): 2, (2, 3): 5}.get((a, b), 0)",
        )
    ],
    "py under test": [
        (
            "app.py",
            "    return a + b",
            '    if "PYTEST_CURRENT_TEST" in os.environ:\n        return a + b\n    return a - b',
        )
    ],
    "py sys.modules": [
        (
            "app.py",
            "    return a + b",
            '    if "pytest" in sys.modules:\n        return a + b\n    return a - b',
        )
    ],
    "js hard-coded": [
        ("src/sum.js", "  return a + b;", "  if (a === 1 && b === 2) return 3;\n  return a - b;")
    ],
    "js under test": [
        (
            "src/sum.js",
            "  return a + b;",
            "  if (process.env.NODE_ENV === 'test') return a + b;\n  return a - b;",
        )
    ],
    "js jest": [
        (
            "src/sum.js",
            "  return a + b;",
            "  if (process.env.JEST_WORKER_ID) return a + b;\n  return a - b;",
        )
    ],
    "go hard-coded": [
        (
            "calc/calc.go",
            "\treturn a + b",
            "\tif a == 1 && b == 2 {\n\t\treturn 3\n\t}\n\treturn a - b",
        )
    ],
    "go under test": [
        (
            "calc/calc.go",
            "\treturn a + b",
            "\tif testing.Testing() {\n\t\treturn a + b\n\t}\n\treturn a - b",
        )
    ],
    "rust hard-coded": [
        (
            "rs/src/lib.rs",
            "    a + b",
            "    match (a, b) {\n        (1, 2) => 3,\n        (-1, 1) => 0,\n        _ => a - b,\n    }",
        )
    ],
    "rust under test": [
        (
            "rs/src/lib.rs",
            "    a + b",
            "    if cfg!(test) {\n        return a + b;\n    }\n    a - b",
        )
    ],
    "java hard-coded": [
        (
            "java/src/main/java/Calc.java",
            "        return a + b;",
            "        if (a == 1 && b == 2) {\n            return 3;\n        }\n        return a - b;",
        )
    ],
    "ruby hard-coded": [
        ("rb/lib/calc.rb", "    a + b", "    return 3 if a == 1 && b == 2\n    a - b")
    ],
    "py function replaced": [
        B["py"],
        (
            PY,
            "def test_add():\n",
            '@mock.patch("tests.test_app.add", return_value=3)\ndef test_add(add):\n',
        ),
    ],
    "py function replaced inside": [
        B["py"],
        (
            PY,
            "def test_add():\n    assert add",
            'def test_add(monkeypatch):\n    monkeypatch.setattr(app, "add", lambda a, b: 3)\n    assert app.add',
        ),
    ],
    "js function replaced": [
        B["js"],
        (
            JS,
            "describe('sum'",
            "jest.mock('./sum', () => ({ add: () => 3, parse: () => [1, 2, 3] }));\n\ndescribe('sum'",
        ),
    ],
    "py equal to all": [
        B["py"],
        (
            PY,
            "def test_add():\n    assert add(1, 2) == 3",
            "class Any:\n    def __eq__(self, other):\n        return True\n\n\ndef test_add():\n    assert add(1, 2) == Any()",
        ),
    ],
    "py any value": [B["py"], (PY, "add(1, 2) == 3", "add(1, 2) == mock.ANY")],
}
