"""Runs `main` of one of our modules: `python -I isolated.py [--path=FOLDER …] MODULE [WORD …]`.

In isolated mode neither the current folder nor a variable nor the person's own packages say what is
imported. The folders are those from which the starting process runs; each is searched after the
standard library, except where another copy of this program would be found before it.
"""

from __future__ import annotations

import importlib.util
import sys

_OURS = "tui"
_PATH = "--path="


def main(words: list[str]) -> int:
    """The exit code of the module's own `main`, which finds WORDS in `sys.argv`."""
    place = 0
    while words[place].startswith(_PATH):
        folder = words[place].removeprefix(_PATH)
        if folder not in sys.path:
            sys.path.append(folder)
        if place == 0 and not _comes_from(folder):
            sys.path.insert(0, folder)
        place += 1
    sys.argv = words[place:]
    code: int = importlib.import_module(words[place]).main()
    return code


def _comes_from(folder: str) -> bool:
    """Whether our package is found in that folder now."""
    found = importlib.util.find_spec(_OURS)
    return found is not None and (found.origin or "").startswith(f"{folder}/{_OURS}/")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
