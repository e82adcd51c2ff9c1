"""Commands that run the tests: scripts of packages, recipes of make and its like."""

from __future__ import annotations

from collections.abc import Iterator

from tui.model.records import FileChange
from tui.model.review import Severity
from tui.night.review.risks.diff_view import (
    DiffLine,
    RiskFinding,
    diff_lines,
    excerpt,
    finding_at,
)
from tui.night.review.risks.oracle.runners.hooks import new_lines
from tui.system.lazy_pattern import lazy

_RUNS = (
    r"(?:pytest|py\.test|unittest|nose2?|tox|nox|jest|vitest|mocha|ava|tap|jasmine|karma|cypress"
    r"|playwright|node\s+--test|bun\s+test|deno\s+test|go\s+test|gotestsum|cargo\s+(?:test|nextest)"
    r"|ctest|(?:\./)?(?:gradlew?|mvnw?)\b.*\b(?:test|check|verify)|mvn\s+\S*(?:test|verify)"
    r"|dotnet\s+test|swift\s+test|rspec|minitest|rake\s+(?:test|spec)|rails\s+test|phpunit|pest"
    r"|mix\s+test|bats|(?:npm|yarn|pnpm)\s+(?:run\s+)?(?:test|t)\b|make\s+(?:test|check)|just\s+test)"
)
_CHECKS = (
    r"ruff|flake8|pylint|mypy|pyright|eslint|tsc|biome|prettier|clippy|golangci-lint|go\s+vet"
    r"|rubocop|lint"
)
_TEST_COMMAND = lazy(rf"(?<![\w-]){_RUNS}(?![\w-])")
_CHECK_COMMAND = lazy(rf"(?<![\w-])(?:{_RUNS}|{_CHECKS})(?![\w-])")
_NEVER_FAILS = lazy(
    r"\|\|\s*(?:true|:|exit\s+0|echo\b|/bin/true)|;\s*(?:true|exit\s+0|:)\s*[\"']?\s*,?\s*$"
    r"|\bset\s+\+e\b|--passWithNoTests|--exit-zero|\|\s*(?:cat|tee)\b[^|&;]*[\"']?,?\s*$"
)
_DOES_NOTHING = lazy(
    r"^[@-]*\s*(?:exit\s+0|true|:|/bin/true|echo\b[^&|;]*|printf\b[^&|;]*"
    r"|node\s+-e\s+\S*(?:0|process\.exit\(0\))\S*)?\s*(?:[;&]+\s*(?:exit\s+0|true)\s*)?$"
)
_SCRIPT = lazy(r"\s*\"(?P<name>[\w:.-]+)\"\s*:\s*\"(?P<value>(?:\\.|[^\"\\])*)\"")
_TEST_SCRIPT = lazy(
    r"^(?:pre|post)?(?:tests?|check|verify|ci|spec|validate|coverage|lint|typecheck|type-check)(?:$|[:.-])"
)
_PACKAGE = lazy(r"(?:^|/)(?:package|composer|deno)\.jsonc?$")
_RECIPES = lazy(
    r"(?:^|/)(?:GNU)?[Mm]akefile$|\.mk$|(?:^|/)[Jj]ustfile$|(?:^|/)tox\.ini$|(?:^|/)noxfile\.py$"
    r"|(?:^|/)Rakefile$|(?:^|/)Taskfile\.ya?ml$|(?:^|/)(?:scripts?|bin|ci|\.ci|tools|hack)/[^/]*$"
    r"|(?:^|/)(?:run[-_]?)?tests?(?:\.sh)?$|(?:^|/)pyproject\.toml$|(?:^|/)build\.gradle(?:\.kts)?$"
)
_IGNORED = lazy(r"commands\s*=\s*-\s")
_WANTED = lazy(r"(?:deps|requires|pip\s+install|.*\binstall)\b")
_WORDS = {
    "nothing": "runs no test any more",
    "never fails": "can no longer fail",
    "fewer steps": "runs fewer steps",
}


def runs_tests(text: str) -> bool:
    """Whether a command, or a line that holds one, runs tests."""
    return _TEST_COMMAND.search(text) is not None


