"""The source of the application, read once for all tests that search it."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@cache
def modules() -> dict[str, list[ast.AST]]:
    """The nodes of each module, by its path in the repository."""
    with without_collector():
        return {
            str(path.relative_to(REPOSITORY)): nodes_of(path.read_bytes())
            for folder in ("tui", "widgets")
            for path in sorted((REPOSITORY / folder).rglob("*.py"))
        }


def nodes_of(source: str | bytes) -> list[ast.AST]:
    """As `ast.walk` has them, but for the marks of loading and storing: a third of its time."""
    nodes: list[ast.AST] = [ast.parse(source)]
    for node in nodes:
        for value in vars(node).values():
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST) and not isinstance(child, ast.expr_context):
                    nodes.append(child)
    return nodes


@contextmanager
def without_collector() -> Iterator[None]:
    """For work that makes hundreds of thousands of objects which stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
