"""The names that stand in a clause of any language: paths, code, ids, a branch."""

from __future__ import annotations

from tui.night.review.claims.statement import Subject
from tui.system.lazy_pattern import lazy

_CODE = lazy("◇+")
# Letters of other scripts may stand beside a name without a blank.
_PATH = lazy(
    r"(?<![A-Za-z0-9_@/.◇-])(?:~/|/|\.{1,2}/)?(?:[A-Za-z0-9_@.+-]+/)*[A-Za-z0-9_+-][A-Za-z0-9_.+-]*"
    r"\.(?:pyi?|ipynb|[cm]?[jt]sx?|go|rs|rb|php|java|kts?|cs|swift|dart|exs?|c|h|cc|cpp|hpp|sql|sh|ya?ml"
    r"|toml|json|xml|html?|s?css|md|txt|cfg|ini|vue|svelte|lock|proto|tf|lua|scala|erl|clj|hs|ml|r|jl|csv"
    r"|svg|env|log|rst|bat|ps1|gradle|properties|zig|nix)(?![A-Za-z0-9_/])"
    r"|(?<![A-Za-z0-9_@/.:◇-])(?!(?:origin|upstream)/)(?:[A-Za-z_.][A-Za-z0-9_.-]*/){2,}(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
    r"|(?<![A-Za-z0-9_@/.:◇-])(?:[A-Za-z_.][A-Za-z0-9_.-]*/)+(?![A-Za-z0-9_])"
)
_WHOLE_PATH = lazy(
    r"(?:~/|/|\.{1,2}/)?(?:[\w@.+-]+/)*[\w.+-]*\.\w{1,10}|(?:[\w@.+-]+/)+[\w.+-]*|Makefile|Dockerfile|LICENSE"
)
_SHA = lazy(
    r"(?<![A-Za-z0-9_/.-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?![A-Za-z0-9_/.-])"
)
_REF = lazy(
    r"(?<![A-Za-z0-9_/.-])(?:origin|upstream)/[A-Za-z0-9_./-]*[A-Za-z0-9_]|(?<![A-Za-z0-9_/.-])(?:main|master|develop)(?![A-Za-z0-9_/.-])"
)
_TASK_ID = lazy(r"(?<![A-Za-z0-9_.#])(?:[A-Z]{2,8}-\d+|#\d+|\d+(?:\.\d+)+)(?![A-Za-z0-9_]|\.\d)")
_SYMBOL = lazy(
    r"(?<![A-Za-z0-9_/.-])(?:[a-zA-Z][A-Za-z0-9]*_[A-Za-z0-9_]+|[a-z]+[A-Z][A-Za-z0-9]*|(?:[A-Z][a-z0-9]+){2,}|--[a-z][a-z-]+"
    r"|[A-Za-z_]\w*(?=\(\)))(?![A-Za-z0-9_/])"
)
_WHOLE_SYMBOL = lazy(r"(?:--?)?[A-Za-z_][\w.:-]*(?:\(.*\))?")
_TEST_COMMAND = lazy(
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest)\b"
    r"|\b(?:npm|pnpm|yarn|bun|deno|go|cargo|make|just|mix|dotnet|mvn|gradlew?|rake|swift)\s+(?:run\s+)?tests?\b"
)


class Names:
    """The names of one clause, and the clause with each path as a run of ◆ of its length."""

    def __init__(self, masked: str, text: str) -> None:
        paths: list[str] = []
        symbols: list[str] = []
        self.command = ""
        self.shas: tuple[str, ...] = ()
        ids: list[str] = []
        shas: list[str] = []
        self.ref = ""
        out = list(masked)
        for run in _CODE.finditer(masked):
            name = text[run.start() : run.end()].strip()
            self._sort(name, paths, symbols, shas, out, run.span())
        plain = "".join(out)
        for match in _PATH.finditer(plain):
            paths.append(match.group(0))
            out[match.start() : match.end()] = "◆" * len(match.group(0))
        plain = "".join(out)
        for match in _REF.finditer(plain):
            self.ref = self.ref or match.group(0)
        shas += [match.group(0) for match in _SHA.finditer(plain)]
        ids += [match.group(0) for match in _TASK_ID.finditer(plain)]
        for match in _SYMBOL.finditer(plain):
            symbols.append(match.group(0))
            out[match.start() : match.end()] = "◇" * len(match.group(0))
        self.masked = "".join(out)
        self.paths = tuple(dict.fromkeys(paths))
        self.symbols = tuple(dict.fromkeys(symbols))
        self.shas = tuple(dict.fromkeys(shas))
        self.task_ids = tuple(dict.fromkeys(ids))

    def _sort(
        self,
        name: str,
        paths: list[str],
        symbols: list[str],
        shas: list[str],
        out: list[str],
        span: tuple[int, int],
    ) -> None:
        """A name in backticks is put where it belongs."""
        if _SHA.fullmatch(name):
            shas.append(name)
        elif _REF.fullmatch(name):
            self.ref = self.ref or name
        elif _TEST_COMMAND.search(name) or " " in name:
            self.command = self.command or name
        elif _WHOLE_PATH.fullmatch(name):
            paths.append(name)
            out[span[0] : span[1]] = "◆" * (span[1] - span[0])
        elif _WHOLE_SYMBOL.fullmatch(name):
            symbols.append(name.split("(")[0])

    @property
    def is_test_command(self) -> bool:
        """Whether the command that is named runs tests."""
        return bool(_TEST_COMMAND.search(self.command))

    @property
    def is_checkable(self) -> bool:
        """Whether there is anything that can be looked up."""
        return bool(self.paths or self.symbols or self.task_ids)

    def subject(self) -> Subject:
        """All of it."""
        return Subject(self.paths, self.symbols, self.shas, self.task_ids, self.ref, self.command)