def find_command_weakenings(change: FileChange) -> Iterator[RiskFinding]:
    """Scripts and recipes of a file that test less than before."""
    if _PACKAGE.search(change.path):
        yield from _scripts(change)
    elif _RECIPES.search(change.path):
        yield from _recipes(change)


def _scripts(change: FileChange) -> Iterator[RiskFinding]:
    before = _script_lines(change, "-")
    for name, (value, line) in _script_lines(change, "+").items():
        if not _TEST_SCRIPT.search(name):
            continue
        old = before.get(name, ("", line))[0]
        kind = _weaker_command(old, value)
        if kind:
            is_test = "test" in name or runs_tests(old)
            severity: Severity = "high" if is_test and kind != "fewer steps" else "medium"
            was = f"; before: {old}" if old else ""
            what = f"the script “{name}” {_WORDS[kind]}: {value or 'empty'}{was}"
            yield finding_at(line, "test_weakened", change.path, severity, what)


def _script_lines(change: FileChange, sign: str) -> dict[str, tuple[str, DiffLine]]:
    return {
        match.group("name"): (match.group("value"), line)
        for line in diff_lines(change, sign)
        for match in _SCRIPT.finditer(line.text)
    }


# complexity: the ways in which a command checks less
def _weaker_command(old: str, new: str) -> str:
    """How a command checks less than before; "" if it does not."""
    if _DOES_NOTHING.match(new):
        # What never did anything, such as the script that npm makes, is as it was.
        did_nothing = not old or _DOES_NOTHING.match(old) or "no test specified" in old
        return "" if did_nothing else "nothing"
    if _NEVER_FAILS.search(new) and not _NEVER_FAILS.search(old):
        return "never fails" if _CHECK_COMMAND.search(f"{new} {old}") else ""
    if runs_tests(old) and not _CHECK_COMMAND.search(new) and "test" not in new:
        return "nothing"
    steps = [step.strip() for step in old.split("&&")]
    gone = [step for step in steps if step not in new and _CHECK_COMMAND.search(step)]
    return "fewer steps" if gone and len(new.split("&&")) < len(steps) else ""


def _recipes(change: FileChange) -> Iterator[RiskFinding]:
    """Recipes that ran tests and run none now, or whose failure counts for nothing."""
    path, added = change.path, [*new_lines(change)]
    soft = next((line for line in added if runs_tests(_code(line)) and _is_soft(line)), None)
    if soft is not None:
        what = f"tests that fail do not count here any more: {excerpt(soft)}"
        yield finding_at(soft, "test_weakened", path, "high", what)
        return
    gone = [line for line in diff_lines(change, "-") if runs_tests(_code(line))]
    is_checked = any(_CHECK_COMMAND.search(_code(line)) for line in added)
    if not gone or is_checked or path.endswith((".toml", ".py")):
        return
    was = f"before: {excerpt(gone[0])}"
    empty = next((line for line in added if _is_empty(line)), None)
    if empty is not None:
        what = f"a recipe runs no tests any more: {excerpt(empty)}; {was}"
        yield finding_at(empty, "test_weakened", path, "high", what)
    elif not _runs_beside(change) and not any("test" in line.text for line in added):
        what = f"a recipe runs no tests any more; {was}"
        yield finding_at(gone[0], "test_weakened", path, "medium", what)


def _is_empty(line: DiffLine) -> bool:
    return bool(line.text.strip()) and _DOES_NOTHING.match(line.text.strip()) is not None


def _runs_beside(change: FileChange) -> bool:
    """Whether a line that stayed runs tests too; to want a runner is not to run it."""
    around = (_code(line) for line in diff_lines(change, " "))
    return any(runs_tests(text) and not _WANTED.match(text) for text in around)


def _code(line: DiffLine) -> str:
    text = line.text.strip()
    return "" if text[:1] == "#" or text.startswith("//") else text.lstrip("@-")


def _is_soft(line: DiffLine) -> bool:
    """Whether a failure of the line counts for nothing; make ignores one behind a `-`."""
    text = line.text.strip()
    is_ignored = text.lstrip("@")[:1] == "-" or _IGNORED.match(text) is not None
    return _NEVER_FAILS.search(text) is not None or is_ignored
