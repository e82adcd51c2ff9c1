"""What we say to people is read back by nobody: no decision rests on the beginning of a sentence.

`startswith` and `endswith` with a literal are for what others write. Each such literal of words is
listed here with whose it is; a literal of our own is a kind that wants a type.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.unit import source_code

LETTERS = re.compile(r"[A-Za-z]{3,}")

WIRE = {  # the agent: Claude's stream, transcripts, screen and process names
    "Stop hook feedback",
    "[Pastedtext#",
    "aborted_",
    "acompact",
    "agent-",
    "local-command-std",
    "mcp__",
    "error",
    "ses_",  # a session of OpenCode
    "SQLite format 3\0",
}
GIT = {"GIT_", "author ", "diff --git ", "diff ", "hook.", "index ", "ref:", "refs/", "alias."}
GIT |= {"rename to ", "rename from "}  # of a patch
GIT |= {"refs/remotes/"}  # of a ref
TOOLS = {  # what test runners, editors, shells and languages print or write
    "--force-with-lease",
    "--target-directory=",
    "--in-place",
    "--eval=",
    "--print=",
    "file://",
    "--settings=",
    "-----BEGIN",
    "<!doctype",
    "FAIL",
    "FAILED",
    "Found",
    "Ran ",
    "Tests",
    "class ",
    "describe",
    "test result: FAILED",
}
SYSTEM = {
    "btime ",
    "tty",
    "tmux",
    "screen-256",
    "xterm-256",
    "bright_",
    "-fast",
    "tmp_",
}
ATTRIBUTES = {"user.", "trusted.", "trusted.overlay."}  # of files
ALLOWED = WIRE | GIT | TOOLS | SYSTEM | ATTRIBUTES
PATHS = re.compile(r"[./][\w./]+|\w+\.jsonl")  # suffixes, folders, hosts
# They read commands, code, tests and settings that others wrote, hundreds of words of them.
READERS = ("tui/night/review/risks/", "tui/night/review/claims/grammar/")
# The one place that maps the sentences of version 0.1, whose files have no kind, and their table.
OLD_FILES = {"tui/model/state.py"}


def literals(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:1]:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                value = node.value
                yield value if isinstance(value, str) else value.decode("latin-1")


def uses(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Lines on which the beginning or end of a text is compared with words."""
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("startswith", "endswith"):
            for text in literals(node):
                if LETTERS.search(text):
                    yield node.lineno, text


def test_no_sentence_of_ours_is_read_back() -> None:
    found = [
        f"{name}:{line}: {text!r}"
        for name, nodes in source_code.modules().items()
        if name not in OLD_FILES and not name.startswith(READERS)
        for line, text in uses(nodes)
        if text not in ALLOWED and not PATHS.fullmatch(text)
    ]
    assert not found, "\n".join(found)


def test_the_check_can_fail() -> None:
    bad = 'ended = over.reason.startswith(("needs you", "gave up"))\n'
    nodes = source_code.nodes_of(bad)
    assert sorted(text for _, text in uses(nodes)) == ["gave up", "needs you"]
    assert not {"needs you", "gave up"} & ALLOWED
