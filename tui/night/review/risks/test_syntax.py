"""Paths of tests; tests, skips and assertions, language by language."""

from __future__ import annotations

import re

from tui.night.review.risks.diff_view import pattern_for, patterns_by_path
from tui.system.lazy_pattern import lazy

_TEST_PATH = lazy(
    r"(?:^|/)(?:tests?|specs?|__tests__|testing|e2e|cypress)/"
    r"|(?:^|/)test_[^/]*\.\w+$|(?:^|/)(?:conftest|tests)\.py$"
    r"|[_.-](?:tests?|spec|e2e|cy)\.\w+$|[a-z0-9](?:Tests?|Spec|TestCase|IT)\.\w+$|\.bats$"
)
_CODE = lazy(
    r"\.(?:py|pyi|[cm]?[jt]sx?|vue|svelte|go|rs|java|kt|kts|scala|groovy|rb|php|cs|fs|swift|m|mm|c|cc|cpp|cxx"
    r"|h|hpp|ex|exs|erl|dart|lua|pl|t|sh|bash|bats|r|jl|clj|hs|ml|nim|zig|cr)$",
)
_JS = r"\.(?:[cm]?[jt]sx?|vue|svelte)$"
_DEFINITIONS = patterns_by_path(
    (r"\.pyi?$", r"\s*(?:async\s+)?def\s+(test\w*)\s*\("),
    (
        _JS,
        r"\s*x?(?:it|test|specify)(?:\.(?!each\b)\w+)*(?:\.each\b.*?\))?\s*\(\s*(['\"`])(?P<name>.+?)\1",
    ),
    (r"\.go$", r"func\s+((?:Test|Fuzz|Example)\w*)\s*\("),
    (r"\.(?:php)$", r"\s*(?:public\s+)?function\s+(test\w*)\s*\("),
    (r"\.swift$", r"\s*func\s+(test\w*)\s*\("),
    (
        r"\.rb$",
        r"\s*(?:x?(?:it|specify|scenario|example)\s*\(?\s*(['\"])(?P<name>.+?)\1"
        r"|def\s+(?P<other>test_\w+))",
    ),
    (r"\.exs$", r"\s*test\s+(['\"])(?P<name>.+?)\1"),
    (r"\.(?:c|cc|cpp|cxx|h|hpp)$", r"\s*TEST(?:_F|_P)?\s*\(\s*(\w+\s*,\s*\w+)\s*\)"),
    (r"\.(?:bats|sh)$", r"\s*@test\s+(['\"])(?P<name>.+?)\1"),
    (r"\.dart$", r"\s*test(?:Widgets)?\(\s*(['\"])(?P<name>.+?)\1"),
)
_MARKED: tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...] = (
    (
        lazy(r"\.rs$"),
        lazy(r"\s*#\[(?:\w+::)?(?:test|rstest)\b"),
        lazy(r"\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)"),
    ),
    (
        lazy(r"\.(?:java|kt|kts|groovy|scala)$"),
        lazy(r"\s*@(?:Test|ParameterizedTest|RepeatedTest)\b"),
        lazy(r".*?\b(?:void|fun)\s+(`[^`]+`|\w+)\s*\("),
    ),
    (
        lazy(r"\.cs$"),
        lazy(r"\s*\[(?:Fact|Theory|Test|TestCase|TestMethod)\b"),
        lazy(r".*?\b(?:void|Task)\s+(\w+)\s*\("),
    ),
)
_FUNCTION = lazy(
    r"\s*(?:(?:async\s+)?def|func|(?:pub\s+)?(?:async\s+)?fn|(?:export\s+)?(?:async\s+)?function|(?:public|private|protected)\b[^=;]*?)\s+(\w+)\s*\("
)
_SKIPS = patterns_by_path(
    (
        r"\.pyi?$",
        r"\s*@(?:pytest\.)?mark\.(?:skip|skipif|xfail)\b"
        r"|\s*@(?:unittest\.|ut\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b"
        r"|.*\bpytestmark\s*=.*\bmark\.(?:skip|skipif|xfail)\b|\s*(?:raise\s+)?(?:unittest\.)?SkipTest\b"
        r"|\s*(?:if\b.*:\s*)?(?:self\.skipTest|pytest\.(?:skip|xfail))\s*\(|\s*__test__\s*=\s*False"
        r"|\s*(?:\w+\s*=\s*)?pytest\.importorskip\(|.*\bmarks\s*=\s*(?:\[\s*)?pytest\.mark\.(?:skip|xfail)\b",
    ),
    (
        _JS,
        r"\s*(?:it|test|describe|context|suite|specify)(?:\.\w+)*\.(?:skip|only|todo|fixme|fails|failing|skipIf)\b"
        r"|\s*(?:it|test|describe)\(.*\{\s*(?:skip|todo)\s*:\s*true"
        r"|\s*[xf](?:it|describe|test|context|specify)\s*\(|\s*(?:this|ctx|t)\.skip\(|\s*pending\(",
    ),
    (
        r"\.go$",
        r"\s*\w+\.Skip(?:f|Now)?\(|//\s*(?:go:|\+)build\s+(?!!?(?:linux|windows|darwin|unix|cgo|go1)\b)\w",
    ),
    (r"\.rs$", r"\s*#!?\[(?:ignore|should_panic|cfg\((?!test\b)|cfg_attr\([^)]*,\s*ignore)\b"),
    (
        r"\.(?:java|kt|kts|groovy|scala)$",
        r"\s*@(?:Disabled|Ignore|EnabledIf|EnabledOn|DisabledIf|DisabledOn)\w*|\s*(?:Assumptions\.)?assume(?:True|That|False)\(",
    ),
    (r"\.cs$", r"\s*\[Ignore\b|\s*\[\w+\(.*\bSkip\s*=|\s*Assert\.(?:Ignore|Inconclusive)\("),
    (
        r"\.rb$",
        r"\s*x(?:it|describe|context|specify|example|scenario)\b|\s*(?:pending|skip|omit)\b(?!\s*=)"
        r"|.*,\s*(?::skip\b|:pending\b|(?:skip|pending):\s*(?!false))|\s*f(?:it|describe|context)\b",
    ),
    (r"\.php$", r"\s*\$this->markTest(?:Skipped|Incomplete)\(|.*->(?:skip|todo)\("),
    (r"\.swift$", r"\s*(?:throw|try)\s+XCTSkip"),
    (r"\.exs$", r"\s*@(?:module|describe)?tag\s+:?skip\b"),
    (r"\.(?:c|cc|cpp|cxx)$", r"\s*GTEST_SKIP\b|.*\bTEST(?:_F|_P)?\(.*\bDISABLED_"),
    (r"\.(?:bats|sh)$", r"\s*skip\b(?!\s*=)"),
)
CONDITIONAL = lazy(
    r"importorskip\b|assume(?!True\(\s*false)(?:True|That|False)\(|(?:En|Dis)abled(?:If|On)|\bcfg\(|skipif\b(?!\s*\(\s*True\b)|skipIf\b(?!\s*\(\s*True\b)|skipUnless\b(?!\s*\(\s*False\b)|\bif\b|cfg_attr"
    r"|xfail\b.*\bcondition\b|\bbuild\s+(?!ignore|never|none|skip)"
)
"""A line that switches a test off only under a condition."""
PARAMETRISED = lazy(
    r"\bparametri[sz]e\b|@parameterized|\bsubTest\(|\.each\b|@ParameterizedTest|@(?:Csv|Value|Method)Source"
    r"|#\[(?:case|rstest|test_case)\b|@?[dD]ataProvider\b|\[(?:InlineData|TestCase|Theory)\b|\bt\.Run\("
    r"|\bwith_them\b|\bwhere\(|\bTEST_P\b"
)
"""A line that makes one test of several cases."""
_RUNNER_FILE = lazy(
    r"(?:^|/)(?:pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|phpunit[\w.]*\.xml|\.rspec"
    r"|\.mocharc[\w.]*|(?:jest|vitest|vite|karma)\.config\.\w+)$"
)
_LEAVES_OUT = lazy(
    r"--(?:ignore(?:-glob)?|deselect)[= ]|--collect-only\b|--co\b|(?:^|\s)-[km][= ]+[\"'\\]*not\b"
    r"|\btestPathIgnorePatterns\b.*(?:tests?|spec)\b|\bpassWithNoTests\b|<exclude>[^<]*[tT]est"
)
_WORDS = lazy(r"[A-Z]?[a-z]+|[A-Z]+")
_TITLE = lazy(r"(['\"`])(.+?)\1")
ONLY = lazy(r"\.only\b|\bf(?:it|describe|test|context)\s*[\(\s]")
"""A line that switches all other tests off."""
_ASSERTION = lazy(
    r"\bassert\w*\b|\bexpect(?!ed|ation|ing)\w*\s*[({.!]|\bself\.(?:assert|fail)\w*\b|\bshould(?:_not|\.|\b)|\bverify\w*\s*\("
    r"|\bcheck\w*\s*\(|\bensure\w*\s*\(|\brequire\.\w+\(|\bt\.(?:Error|Fatal|Fail)\w*\(|\bAssert\.\w+\b"
    r"|\bXCTAssert\w*|\b(?:EXPECT|ASSERT|CHECK|REQUIRE)_?\w*\(|\bpytest\.(?:raises|warns|fail)\b|\brefute\w*\b"
    r"|\bdeepEqual\(|\bstrictEqual\(|\bmust_\w+"
)
_NOT_ASSERTION = lazy(
    r"\s*(?:#|//|\*|import\b|from\b|use\b|const\b.*require\(|@|func\s|def\s|fn\s)"
)
_EXACT = lazy(
    r"==|===|assertEqual|assert_eq|assertEquals|toBe\(|toEqual|toStrictEqual|strictEqual|deepEqual|assertSame|\bEqual\("
    r"|assertDictEqual|assertListEqual|toMatchSnapshot|assert_equal|XCTAssertEqual|_EQ\(|\beq\b|toHaveBeenCalledWith"
    r"|assertThrows|raises\(|toThrow\("
)
TRIVIAL = lazy(
    r"\bassert\s*\(?\s*(?:True|1|not False|1\s*==\s*1|True\s*==\s*True)\s*\)?\s*(?:,|#|$)"
    r"|\bassert\b.*\bor\s+True\b"
    r"|assert(?:True|_true|_)?\(\s*(?:True|true|1)\s*(?:,[^)]*)?\)\s*;?\s*$|expect\(\s*(?:true|1)\s*\)\.to(?:Be|Equal|BeTruthy)"
    r"|assertEqual\(\s*(\w+)\s*,\s*\1\s*\)|assert_eq!\(\s*(\w+)\s*,\s*\2\s*\)|assert!\(\s*true\s*\)|assert\.ok\(\s*true"
    r"|Assert\.True\(\s*true\s*\)|expect\(\s*true\s*\)\.to\s+be"
)
"""An assertion that cannot fail."""
NARROWING = lazy(r"\s*assert\s+(?:[\w.]+\s+is\s+not\s+None|isinstance\([\w.]+,\s*[\w.]+\))\s*$")
"""An assertion that only tells a type checker what a plain name is."""
_TOLERANCE = lazy(
    r"\b(abs|rel|accuracy|delta|atol|rtol|tolerance|tol|eps|epsilon|abs_tol|rel_tol|within)\s*[=:(]\s*([\d.]+(?:e-?\d+)?)"
)
_DIGITS = lazy(r"\b(places\s*=\s*|decimal\s*=\s*|toBeCloseTo\([^,]+,\s*)(-?\d{1,2})\b")


