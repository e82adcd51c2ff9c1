"""THE table of actions: bindings, footer, palette, help and README are all made from it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from widgets.moves import MOVES

Place = Literal["main", "review", "runs"]
"""The screen on which an action's keys count."""

Group = Literal[
    "panes",
    "moving",
    "finding",
    "the night",
    "operations",
    "looking",
    "program",
    "in the review",
    "keep or revert",
    "in the list of runs",
]
_PLACES: dict[Group, Place] = {
    "in the review": "review",
    "keep or revert": "review",
    "in the list of runs": "runs",
}


class Action(Struct, frozen=True):
    """Something a key does: `name` is the Textual action, `help` a sentence for people.

    `footer` orders it in the bottom line (0: not there) and `rank` says how early it leaves a
    narrow one. `is_of_view` marks keys that a scrolling view handles itself; `operation` names what
    the action changes outside the screen, if anything. A `name` with `{key}` in it is called with
    the key that was pressed; `shown` then names all of them at once.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: Group
    footer: int = 0
    rank: int = 1
    is_of_view: bool = False
    operation: str = ""
    shown: str = ""

    @property
    def place(self) -> Place:
        """The screen on which its keys count."""
        return _PLACES.get(self.group, "main")


def _action(
    group: Group, name: str, keys: str, label: str, help: str, footer: int = 0, rank: int = 1
) -> Action:
    return Action(name, tuple(keys.split()), label, help, group, footer, rank)


def _operation(
    group: Group, operation: str, keys: str, label: str, help: str, footer: int = 0
) -> Action:
    action = _action(group, f"operation('{operation}')", keys, label, help, footer)
    return replace(action, operation=operation)


def _shared(group: Group) -> tuple[Action, ...]:
    """What every page over the panes has."""
    return (
        _action(group, "copy", "y", "copy", "copy the line under the cursor"),
        _action(group, "theme", "t", "theme", "next colour theme"),
        _action(group, "help", "question_mark f1", "help", "these keys", 20, 0),
        _action(group, "command_palette", "ctrl+p", "palette", "find any action by its name"),
        _action(group, "quit", "q ctrl+q", "quit", "close the viewer", 21, 3),
    )


_pane = partial(_action, "panes")
_find = partial(_action, "finding")
_night = partial(_action, "the night")
_operate = partial(_operation, "operations")
_inspect = partial(_action, "looking")
_program = partial(_action, "program")
_review = partial(_action, "in the review")
_keep = partial(_action, "keep or revert")
_decide = partial(_operation, "keep or revert")
_runs = partial(_action, "in the list of runs")


_MOVING = tuple(
    Action(
        move.action,
        tuple(move.keys.split(",")),
        "follow" if move.action == "toggle_follow" else move.label.lower(),
        move.label[:1].lower() + move.label[1:],
        "moving",
        10 if move.action == "toggle_follow" else 0,
        2,
        is_of_view=True,
    )
    for move in MOVES
)


REVIEW: tuple[Action, ...] = (
    replace(
        _review("attention('{key}')", "1 2 3 4 5 6 7", "look", "the evidence", 1, 1),
        shown="1–7",
        help="the evidence of what to look at first, by its number",
    ),
    _review("section('page')", "P", "page", "the page itself"),
    _review("section('claims')", "C", "claims", "claims and their evidence"),
    _review("section('risks')", "D", "risks", "what the diff holds to look out for"),
    _review("section('timeline')", "L", "timeline", "what mattered, in order of time"),
    _review("section('points')", "B", "points", "what can be kept or gone back to"),
    _review("section('files')", "W", "files", "the files that the night changed"),
    _review("section('tasks')", "T", "tasks", "the tasks and what became of them"),
    _review("next_section(1)", "tab l right", "next list", "the next list", 2, 1),
    _review("next_section(-1)", "shift+tab h left", "list before", "the list before"),
    _review("travel(-1)", "left_square_bracket", "earlier", "back along the night"),
    _review("travel(1)", "right_square_bracket", "later", "on along the night"),
    _review("zoom_timeline(1)", "plus", "zoom in", "a shorter part of the night"),
    _review("zoom_timeline(-1)", "minus", "zoom out", "a longer part of the night"),
    _review("show_in_events", "e", "in events", "show the line in the events pane", 7, 3),
    _review("reload", "ctrl+r", "look again", "make the review anew"),
    _review("export", "x", "export", "write the review: .md, .html, .svg, .json", 8, 4),
    _review("runs", "R", "runs", "all nights of this repository", 8, 2),
    _review("back", "m escape", "panes", "back to the live panes", 9, 1),
    *_shared("in the review"),
    _decide("keep_all", "a", "keep all", "keep everything: the run counts as reviewed", 3),
    _decide("rewind", "r", "rewind", "bring the files back to this point, after a preview", 4),
    _decide("undo", "u", "undo", "take the last rewind back"),
    _keep("mark", "space", "mark", "mark a commit or a file, or take that back"),
    _decide("remove_tree", "X", "remove tree", "remove this night's work tree, if nothing is lost"),
    _decide("branch", "b", "branch", "take what is marked to a new branch, after a plan", 5),
    _keep("diff", "d", "diff", "the diff of the line under the cursor", 6, 2),
)

RUNS: tuple[Action, ...] = (
    replace(_runs("open", "enter", "open", "the review of this night", 1, 0), is_of_view=True),
    _runs("next_unreviewed", "n", "next unreviewed", "the next night not reviewed", 2),
    _runs("reviewed", "v", "reviewed", "mark the night as reviewed, or not", 3),
    _runs("note", "o", "note", "write a note on the night", 4),
    _runs("mark", "space", "mark", "mark the night for comparing", 5, 2),
    _runs("compare", "c", "compare", "the two marked nights side by side", 6),
    _runs("sort", "s", "sort", "sort by the next column", 7, 2),
    _runs("reverse", "S", "reverse", "sort the other way round"),
    _runs("failures", "x", "failures", "what fails night after night", 8, 2),
    _runs("reload", "ctrl+r", "look again", "read the list anew"),
    _runs("back", "R escape", "back", "back to where you came from", 9, 2),
    *_shared("in the list of runs"),
)

ACTIONS: tuple[Action, ...] = (
    _pane("focus_pane(1)", "1", "progress", "go to the progress pane"),
    _pane("focus_pane(2)", "2", "events", "go to the events pane"),
    _pane("focus_pane(3)", "3", "notes", "go to the notes pane"),
    _pane("focus_pane(4)", "4", "watchdog", "go to the watchdog pane"),
    _pane("next_pane(1)", "tab", "next pane", "go to the next pane"),
    _pane("next_pane(-1)", "shift+tab", "previous pane", "go to the pane before"),
    _pane("zoom", "z", "zoom", "give one pane the whole screen, and back", 12, 3),
    *_MOVING,
    _find("search", "slash", "search", "search all events of the night", 9),
    _find("match(1)", "n", "next match", "next match, going back in time"),
    _find("match(-1)", "N", "previous match", "the match before"),
    _find("error(1)", "e", "error", "next error", 11, 2),
    _find("error(-1)", "E", "previous error", "previous error"),
    _find("stall", "S", "next stall", "next stall of the night"),
    _night("travel(-1)", "left_square_bracket", "earlier", "back along the night, all panes"),
    _night("travel(1)", "right_square_bracket", "later", "on along the night"),
    _night("live", "escape", "now", "back to now; ends search, zoom and a notice"),
    _operate("checkpoint", "c", "checkpoint", "keep the files as they are now, as a checkpoint", 1),
    _operate("rewind", "r", "rewind", "bring the files back to a checkpoint, after a preview", 2),
    _operate("undo", "u", "undo", "take the last rewind back"),
    _operate("inject", "i", "inject", "say something to the agent", 3),
    _operate("step_back", "s", "step back", "tell the agent what repeats, and to step back", 4),
    _operate("withdraw", "w", "withdraw", "take back words that nobody has read yet"),
    _operate("kill", "K", "kill", "interrupt, stop or kill the session", 5),
    _inspect("explain", "x", "why", "why it thinks the session is in this state", 13, 3),
    _inspect("verbosity", "v", "verbosity", "show more kinds of events, or fewer", 14, 4),
    _inspect("review", "m", "review", "the review: what happened, what to keep", 15, 2),
    _inspect("runs", "R", "runs", "all nights of this repository"),
    _inspect("pause", "p", "pause", "hold the panes still; the header stays live"),
    _inspect("sources", "o", "sources", "other sessions here, and which files are read"),
    _inspect("copy", "y", "copy", "copy the line under the cursor"),
    _program("theme", "t", "theme", "next colour theme"),
    _program("help", "question_mark f1", "help", "these keys", 20, 0),
    _program("command_palette", "ctrl+p", "palette", "find any action by its name"),
    _program("quit", "q ctrl+q", "quit", "close the viewer; the session goes on", 21, 2),
    *REVIEW,
    *RUNS,
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
    "left": "←",
    "right": "→",
    "plus": "+",
    "minus": "-",
}


VIEW_ACTIONS = frozenset(action.name for action in ACTIONS if action.is_of_view)


def screen_actions(place: Place = "main") -> tuple[Action, ...]:
    """The actions that a screen binds; scrolling views bind the others themselves."""
    return tuple(action for action in ACTIONS if action.place == place and not action.is_of_view)


def bindings_of(place: Place) -> Iterable[tuple[str, str, str]]:
    """Keys, name and label of what a screen binds; the palette's key is bound by the program."""
    for action in screen_actions(place):
        if action.name == "command_palette":
            continue
        if "{key}" in action.name:
            yield from ((key, action.name.format(key=key), action.label) for key in action.keys)
        else:
            yield ",".join(action.keys), action.name, action.label


def footer_actions(place: Place = "main") -> tuple[Action, ...]:
    """The actions of a screen's bottom line, in its order."""
    shown = (action for action in ACTIONS if action.footer and action.place == place)
    return tuple(sorted(shown, key=lambda action: action.footer))


def grouped(place: Place | None = None) -> Iterable[tuple[Group, tuple[Action, ...]]]:
    """The groups in the order of the help, with their actions; of one screen, or all there are."""
    groups: tuple[Group, ...] = get_args(Group)
    for group in groups:
        members = tuple(action for action in ACTIONS if action.group == group)
        if members and place in (None, members[0].place):
            yield group, members


def keys_of(action: Action) -> tuple[str, ...]:
    """The action's keys as a person reads them."""
    if action.shown:
        return (action.shown,)
    return tuple(KEY_NAMES.get(key, key) for key in action.keys)


def markdown_table() -> str:
    """The keys as the README shows them."""
    lines = ["| key | does |", "|---|---|"]
    for group, members in grouped():
        if members[0].place != "main":
            lines.append(f"| **{group}** | |")
        for action in members:
            keys = " ".join(f"`{key}`" for key in keys_of(action))
            lines.append(f"| {keys} | {action.help} |")
    return "\n".join(lines) + "\n"
