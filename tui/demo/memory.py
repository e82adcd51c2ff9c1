"""What a scripted story remembers beyond its conversation: which incidents have happened.

A conversation may be rewound, forked or lost; a crash that was played must not be played again
because of it. The counts stand in one small file per project, replaced atomically.
"""

from __future__ import annotations

import json
from pathlib import Path


class Memory:
    """Counts by name, kept in `path`; a missing or damaged file is an empty memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            loaded = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            loaded = {}
        counts = loaded if isinstance(loaded, dict) else {}
        self._counts = {str(k): v for k, v in counts.items() if isinstance(v, int)}

    def count(self, name: str) -> int:
        return self._counts.get(name, 0)

    def bump(self, name: str) -> int:
        """Counts one more and writes it down before it returns."""
        self._counts[name] = self.count(name) + 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        draft.write_text(json.dumps(self._counts), "utf-8")
        draft.replace(self._path)
        return self._counts[name]

    def once(self, name: str) -> bool:
        """True the first time it is asked for `name` in this project, false ever after."""
        return self.bump(name) == 1
