"""What the night changed in code that is no test: names, and lines where only a literal differs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.night.review.risks import test_syntax
from tui.night.review.risks.diff_view import DiffLine, hunk_lines
from tui.night.review.risks.oracle.reading.literals import literal_in
from tui.system.lazy_pattern import lazy

_ASSIGNED = lazy(
    r"\s*(?:(?:export|default|public|private|protected|static|final|const|let|var|val|readonly|pub"
    r"|override|async|internal|mut)\s+)*"
    r"(?:(?P<name>[A-Za-z_]\w*)\s*(?::\s*[\w<>\[\], |]+)?\s*=(?![=>])"
    r"|(?P<method>[A-Za-z_]\w*)\s*\([^()]*\)\s*(?::\s*[\w<>\[\]| ]+)?\s*\{)"
)
_KIND = lazy(r"\s*(?:export\s+)?(?:class|struct|enum|module|impl|object|interface|trait)\s+(\w+)")
_NAME = lazy(r"[A-Za-z_]\w*")
_COMMENT = lazy(r"\s*(?:#|//|\*|/\*|--|$)")
_FEW_FILES = 4
_FEW_LINES = 60
_NOT_NAMES = frozenset(
    "if for while switch catch return else self this match with when until loop do try using lock"
    " foreach synchronized elsif unless constructor".split()
)


class CodeChanges(Struct):
    """The names of functions and values whose code changed.

    `stems` are the names of files in which it is not known what changed. `literals` are pairs of
    literals that took each other's place in a line, with the names in it; `gone` are names that stand
    in removed lines and in no line that was added.
    """

    names: set[str] = set()
    stems: set[str] = set()
    literals: dict[tuple[str, str], set[str]] = {}
    gone: set[str] = set()
    added_texts: list[str] = []
    files: int = 0
    lines: int = 0

    @property
    def is_small(self) -> bool:
        """Whether so little changed that another value in a test is no part of a larger rework."""
        return self.files <= _FEW_FILES and self.lines <= _FEW_LINES

    def changed_of(self, names: set[str], stem: str) -> str:
        """The one of those names that was changed, as people write it; "" for none."""
        found = sorted(names & self.names, key=len, reverse=True)
        if found:
            return f"{found[0]}()"
        return stem if stem in self.stems else next(iter(sorted(names & self.stems)), "")


def read_code_changes(changes: RepositoryChanges) -> CodeChanges:
    """What changed in the sources of a night, without tests and generated files."""
    found = CodeChanges()
    removed: set[str] = set()
    added: set[str] = set()
    for change in changes.files:
        if change.generated or change.binary or not _is_source(change):
            continue
        _read_source(change, found)
        for hunk in change.hunks:
            if change.path.endswith(".rs") and any("assert" in text for text in hunk.lines):
                continue  # Rust has its tests in the sources.
            shown = [line[1:] for line in hunk.lines if line[:1] != "-"]
            removed.update(name for line in hunk.removed for name in _NAME.findall(line))
            added.update(name for line in shown for name in _NAME.findall(line))
    found.gone = {name for name in removed - added if len(name) > 3}
    found.names -= _NOT_NAMES
    return found


def _read_source(change: FileChange, found: CodeChanges) -> None:
    found.files += 1
    found.lines += change.insertions + change.deletions
    names = {name for hunk in change.hunks for name in _changed_names(change.path, hunk)}
    found.names |= names
    if not names:
        found.stems.add(stem_of(change.path))
    for hunk in change.hunks:
        for pair, names in literal_pairs(hunk):
            found.literals.setdefault(pair, set()).update(names)
        found.added_texts += hunk.added


def _is_source(change: FileChange) -> bool:
    return test_syntax.is_code(change.path) and not test_syntax.is_test(change.path)


def stem_of(path: str) -> str:
    """What a source or test file is about, by its name."""
    name = path.rpartition("/")[2].partition(".")[0]
    for ending in ("_test", "_spec", "Tests", "Test", "Spec", "TestCase"):
        name = name.removesuffix(ending)
    return name.removeprefix("test_").lower()


def _changed_names(path: str, hunk: Hunk) -> Iterator[str]:
    """The functions and values in which lines of a hunk changed."""
    inside = name_of(path, hunk.heading)
    for line in hunk_lines(hunk):
        name = name_of(path, line.text)
        is_code = _COMMENT.match(line.text) is None
        if name:
            inside = name
        if line.sign != " " and is_code:
            if inside:
                yield inside
            assigned = _ASSIGNED.match(line.text)
            if assigned is not None:
                yield assigned.group("name") or assigned.group("method")


_RUBY_DEF = lazy(r"\s*defp?\s+(?:self\.)?([a-z_]\w*[?!]?)")


def name_of(path: str, text: str) -> str:
    """The function, class or value that a line of a source begins; "" for none."""
    name = test_syntax.function_name(path, text)
    if name:
        return name
    match = _RUBY_DEF.match(text) if path.endswith((".rb", ".ex", ".exs")) else None
    match = match or _KIND.match(text)
    if match is not None:
        return match.group(1)
    assigned = _ASSIGNED.match(text)
    if assigned is not None and (assigned.group("method") or "=>" in text or "function" in text):
        name = assigned.group("name") or assigned.group("method")
        return "" if name in _NOT_NAMES else name
    return ""


def literal_pairs(hunk: Hunk) -> Iterator[tuple[tuple[str, str], set[str]]]:
    """Literals that took each other's place, old and new, with the names in their line."""
    for old, new in replaced_lines(hunk):
        before, after = literal_in(old.text), literal_in(new.text)
        if len(before) == len(after):
            names = set(_NAME.findall(new.text))
            yield from (((a, b), names) for a, b in zip(before, after, strict=True) if a != b)


def replaced_lines(hunk: Hunk) -> Iterator[tuple[DiffLine, DiffLine]]:
    """Lines that stand in each other's place: as many new ones as there were old ones."""
    old: list[DiffLine] = []
    new: list[DiffLine] = []
    for line in [*hunk_lines(hunk), None]:
        if line is not None and line.sign == "-" and not new:
            old.append(line)
        elif line is not None and line.sign == "+":
            new.append(line)
        else:
            if len(old) == len(new):
                yield from zip(old, new, strict=True)
            old = [line] if line is not None and line.sign == "-" else []
            new = []
