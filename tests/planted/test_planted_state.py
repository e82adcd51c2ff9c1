"""Nothing that lies in a repository is believed: no write outside our state, no program of it started.

By default each test plants everything of one form in every place at once and goes through all commands. The
full product, each place and each name alone, is asked for with `-m soak`.
"""

from __future__ import annotations

import itertools
import os
import shlex
import signal
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.command_line import installed
from tests.e2e.terminal import Terminal
from tests.planted.deeds import (
    ACTING,
    CHECKPOINTING,
    READING_CHECKPOINTS,
    VIEWING,
    Deed,
    known,
)
from tests.planted.git_dir import GIT_DIR, fsck
from tests.planted.places import LINKS, PLACES, TOGETHER, other_work_trees_files
from tests.planted.programs import PROGRAMS
from tests.planted.state_names import FORMS, aim_of, contents, plant
from tests.planted.world import CANARY, World, changes, remove
from tui.cli import COMMANDS

pytestmark = pytest.mark.timeout(240)
TEMPORARY = "tmp"
"""The person's folder for temporary files: its time may change, but nothing may stay in it."""
OURS_TO_START = ("git", "tmux", "python", "claude", "ps", "loginctl", "systemctl")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "w")
    made.project_repository()
    yield made
    remove(made.top)


def plant_everything(
    world: World,
    form: str,
    *,
    places: Sequence[str] = TOGETHER,
    names: Iterable[str] | None = None,
    git_dir: Iterable[str] = (),
    programs: Iterable[str] = (),
) -> list[Path]:
    """Plants; the folders from which a person may look."""
    aim = aim_of(world, form)
    found = contents(world, aim)
    chosen = found if names is None else {name: found[name] for name in names if name in found}
    look_from = [PLACES[place].look_from(world) for place in places]
    for place in places:
        for folder in PLACES[place].folders(world):
            plant(folder, chosen, form, world)
    for name in git_dir:
        GIT_DIR[name](world)
    for name in programs:
        PROGRAMS[name](world, world.project)
    for mark in world.marks.iterdir():
        mark.unlink()
    return look_from


def go_through(
    world: World, deeds: Iterable[Deed], look_from: list[Path], offset: int = 0
) -> list[str]:
    """Runs every deed and tells what each did that it may not; the folders take turns."""
    wrong = []
    before = world.snapshot()
    for number, deed in enumerate(deeds, offset):
        cwd = look_from[number % len(look_from)]
        done = world.run(*deed.words, cwd=cwd)
        after = world.snapshot()
        said = done.out.decode(errors="replace") + done.err
        where = f"{deed.name} in {cwd.name}"
        may_change = (*deed.may_change, TEMPORARY)
        wrong += [f"{where}: {change}" for change in changes(before, after, may_change)]
        wrong += [f"{where}: starts {shlex.join(words)}" for words in strangers(world)]
        if CANARY in said:
            wrong.append(f"{where}: shows what lies outside")
        if done.code not in range(5) or "Traceback" in said or "unexpected" in done.err:
            wrong.append(f"{where}: ends with {done.code}: {done.err[-300:]}")
        before = after
    return wrong


def strangers(world: World) -> list[tuple[str, ...]]:
    """What was started or connected to that is no tool of ours on the person's own PATH."""
    found = []
    for event, *words in world.started():
        program = os.path.realpath(words[0] or words[-1]) if words else ""
        name = os.path.basename(words[0])
        own_path = not program.startswith((str(world.above), str(world.victim)))
        if event.startswith("socket") and words[0].startswith(("/", "b'/", "'/")):
            continue
        if event.startswith("socket") or not own_path or not name.startswith(OURS_TO_START):
            found.append((event, *words))
    return found


def sample(deeds: Sequence[Deed], turn: int, parts: int) -> list[Deed]:
    """Every `parts`-th of the deeds that this version has, from another one in each turn."""
    return known(tuple(deeds[turn % parts :: parts]), COMMANDS)


def go_through_all(world: World, look_from: list[Path]) -> list[str]:
    return go_through(world, known((*VIEWING, *ACTING), COMMANDS), look_from)


def go_through_some(world: World, look_from: list[Path], turn: int) -> list[str]:
    """A fourth of what only looks, half of what acts: with the turns, all of both."""
    deeds = [*sample(VIEWING, turn, 4), *sample(ACTING, turn, 2)]
    return go_through(world, deeds, look_from, turn)


FORM_NAMES = list(FORMS)


def test_planted_in_every_place(world: World) -> None:
    look_from = plant_everything(world, "plain")
    wrong = go_through_all(world, look_from)
    assert not wrong, "\n".join(wrong)
    assert fsck(world.victim / "repo") == ""


@pytest.mark.parametrize("form", FORM_NAMES[1:])
def test_planted_in_every_form(world: World, form: str) -> None:
    """In a third of the places: with the turns, in all."""
    turn = FORM_NAMES.index(form)
    look_from = plant_everything(world, form, places=TOGETHER[turn % 3 :: 3])
    wrong = go_through_some(world, look_from, turn)
    assert not wrong, "\n".join(wrong)
    assert fsck(world.victim / "repo") == ""


