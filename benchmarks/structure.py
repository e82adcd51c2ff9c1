"""Prints figures about the structure of the source: size, complexity, imports.

    python benchmarks/structure.py [FOLDER] [FOLDER BEFORE]

With two folders it prints a table before → after. `figures` is what the tests hold their gates against.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("tui", "widgets")
_BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.comprehension,
    ast.match_case,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its place, its lines and its cyclomatic complexity."""

    place: str
    lines: int
    complexity: int
    has_reason: bool


@dataclass(slots=True)
class Figures:
    """What `figures` measures; lines are those of `wc -l`."""

    modules: dict[str, int] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    functions: list[Function] = field(default_factory=list)
    importers: dict[str, set[str]] = field(default_factory=dict)
    cycles: list[list[str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.lines.values())

    @property
    def single_importer(self) -> list[str]:
        return sorted(name for name, users in self.importers.items() if len(users) == 1)

    def percentile(self, share: float) -> int:
        lengths = sorted(function.lines for function in self.functions)
        return lengths[int(len(lengths) * share)]


def figures(root: Path) -> Figures:
    """Reads every module of the packages below `root`; nothing is imported."""
    found = Figures()
    trees: dict[str, ast.Module] = {}
    for path in _sources(root):
        parts = path.relative_to(root).with_suffix("").parts
        text = path.read_text()
        package = ".".join(parts[:2]) if len(parts) > 2 else parts[0]
        found.lines[package] += text.count("\n")
        tree = ast.parse(text)
        lines = text.splitlines()
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS):
                found.functions.append(_function(node, lines, ".".join(parts)))
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = tree
        if parts[-1] != "__init__":
            found.modules[name] = text.count("\n")
            found.folders[".".join(parts[:-1])] += 1
    graph = {name: _imports(name, tree, trees) for name, tree in trees.items()}
    found.importers = {name: set() for name in found.modules}
    for name, targets in graph.items():
        for target in targets & found.importers.keys():
            found.importers[target].add(name)
    found.cycles = _cycles(graph)
    return found


def complexity(node: ast.AST) -> int:
    """McCabe's number of a function; nested functions count for the outer one too."""
    return 1 + sum(
        len(part.values) - 1 if isinstance(part, ast.BoolOp) else isinstance(part, _BRANCHES)
        for part in ast.walk(node)
    )


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if "project" not in path.relative_to(root).parts:
                yield path


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str], module: str
) -> Function:
    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    above = lines[first - 2].strip() if first > 1 else ""
    return Function(
        f"{module}:{node.name}",
        (node.end_lineno or node.lineno) - node.lineno + 1,
        complexity(node),
        above.startswith("# complexity:"),
    )


def _imports(name: str, tree: ast.Module, known: dict[str, ast.Module]) -> set[str]:
    """Modules of ours that this one imports, deferred and type-only imports too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
    return (found & known.keys()) - {name}


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other (strongly connected components of more than one)."""
    rest = dict(graph)
    # What imports nothing that is left, or is imported by nothing that is left, is on no cycle.
    while True:
        used = set().union(*rest.values()) if rest else set()
        kept = {name: rest[name] & rest.keys() for name in rest if name in used and rest[name]}
        if kept == rest:
            break
        rest = kept
    reach = {name: _reachable(name, rest) for name in rest}
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach[other])) for name in rest
    }
    return [list(group) for group in sorted(groups) if len(group) > 1]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return seen


def _rows(found: Figures) -> dict[str, int | str]:
    single = found.single_importer
    share = round(100 * len(single) / len(found.modules))
    folder, most = found.folders.most_common(1)[0]
    longest_module = max(found.modules, key=lambda name: found.modules[name])
    longest = max(found.functions, key=lambda function: function.lines)
    return {
        "lines": found.total,
        "modules": len(found.modules),
        "modules that one other imports": f"{len(single)} ({share} %)",
        "largest folder": f"{most} ({folder})",
        "largest module": f"{found.modules[longest_module]} ({longest_module})",
        "modules above 400 lines": sum(lines > 400 for lines in found.modules.values()),
        "p90 of function lines": found.percentile(0.9),
        "longest function": f"{longest.lines} ({longest.place})",
        "functions above complexity 10": sum(f.complexity > 10 for f in found.functions),
        "functions above complexity 15": sum(f.complexity > 15 for f in found.functions),
        "groups of modules that import each other": len(found.cycles),
        **{f"lines of {name}": lines for name, lines in sorted(found.lines.items())},
    }


def main() -> None:
    """Prints the table for one folder, or for two side by side."""
    folders = [Path(word) for word in sys.argv[1:3]] or [Path(__file__).parents[1]]
    tables = [_rows(figures(folder)) for folder in folders]
    for key in dict.fromkeys(key for table in reversed(tables) for key in table):
        cells = [str(table.get(key, "-")) for table in reversed(tables)]
        print(f"{key:42} {' → '.join(cells)}")


if __name__ == "__main__":
    main()
