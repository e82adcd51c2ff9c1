"""Writes what the documents take from the code: the README's tables, the defaults file, `docs/json.md`.

`python docs/generate.py` rewrites them; a test says when that is due.
"""

from __future__ import annotations

import re
from pathlib import Path

from tui.actions import markdown_table as keys_table
from tui.model.json.document import json_document
from tui.settings.describe import defaults_yaml
from tui.settings.describe import markdown_table as settings_table

REPOSITORY = Path(__file__).resolve().parent.parent


def with_tables(readme: str) -> str:
    """The README with its generated parts as the code has them now."""
    for name, table in (("keys", keys_table()), ("settings", settings_table())):
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        readme = pattern.sub(lambda match, table=table: match[1] + table + match[2], readme)
    return readme


def main() -> None:
    readme = REPOSITORY / "README.md"
    readme.write_text(with_tables(readme.read_text("utf-8")), "utf-8")
    (REPOSITORY / "docs" / "json.md").write_text(json_document(), "utf-8")
    (REPOSITORY / "config" / "overnight.yaml").write_text(defaults_yaml(), "utf-8")


if __name__ == "__main__":
    main()
