"""The scenes: what the CLI is made to do, and which words are right meanwhile."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

from tests.real_words.scene import RealScene

TAIL = 20.0
_BUSY = ("working", "tool", "waiting_api")
_OPENING = ("none", "starting", "waiting_input", *_BUSY)
"""Before the first record, and until the word of the first prompt is out."""
_IDLE = ("waiting_input",)
_OVER = ("finished", "ended")
_ALL_TOOLS = ("--dangerously-skip-permissions",)
Scenario = Callable[[RealScene], None]


def _print(scene: RealScene, prompt: str, *words: str, session: str = "") -> None:
    """One `claude -p` from its start to twenty seconds after its end."""
    scene.phase("the turn", *_OPENING, *_OVER, session=session)
    process = scene.start("-p", prompt, *_ALL_TOOLS, *words)
    code = scene.ended(process)
    scene.note(f"exit code {code}")


def _tail(scene: RealScene, name: str, *words: str, session: str = "") -> None:
    scene.phase(name, *words, session=session)
    scene.rest(TAIL)


def plain_print(scene: RealScene) -> None:
    """`claude -p`, watched by its transcript."""
    scene.watch()
    _print(scene, "[[scn:short]] do it")
    _tail(scene, "it is over", *_OVER, session=scene.newest_session())


def stream_print(scene: RealScene) -> None:
    """`claude -p --output-format stream-json > FILE`, watched by that file alone."""
    out = scene.base / "stream.jsonl"
    out.touch()
    scene.watch(out)
    scene.phase("the turn", *_OPENING, *_OVER)
    words = ("--output-format", "stream-json", "--verbose")
    scene.ended(scene.start("-p", "[[scn:short]] do it", *_ALL_TOOLS, *words, out=out))
    _tail(scene, "it is over", *_OVER)


def window_turns(scene: RealScene) -> None:
    """Interactive: two turns with a rest between, then /exit."""
    _open(scene)
    scene.rest(5)
    _turn(scene, "[[scn:short]] do it", "SHORT-DONE")
    _turn(scene, "[[scn:again]] once more", "AGAIN-DONE")
    _leave(scene)


def _open(scene: RealScene) -> None:
    """A window, watched from the start."""
    scene.watch()
    scene.phase("opened", *_OPENING)
    scene.window(*_ALL_TOOLS)


def _turn(scene: RealScene, prompt: str, said: str, rest: float = 15.0) -> None:
    """A turn in the window and the rest after it."""
    scene.phase(f"turn {said}", *_BUSY, *_IDLE, "starting")
    scene.type(prompt)
    scene.said(said)
    scene.phase(f"after {said}", *_IDLE, session=scene.newest_session())
    scene.rest(rest)


def _leave(scene: RealScene, session: str = "") -> None:
    scene.phase("leaving", *_IDLE, *_OVER)
    scene.type("/exit")
    scene.window_ended()
    _tail(scene, "it is over", *_OVER, session=session or scene.newest_session())


def clear(scene: RealScene) -> None:
    """Interactive: a turn, /clear, another turn, /exit."""
    _open(scene)
    _turn(scene, "[[scn:short]] do it", "SHORT-DONE")
    scene.phase("cleared", *_IDLE)
    scene.type("/clear")
    scene.rest(12)
    _turn(scene, "[[scn:again]] once more", "AGAIN-DONE")
    _leave(scene)


def compact(scene: RealScene) -> None:
    """Interactive: a turn, /compact, another turn, /exit."""
    _open(scene)
    _turn(scene, "[[scn:short]] do it", "SHORT-DONE", 8)
    scene.phase("compacting", *_BUSY, *_IDLE)
    scene.type("/compact")
    scene.said("compact_boundary")
    scene.rest(2)
    scene.phase("compacted", *_IDLE, session=scene.newest_session())
    scene.rest(15)
    _turn(scene, "[[scn:again]] once more", "AGAIN-DONE", 8)
    _leave(scene)


def rewind(scene: RealScene) -> None:
    """Interactive: two turns, /rewind to before the second, another turn, /exit."""
    _open(scene)
    _turn(scene, "[[scn:short]] do it", "SHORT-DONE", 6)
    _turn(scene, "[[scn:again]] once more", "AGAIN-DONE", 6)
    scene.phase("rewinding", *_IDLE)
    scene.type("/rewind")
    scene.until(lambda: "Rewind" in scene.screen() or "Restore" in scene.screen(), "its menu")
    scene.rest(2)
    scene.keys("Up")
    scene.rest(1)
    scene.keys("Enter")
    scene.rest(2)
    scene.keys("Enter")
    scene.rest(10)
    scene.note("screen after /rewind: " + " | ".join(scene.screen().split("\n")[-12:])[:400])
    scene.keys("C-u")
    _turn(scene, "[[scn:another]] another way", "ANOTHER-DONE", 12)
    _leave(scene)


def resume(scene: RealScene) -> None:
    """Two sessions that ended; the older one is resumed in a window, then left."""
    scene.watch()
    _print(scene, "[[scn:again]] the first", session="")
    old = scene.newest_session()
    scene.phase("between", *_OVER, session=old)
    scene.rest(8)
    _print(scene, "[[scn:short]] the second")
    new = scene.newest_session()
    scene.phase("both ended", *_OVER, session=new)
    scene.rest(8)
    scene.phase("resumed", *_IDLE, *_OVER, "starting")
    scene.window("--resume", old, *_ALL_TOOLS)
    scene.rest(6)
    scene.phase("turn resumed", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:short]] go on")
    scene.until(lambda: scene.newest_session() == old, "the old session's growth")
    scene.said("SHORT-DONE")
    scene.until(lambda: "SHORT-DONE" in _text(scene, old), "the answer in the old session")
    scene.phase("after the answer", *_IDLE, session=old)
    scene.rest(12)
    _leave(scene, old)


def _text(scene: RealScene, session: str) -> str:
    return "".join(
        path.read_text(errors="replace") for path in scene.transcripts() if path.stem == session
    )


def fork(scene: RealScene) -> None:
    """`claude -p`, then `claude -p --resume ID --fork-session`."""
    scene.watch()
    _print(scene, "[[scn:short]] the first")
    old = scene.newest_session()
    scene.phase("between", *_OVER, session=old)
    scene.rest(8)
    _print(scene, "[[scn:again]] the fork", "--resume", old, "--fork-session")
    assert scene.newest_session() != old
    _tail(scene, "the fork is over", *_OVER, session=scene.newest_session())


def shell_print(scene: RealScene) -> None:
    """`claude -p` with a background shell, which the CLI ends or waits for."""
    scene.watch()
    _print(scene, "[[scn:shell]] build it")
    _tail(scene, "it is over", *_OVER, session=scene.newest_session())


def shell_window(scene: RealScene) -> None:
    """Interactive: the turn ends, the background shell goes on for 25 s, then it is told."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:shell]] build it")
    scene.said("SHELL-STARTED")
    scene.phase("shell runs", "working", "tool", session=scene.newest_session())
    scene.said("SHELL-NOTED")
    scene.phase("shell ended", *_IDLE)
    scene.rest(15)
    _leave(scene)


