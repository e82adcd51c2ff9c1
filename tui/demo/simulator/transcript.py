"""The session's transcript: written as Claude Code writes it, read again to resume or fork.

`$CLAUDE_CONFIG_DIR/projects/<cwd with other characters as dashes>/<session>.jsonl`, one JSON object
a line, a tree by `parentUuid`; the last leaf written is where a resumed session goes on.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tui.demo.simulator.shapes import fresh, shape
from tui.demo.simulator.timing import StoryTiming
from tui.demo.simulator.wire import encode, write_all

Json = dict[str, Any]


def slug(folder: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in folder)


def branch_of(folder: Path) -> str:
    """The branch checked out in `folder`, read without running git; empty outside a repository."""
    head = folder / ".git" / "HEAD"
    try:
        link = folder / ".git"
        if link.is_file():
            head = folder / link.read_text("utf-8").partition(":")[2].strip() / "HEAD"
        text = head.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
    return text.rpartition("refs/heads/")[2] if text.startswith("ref:") else "HEAD"


class TranscriptHistory:
    """An existing transcript, read to be continued."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[Json] = []
        self.by_uuid: dict[str, Json] = {}
        self.leaf: str | None = None
        self.cost_state: Json | None = None
        for raw in path.read_bytes().split(b"\n"):
            try:
                line = json.loads(raw)
            except ValueError:
                continue  # a torn last line of a killed process
            if isinstance(line, dict):
                self._read_line(line)

    def _read_line(self, line: Json) -> None:
        self.lines.append(line)
        uuid = line.get("uuid")
        if isinstance(uuid, str) and not line.get("isSidechain"):
            self.by_uuid[uuid] = line
            self.leaf = uuid
        elif line.get("type") == "last-prompt" and line.get("leafUuid") in self.by_uuid:
            self.leaf = str(line["leafUuid"])
        elif line.get("type") == "cost-state":
            self.cost_state = line

    def chain(self, leaf: str | None) -> list[Json]:
        """The conversation up to `leaf`, oldest first; it begins at the last compaction."""
        found: list[Json] = []
        seen: set[str] = set()
        while leaf is not None and leaf in self.by_uuid and leaf not in seen:
            seen.add(leaf)
            line = self.by_uuid[leaf]
            found.append(line)
            parent = line.get("parentUuid")
            leaf = parent if isinstance(parent, str) else None
        return found[::-1]

    @property
    def last_moment(self) -> str:
        stamps = [str(line["timestamp"]) for line in self.lines if line.get("timestamp")]
        return max(stamps, default="")


def context_of(chain: list[Json]) -> int:
    """Tokens the next request of this conversation begins with."""
    for line in reversed(chain):
        if line.get("type") == "system" and line.get("subtype") == "compact_boundary":
            return int(line.get("compactMetadata", {}).get("postTokens", 0))
        usage = line.get("message", {}).get("usage") if line.get("type") == "assistant" else None
        if isinstance(usage, dict):
            caches = ("cache_creation_input_tokens", "cache_read_input_tokens")
            keys = ("input_tokens", *caches, "output_tokens")
            return sum(int(usage.get(key) or 0) for key in keys)
    return 0


def fork(history: TranscriptHistory, chain: list[Json], target: Path, session: str) -> None:
    """Copies a conversation under a new session id; the old one is left as it is."""
    copies = [{**line, "sessionId": session} for line in chain]
    if history.cost_state is not None:
        copies.append({**history.cost_state, "sessionId": session})
    target.write_bytes(b"".join(encode(line) for line in copies))


class TranscriptWriter:
    """An open transcript; with `agent` it is a subagent's, a side chain of its own."""

    def __init__(
        self, path: Path, session: str, cwd: Path, timing: StoryTiming, agent: str = ""
    ) -> None:
        self.leaf: str | None = None
        self.tail: list[str] = []
        self.prompts: list[str] = []
        self.path = path
        self._agent = agent
        self._session = session
        self._cwd = cwd
        self._timing = timing
        self._descriptor = -1

    def write(self, record: Json) -> None:
        """Appends one line in one write."""
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            torn = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
            self._descriptor = os.open(self.path, flags, 0o600)
            if torn and os.fstat(self._descriptor).st_size:
                write_all(self._descriptor, b"\n")  # a killed process left half a line
        write_all(self._descriptor, encode(record))

    def link(self, record: Json, uuid: str = "", stamp: str = "", root: bool = False) -> str:
        """Appends a line of the tree under the present leaf and makes it the leaf."""
        uuid = uuid or fresh()
        head: Json = {}
        if "logicalParentUuid" in record:
            head["logicalParentUuid"] = record["logicalParentUuid"]
        head["isSidechain"] = bool(self._agent)
        if self._agent:
            head["agentId"] = self._agent
        line = shape(
            "transcript",
            parent=None if root else self.leaf,
            head=head,
            record=record,
            uuid=uuid,
            stamp=stamp or self._timing.stamp(),
            cwd=str(self._cwd),
            session=self._session,
            branch=branch_of(self._cwd),
        )
        self.write(line)
        self.leaf = uuid
        self.tail = [*self.tail[-2:], uuid]
        return uuid

    def queue(self, operation: str, content: str | None = None, **more: Any) -> None:
        """A `queue-operation` line: the receipt of a message given from outside."""
        line: Json = {"type": "queue-operation", "operation": operation}
        line.update(timestamp=self._timing.stamp(), sessionId=self._session)
        self.write({**line, **({} if content is None else {"content": content}), **more})

    def last_prompt(self, text: str) -> None:
        if self.leaf is not None:
            line = {"type": "last-prompt", "lastPrompt": text[:200], "leafUuid": self.leaf}
            self.write({**line, "sessionId": self._session})

    def attachment(self, body: Json, **more: Any) -> None:
        self.link({"attachment": body, "type": "attachment", **more})