def is_test(path: str) -> bool:
    """Whether a path is one where tests live."""
    return _TEST_PATH.search(path) is not None


def is_code(path: str) -> bool:
    """Whether a path is that of source text."""
    return _CODE.search(path) is not None


def test_name(path: str, text: str) -> str:
    """The name of the test that a line begins; "" if it begins none that says so in one line."""
    pattern = pattern_for(_DEFINITIONS, path)
    match = pattern.match(text) if pattern is not None else None
    if match is None:
        return ""
    groups = match.groupdict()
    return str(groups.get("name") or groups.get("other") or match.group(1))


def marked_test(path: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """For languages that mark tests: what the mark and what the line with the name looks like."""
    return next(((mark, name) for files, mark, name in _MARKED if files.search(path)), None)


def function_name(path: str, text: str) -> str:
    """The name of the test or function that a line begins."""
    name = test_name(path, text)
    match = None if name else _FUNCTION.match(text)
    return match.group(1) if match is not None else name


def is_skip(path: str, text: str) -> bool:
    """Whether a line switches a test off."""
    pattern = pattern_for(_SKIPS, path)
    return pattern is not None and pattern.match(text) is not None


def excludes_tests(path: str, text: str) -> bool:
    """Whether a line of a runner's settings leaves tests out."""
    return _RUNNER_FILE.search(path) is not None and _LEAVES_OUT.search(text) is not None


def test_subject(name: str) -> str:
    """The first word of a test's name, behind the word test itself and without a number."""
    words = _WORDS.findall(name.removeprefix("test").removeprefix("Test"))
    return words[0].lower() if words else ""


def quoted_title(text: str) -> str:
    """The first quoted text of a line: what a test or a group of tests is called."""
    match = _TITLE.search(text)
    return match.group(2) if match is not None else ""


def is_assertion(text: str) -> bool:
    """Whether a line checks something."""
    return _ASSERTION.search(text) is not None and _NOT_ASSERTION.match(text) is None


def is_exact(text: str) -> bool:
    """Whether an assertion names the one value it expects."""
    return _EXACT.search(text) is not None and "lambda" not in text


def split_tolerance(text: str) -> tuple[str, float] | None:
    """The line without its tolerance, and how much it tolerates (more is looser)."""
    match, digits = _TOLERANCE.search(text), None
    if match is None:
        match = digits = _DIGITS.search(text)
    if match is None:
        return None
    try:
        # More digits to compare are stricter.
        value = float(match.group(2)) if digits is None else 0.5 * 10 ** -int(match.group(2))
    except ValueError:
        return None
    start, end = match.span(2)
    return "".join((text[:start] + "~" + text[end:]).split()), value
