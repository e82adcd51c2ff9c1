"""What the documents say is what the code does."""

from __future__ import annotations

import importlib.util
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

from tui.actions import ACTIONS, footer_actions
from tui.cli import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_tables_are_current() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    assert generator().with_tables(readme) == readme, "run: python docs/generate.py"


def test_json_document_is_current() -> None:
    text = (REPOSITORY / "docs" / "json.md").read_text("utf-8")
    assert generator().json_document() == text, "run: python docs/generate.py"


def test_document_of_stuck_sessions_is_current() -> None:
    text = (REPOSITORY / "docs" / "stuck.md").read_text("utf-8")
    assert generator().with_stuck_tables(text) == text, "run: python docs/generate.py"
    assert text.count("| `monologue` |") == 1


def test_json_document_has_a_row_for_every_field() -> None:
    module = generator()
    text = module.json_document()
    for command, kind in module.OBJECTS.items():
        assert f"## `{command}`" in text
        for name in kind.__struct_fields__:
            assert f"| `{name}` |" in text
    assert "| `run.limits.max_cost_usd` | number? |" in text
    assert "| `injections[].state` | `queued` \\| `delivered`" in text


def test_no_key_is_given_twice() -> None:
    for place in ("main", "review", "runs"):
        keys = [key for action in ACTIONS if action.place == place for key in action.keys]
        assert len(keys) == len(set(keys)), place


def test_no_key_that_tmux_or_a_terminal_needs() -> None:
    taken = {"ctrl+b", "ctrl+a", "ctrl+space", "ctrl+z", "ctrl+m", "ctrl+i", "ctrl+h", "ctrl+["}
    keys = {key for action in ACTIONS for key in action.keys}
    assert not keys & taken
    assert not [key for key in keys if key.startswith("alt+")]


def test_footer_comes_from_the_table() -> None:
    assert [action.label for action in footer_actions()][-1] == "quit"


def test_every_command_has_its_module() -> None:
    for name, (module_name, _) in COMMANDS.items():
        module = import_module(f"tui.commands.{module_name}")
        for part in ("call",) if name == "hook" else ("arguments", "command"):
            assert callable(getattr(module, f"{name.replace('-', '_')}_{part}"))


def test_documents_name_no_machine() -> None:
    pattern = re.compile(r"/(?:root|work)/|\bissue #?\d", re.IGNORECASE)
    for path in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]:
        assert not pattern.search(path.read_text("utf-8")), path