@pytest.mark.parametrize("place", LINKS)
def test_planted_behind_a_link(world: World, place: str) -> None:
    look_from = plant_everything(world, "plain", places=[place])
    wrong = go_through_some(world, look_from, LINKS.index(place))
    assert not wrong, "\n".join(wrong)
    assert fsck(world.victim / "repo") == ""


@pytest.mark.parametrize("name", GIT_DIR)
def test_planted_in_the_git_dir(world: World, name: str) -> None:
    plant_everything(world, "plain", places=(), git_dir=[name])
    turn = list(GIT_DIR).index(name)
    deeds = [*sample(VIEWING, turn, 8), *known(READING_CHECKPOINTS, COMMANDS)]
    deeds += known(CHECKPOINTING, COMMANDS)
    wrong = go_through(world, deeds, [world.project])
    assert not wrong, "\n".join(wrong)
    assert fsck(world.victim / "repo") == ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_planted_programs(world: World, name: str) -> None:
    places = ["the run directory of 0.1", "a submodule"]
    look_from = plant_everything(world, "plain", places=places, programs=[name])
    wrong = go_through_some(world, look_from, list(PROGRAMS).index(name))
    assert not wrong, "\n".join(wrong)


ESCAPE = "\x1b"
# Keys of the review, the list of nights and the panes, each with what is seen then and what no more; what
# would act is left at its question.
STEPS = (
    ("?", "Keys", ""),
    (ESCAPE, "Claims", "Keys"),
    *((key, "Claims", "") for key in "PCDLBWT"),
    ("R", "Runs", "Claims"),
    (ESCAPE, "Claims", "Runs 1"),
    ("m", "Events", "Claims"),
    ("o", "Sources", ""),
    (ESCAPE, "Events", "Sources"),
    ("u", "", ""),
    (ESCAPE, "Events", ""),
    ("K", "", ""),
    (ESCAPE, "Events", ""),
)
SCREENS = [
    ("plain", "own settings"),
    ("link", "modules"),
    ("aimed outside", "git config"),
    ("torn", "programs"),
]


def _shows(terminal: Terminal, seen: str, gone: str) -> bool:
    return seen in terminal.text and not (gone and gone in terminal.text)


def look_at_the_screen(world: World, cwd: Path) -> list[str]:
    """Opens the screen, goes through its pages and leaves; what it did that it may not."""
    before = world.snapshot()
    terminal = Terminal(home=world.home, cwd=cwd, env=world.env, program=installed())
    try:
        terminal.until(lambda: "quit" in terminal.text and "reading" not in terminal.text)
        terminal.settle()
        shown = terminal.text
        for key, seen, gone in STEPS:
            terminal.press(key)
            terminal.until(partial(_shows, terminal, seen, gone))
            terminal.settle()  # a key right after escape would be another key
            shown += terminal.text
        terminal.process.send_signal(signal.SIGTERM)
        terminal.end()
    finally:
        terminal.close()
    found = changes(before, world.snapshot(), [TEMPORARY])
    wrong = [f"screen: {change}" for change in found]
    if CANARY in shown:
        wrong.append("screen: shows what lies outside")
    if "Traceback" in shown:
        wrong.append(f"screen: {shown[-2000:]}")
    return wrong


@pytest.mark.parametrize(("form", "program"), SCREENS)
def test_planted_and_opened(world: World, form: str, program: str) -> None:
    git_dir = ["forged refs", "symbolic refs", "linked area"] if form == "plain" else []
    look_from = plant_everything(world, form, git_dir=git_dir, programs=[program])
    folders = other_work_trees_files(world)
    assert set(look_from) <= set(folders)
    wrong = look_at_the_screen(world, world.project)
    assert not wrong, "\n".join(wrong)


def test_every_command_is_gone_through() -> None:
    """A new command needs a row, so that it is held to the same."""
    gone_through = {deed.words[0] for deed in (*VIEWING, *ACTING)}
    assert set(COMMANDS) <= gone_through


# --- the full product ---


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("form", FORM_NAMES)
def test_all_commands_with_every_form(world: World, form: str) -> None:
    wrong = go_through_all(world, plant_everything(world, form))
    assert not wrong, "\n".join(wrong)


ALONE = list(itertools.product(PLACES, FORMS))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("place", "form"), ALONE)
def test_every_place_and_form_alone(world: World, place: str, form: str) -> None:
    look_from = plant_everything(world, form, places=[place])
    wrong = go_through_all(world, look_from)
    assert not wrong, "\n".join(wrong)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("git_dir", GIT_DIR)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_with_every_git_dir(world: World, git_dir: str, program: str) -> None:
    plant_everything(world, "plain", places=(), git_dir=[git_dir], programs=[program])
    wrong = go_through_all(world, [world.project])
    assert not wrong, "\n".join(wrong)
