"""Words from outside become content in one place only: `widgets.output_guard.plain` and `toast`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "Static", "Label", "Button", "Checkbox", "RadioButton", "Collapsible", "Link", "TabPane",
    "Markdown", "OptionList", "Option", "ListItem", "notify", "update", "from_markup", "from_ansi",
}  # fmt: skip
TITLES = {"border_title", "border_subtitle", "tooltip"}
DOORS = {"plain", "Content"}


def files() -> list[Path]:
    found = [*(REPOSITORY / "widgets").glob("*.py"), *(REPOSITORY / "tui" / "screens").glob("*.py")]
    found.append(REPOSITORY / "tui" / "app.py")
    return sorted(path for path in found if path.exists() and path.name != "output_guard.py")


def stock_names(tree: ast.Module) -> set[str]:
    """Names that the module has from textual, and the methods that take markup."""
    names = {"notify", "from_markup", "from_ansi"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def safe(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None or (isinstance(node.value, str) and "[" not in node.value)
    if isinstance(node, ast.Call):
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        return name in DOORS
    return False


def offences(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    stock = stock_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            owner = getattr(function, "value", None)
            if name == "from_ansi" and getattr(owner, "id", "") == "Color":
                continue
            if name in FORBIDDEN and name in stock:
                words = [arg for arg in node.args if not isinstance(arg, ast.Starred)][:1]
                words += [
                    kw.value for kw in node.keywords if kw.arg in ("title", "message", "label")
                ]
                if name in ("from_markup", "from_ansi", "notify") or not all(map(safe, words)):
                    yield f"line {node.lineno}: {name}(…)"
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in TITLES
                    and not safe(node.value)
                ):
                    yield f"line {node.lineno}: {target.attr} = …"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_words_reach_a_stock_widget_by_another_way(path: Path) -> None:
    assert list(offences(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        'Static(f"{x}")',
        "Label(x)",
        "Button(label=x)",
        'Static("a [b]")',
        "app.notify(x)",
        'self.notify("fixed words")',
        "self.border_title = x",
        "Content.from_markup(x)",
        "Text.from_ansi(x)",
    ],
)
def test_the_rule_can_be_broken(line: str) -> None:
    source = f"from textual.widgets import Static, Label, Button\n{line}\n"
    assert list(offences(source)), line


@pytest.mark.parametrize(
    "line", ["Static(plain(x))", 'Label("fixed")', "self.border_title = plain(x)"]
)
def test_the_rule_can_be_kept(line: str) -> None:
    assert not list(offences(f"from textual.widgets import Static, Label\n{line}\n"))
