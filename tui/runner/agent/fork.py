"""Copies a conversation up to one of its events: `SESSION FOLDER EVENT`; prints the new session's id.

A process of its own, because the package that does it is large and may be missing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main() -> int:
    session, folder, event = sys.argv[1:]
    sdk: Any = import_module("claude_agent_sdk")
    made = sdk.fork_session(session, directory=folder, up_to_message_id=event)
    sys.stdout.write(f"{made.session_id}\n")
    return 0