def agent_print(scene: RealScene) -> None:
    """`claude -p` with an asynchronous subagent."""
    scene.watch()
    _print(scene, "[[scn:audit]] audit it")
    _tail(scene, "it is over", *_OVER, session=scene.newest_session())


def agent_window(scene: RealScene) -> None:
    """Interactive: the turn ends, the asynchronous subagent goes on for 20 s."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:audit]] audit it")
    scene.said("AUDIT-STARTED")
    scene.phase("agent runs", "working", "tool", session=scene.newest_session())
    scene.said("AUDIT-NOTED")
    scene.phase("agent ended", *_IDLE)
    scene.rest(15)
    _leave(scene)


def worktree(scene: RealScene) -> None:
    """`claude -p` enters a worktree of its own, works there, ends."""
    scene.watch()
    _print(scene, "[[scn:worktree]] in a tree of its own")
    _tail(scene, "it is over", *_OVER, session=scene.newest_session())
    where = [str(path.parent.name)[-40:] for path in scene.transcripts()]
    scene.note(f"transcripts in {where}")


def _failing(story: str, *meanwhile: str) -> Scenario:
    def scenario(scene: RealScene) -> None:
        scene.watch()
        scene.phase("the turn", *_OPENING, *meanwhile, "failed")
        code = scene.ended(scene.start("-p", f"[[scn:{story}]] do it", *_ALL_TOOLS), 300)
        scene.note(f"exit code {code}")
        _tail(scene, "it failed", "failed", session=scene.newest_session())

    return scenario


def _failing_window(story: str, *meanwhile: str) -> Scenario:
    """Interactive: the turn fails; the process lives and waits for a person."""

    def scenario(scene: RealScene) -> None:
        _open(scene)
        scene.phase("the turn", *_BUSY, *_IDLE, "starting", *meanwhile, "failed")
        scene.type(f"[[scn:{story}]] do it")
        scene.said('"isApiErrorMessage":true', 200)
        scene.phase("it failed", "failed")
        scene.rest(15)
        scene.phase("leaving", "failed")
        scene.type("/exit")
        scene.window_ended()
        _tail(scene, "it is over", "failed", session=scene.newest_session())

    return scenario


def _recovering(story: str, said: str, *meanwhile: str) -> Scenario:
    def scenario(scene: RealScene) -> None:
        scene.watch()
        scene.phase("the turn", *_OPENING, *meanwhile, *_OVER)
        scene.ended(scene.start("-p", f"[[scn:{story}]] do it", *_ALL_TOOLS), 300)
        _tail(scene, "it is over", *_OVER, session=scene.newest_session())

    return scenario


def killed(scene: RealScene) -> None:
    """`claude -p` is killed in the middle of a command."""
    scene.watch()
    scene.phase("the turn", *_OPENING)
    process = scene.start("-p", "[[scn:long]] do it", *_ALL_TOOLS)
    scene.said("A long command.")
    scene.rest(5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    scene.phase("dying", *_BUSY, "crashed")
    scene.rest(6)
    _tail(scene, "it crashed", "crashed", session=scene.newest_session())


def interrupted(scene: RealScene) -> None:
    """Interactive: Esc in the middle of a command, a rest, then /exit."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:long]] do it")
    scene.said("A long command.")
    scene.rest(5)
    scene.phase("interrupted", "paused", "waiting_input")
    scene.keys("Escape")
    scene.rest(15)
    scene.phase("leaving", "paused", *_IDLE, *_OVER)
    scene.type("/exit")
    scene.window_ended()
    _tail(scene, "it is over", "paused", *_OVER)


