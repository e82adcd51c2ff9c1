"""THE table of actions: bindings, footer, palette, help and README are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from widgets.moves import MOVES

Group = Literal["panes", "moving", "finding", "the night", "deeds", "looking", "program"]

GROUPS: tuple[Group, ...] = (
    "panes",
    "moving",
    "finding",
    "the night",
    "deeds",
    "looking",
    "program",
)


class Action(Struct, frozen=True):
    """Something a key does: `name` is what the program calls it, `help` a sentence for people.

    `footer` orders it in the bottom line (0: not there) and `rank` says how early it leaves a
    narrow one. `of_view` marks keys that a scrolling view handles itself; `deed` those that
    change something outside the screen.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: Group
    footer: int = 0
    rank: int = 1
    of_view: bool = False
    deed: bool = False


def _action(
    group: Group, name: str, keys: str, label: str, help: str, footer: int = 0, rank: int = 1
) -> Action:
    return Action(name, tuple(keys.split()), label, help, group, footer, rank)


def _deed(name: str, keys: str, label: str, help: str, footer: int, rank: int) -> Action:
    return Action(name, tuple(keys.split()), label, help, "deeds", footer, rank, deed=True)


_MOVING = tuple(
    Action(
        move.action,
        tuple(move.keys.split(",")),
        "follow" if move.action == "toggle_follow" else move.label.lower(),
        move.label[:1].lower() + move.label[1:],
        "moving",
        10 if move.action == "toggle_follow" else 0,
        2,
        of_view=True,
    )
    for move in MOVES
)

ACTIONS: tuple[Action, ...] = (
    _action("panes", "focus_pane(1)", "1", "progress", "go to the progress pane"),
    _action("panes", "focus_pane(2)", "2", "events", "go to the events pane"),
    _action("panes", "focus_pane(3)", "3", "notes", "go to the notes pane"),
    _action("panes", "focus_pane(4)", "4", "watchdog", "go to the watchdog pane"),
    _action("panes", "next_pane(1)", "tab", "next pane", "go to the next pane"),
    _action("panes", "next_pane(-1)", "shift+tab", "previous pane", "go to the pane before"),
    _action("panes", "zoom", "z", "zoom", "give one pane the whole screen, and back", 12, 3),
    *_MOVING,
    _action("finding", "search", "slash", "search", "search all events of the night", 9),
    _action("finding", "match(1)", "n", "next match", "next match, going back in time"),
    _action("finding", "match(-1)", "N", "previous match", "the match before"),
    _action("finding", "error(1)", "e", "error", "next error", 11, 2),
    _action("finding", "error(-1)", "E", "previous error", "previous error"),
    _action("finding", "stall", "S", "next stall", "next stall of the night"),
    _action(
        "the night",
        "strip(-1)",
        "left_square_bracket",
        "earlier",
        "back along the night, all panes",
    ),
    _action("the night", "strip(1)", "right_square_bracket", "later", "on along the night"),
    _action("the night", "live", "escape", "now", "back to now: ends search, zoom, looking back"),
    _deed("checkpoint", "c", "checkpoint", "keep the files as they are now, as a checkpoint", 1, 1),
    _deed("rewind", "r", "rewind", "bring the files back to a checkpoint, after a preview", 2, 1),
    _deed("undo", "u", "undo", "take the last rewind back", 0, 1),
    _deed("inject", "i", "inject", "say something to the agent", 3, 1),
    _deed("step_back", "s", "step back", "tell the agent what repeats, and to step back", 4, 1),
    _deed("kill", "K", "kill", "interrupt, stop or kill the session", 5, 1),
    _action("looking", "explain", "x", "why", "why it thinks the session is in this state", 13, 3),
    _action("looking", "verbosity", "v", "verbosity", "show more kinds of events, or fewer", 14, 4),
    _action("looking", "pause", "p", "pause", "hold the panes still; the header stays live"),
    _action("looking", "sources", "o", "sources", "which files are read, and why these"),
    _action("looking", "copy", "y", "copy", "copy the line under the cursor"),
    _action("program", "theme", "t", "theme", "next colour theme"),
    _action("program", "help", "question_mark f1", "help", "these keys", 20, 0),
    _action("program", "command_palette", "ctrl+p", "palette", "find any action by its name"),
    _action("program", "quit", "q ctrl+q", "quit", "close the viewer; the session goes on", 21, 2),
)

KEY_NAMES = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "down": "↓",
    "up": "↑",
}


def shown_key(key: str) -> str:
    """The key as a person reads it."""
    return KEY_NAMES.get(key, key)


def screen_actions() -> tuple[Action, ...]:
    """The actions that the main screen binds; scrolling views bind the others themselves."""
    return tuple(action for action in ACTIONS if not action.of_view)


def footer_actions() -> tuple[Action, ...]:
    """The actions of the bottom line, in its order."""
    return tuple(sorted((a for a in ACTIONS if a.footer), key=lambda action: action.footer))


def grouped() -> Iterable[tuple[Group, tuple[Action, ...]]]:
    """The groups in the order of the help, with their actions."""
    for group in GROUPS:
        members = tuple(action for action in ACTIONS if action.group == group)
        if members:
            yield group, members


def markdown_table() -> str:
    """The keys as the README shows them."""
    lines = ["| key | does |", "|---|---|"]
    for _, members in grouped():
        for action in members:
            keys = " ".join(f"`{shown_key(key)}`" for key in action.keys)
            lines.append(f"| {keys} | {action.help} |")
    return "\n".join(lines) + "\n"
