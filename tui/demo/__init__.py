"""A scripted agent: it speaks Claude Code's stream-json and does real work in a git repository.

`python -m tui.demo.agent` takes the place of `claude` where no model is wanted: in the
demonstration and in tests. It needs the standard library only and imports no other room.
"""

from __future__ import annotations