def question(scene: RealScene) -> None:
    """Interactive: the model asks, a person answers after a while."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting", "waiting_permission")
    scene.type("[[scn:question]] ask me")
    scene.until(lambda: "Which one?" in scene.screen(), "the question")
    scene.rest(2)
    scene.phase("asked", "waiting_permission", session=scene.newest_session())
    scene.rest(12)
    scene.phase("answered", "waiting_permission", *_BUSY, *_IDLE)
    scene.keys("Enter")
    scene.said("QUESTION-ANSWERED")
    scene.phase("after it", *_IDLE)
    scene.rest(10)
    _leave(scene)


def leave_asked(scene: RealScene) -> None:
    """Interactive: a command needs a person's leave."""
    scene.watch()
    scene.phase("opened", *_OPENING)
    scene.window("--permission-mode", "default")
    scene.phase("turn", *_BUSY, *_IDLE, "starting", "waiting_permission")
    scene.type("[[scn:short]] do it")
    scene.until(lambda: "Do you want to proceed?" in scene.screen(), "the dialog")
    scene.rest(3)
    scene.phase("asked", "waiting_permission", session=scene.newest_session())
    scene.rest(12)
    scene.phase("allowed", "waiting_permission", *_BUSY, *_IDLE)
    scene.keys("Enter")
    scene.rest(8)
    scene.note("screen: " + " | ".join(scene.screen().split("\n")[-12:])[:300])


def shell_mode(scene: RealScene) -> None:
    """Interactive: a turn, then `!` commands of the person, which ask no model."""
    _open(scene)
    _turn(scene, "[[scn:again]] do it", "AGAIN-DONE", 5)
    scene.phase("shell mode", *_BUSY, *_IDLE)
    scene.keys("-l", "!")
    scene.rest(1)
    scene.type("echo from-the-person")
    scene.said("bash-stdout")
    scene.rest(5)  # this version has the model answer to it
    scene.phase("after shell mode", *_IDLE)
    scene.rest(12)
    _leave(scene)


def stop_hook(scene: RealScene) -> None:
    """`claude -p` with a Stop hook that takes 8 s and blocks once."""
    script = scene.base / "hook.sh"
    script.write_text(
        "#!/bin/bash\ninput=$(cat); sleep 8\n"
        'case "$input" in *\'"stop_hook_active":true\'*) exit 0;; esac\n'
        "echo 'Not yet: run the tests.' >&2; exit 2\n"
    )
    script.chmod(0o700)
    hooks = {"Stop": [{"hooks": [{"type": "command", "command": str(script)}]}]}
    settings = scene.config / "settings.json"
    settings.write_text(json.dumps({"hooks": hooks}))
    scene.watch()
    scene.phase("the turn", *_OPENING)
    scene.ended(scene.start("-p", "[[scn:again]] do it", *_ALL_TOOLS))
    scene.phase("ending", *_BUSY, *_OVER)
    scene.rest(2)
    _tail(scene, "it is over", *_OVER, session=scene.newest_session())


def stop_hook_window(scene: RealScene) -> None:
    """Interactive, with a Stop hook that takes 12 s."""
    hooks = {"Stop": [{"hooks": [{"type": "command", "command": "sleep 12"}]}]}
    settings = {"hooks": hooks, "skipDangerousModePermissionPrompt": True}
    (scene.config / "settings.json").write_text(json.dumps(settings))
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:again]] do it")
    scene.said("AGAIN-DONE")
    scene.phase("the hook runs", *_BUSY, session=scene.newest_session())
    scene.rest(11)
    scene.phase("after it", *_BUSY, *_IDLE)
    scene.rest(4)
    scene.phase("at rest", *_IDLE)
    scene.rest(10)
    _leave(scene)


def schedule_window(scene: RealScene) -> None:
    """Interactive: the session has a schedule of its own."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:schedule]] look every hour")
    scene.said("SCHEDULE-SET")
    scene.phase("on a schedule", *_BUSY, session=scene.newest_session())
    scene.rest(15)
    scene.phase("leaving", *_BUSY, *_IDLE, *_OVER, "waiting_permission")
    scene.type("/exit")
    scene.rest(3)
    if "❯" in scene.screen():
        scene.keys("Enter")  # it asks whether the schedule may be lost
    scene.window_ended()
    _tail(scene, "it is over", *_OVER)


def orphaned_shell(scene: RealScene) -> None:
    """A window with a background shell is killed; the session is resumed and waits."""
    _open(scene)
    scene.phase("turn", *_BUSY, *_IDLE, "starting")
    scene.type("[[scn:shell]] build it")
    scene.said("SHELL-STARTED")
    scene.rest(4)
    session = scene.newest_session()
    (entry,) = scene.registry()
    os.kill(int(str(entry["pid"])), signal.SIGKILL)
    scene.phase("killed at rest", *_BUSY, *_OVER)
    scene.rest(5)
    scene.phase("gone", *_OVER, session=session)
    scene.rest(8)
    scene.phase("resuming", *_OVER, *_IDLE, "starting", *_BUSY)
    scene.window("--resume", session, *_ALL_TOOLS)
    scene.rest(5)
    scene.phase("resumed", *_IDLE, session=session)
    scene.rest(15)
    _leave(scene, session)


SCENARIOS: dict[str, Scenario] = {
    "plain -p": plain_print,
    "-p with stream-json": stream_print,
    "window, two turns": window_turns,
    "window, /clear": clear,
    "window, /compact": compact,
    "window, /rewind": rewind,
    "window, --resume of an older one": resume,
    "fork": fork,
    "background shell, -p": shell_print,
    "background shell, window": shell_window,
    "asynchronous subagent, -p": agent_print,
    "asynchronous subagent, window": agent_window,
    "worktree": worktree,
    "API 400": _failing("refused-request"),
    "API 401": _failing("refused-login"),
    "API 429, then well": _recovering("limited", "LIMITED-DONE", "rate_limited"),
    "API 429 for good": _failing("limited-always", "rate_limited"),
    "API 529, then well": _recovering("overloaded", "OVERLOADED-DONE", "waiting_api"),
    "API 529 for good": _failing("overloaded-always", "waiting_api"),
    "API 400, window": _failing_window("refused-request"),
    "API 401, window": _failing_window("refused-login"),
    "killed": killed,
    "interrupted": interrupted,
    "question": question,
    "leave asked": leave_asked,
    "shell mode": shell_mode,
    "Stop hook that blocks": stop_hook,
    "Stop hook, window": stop_hook_window,
    "schedule, window": schedule_window,
    "orphaned shell, window": orphaned_shell,
}
