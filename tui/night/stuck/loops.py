"""Repeated calls with repeated results.

A step is a tool call with its answer. Steps are equal when tool, arguments, answer and work tree
are equal; an edit or a commit changes the work tree, unless the very same edit was made before in
the same run of steps, because then something took it back. A cycle of up to five steps that comes
again and again is a loop; so is the same text said again and again. What waits by repeating
(pollers) and errors of the network get more patience.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tui.model.cli_commands import ASKING, EDITING, POLLING, SHELLS
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.snapshot import Stall
from tui.model.state import StallKind, StallLevel, StallThresholds
from tui.night.stuck.similarity import (
    are_similar,
    differ_early,
    fingerprint,
    is_infrastructure_error,
    repeated_phrase,
)
from tui.system.format import format_duration, shorten
from tui.system.lazy_pattern import lazy

_START = r"(?:^|[;\n⏎(]|&&|\|\||\bdo\b)\s*(?:sudo\s+|timeout\s+\S+\s+)?"
_POLLING = lazy(
    _START
    + r"""(?: sleep | wait | watch | until | while | pgrep | ps | squeue | qstat | nc\s+-z
    | tail\s+(?:-\S+\s+)*-[a-zA-Z]*[fF] | gh\s+(?:run|pr)\s+(?:watch|view|checks|list)
    | kubectl\s+(?:get|rollout|wait|logs) | docker\s+(?:ps|inspect|logs|compose\s+ps)
    | systemctl\s+(?:is-active|status) | curl\b.*(?:health|status|ready) )\b""",
    re.VERBOSE,
)
_KEPT = 64
_MOST_TRACKS = 64
_MOST_LOOPS = 200
_SIZE_SLACK = 64
_SAID = 2000


class ToolStep(Struct):
    """A call with its answer; `print` is the answer's digest once somebody asked for it."""

    tool: str
    target: str
    key: int
    is_error: bool
    excerpt: str
    size: int
    work_tree: int
    at: float | None
    ref: SourceRef
    fingerprint: int = 0
    patience: float = 0.0


class ConversationTrack(Struct):
    """The newest steps of one conversation and, for each length of cycle, how far it has repeated."""

    steps: list[ToolStep] = []
    keys: list[int] = []
    runs: list[int] = []
    repeating: bool = False
    edits: list[int] = []
    texts: int = 0
    text: str = ""
    repeats_text: bool = False
    text_at: float | None = None
    text_ref: SourceRef | None = None
    active: Stall | None = None

    def repeat_text(
        self,
        what: str,
        words: str,
        times: int,
        level: StallLevel,
        refs: tuple[SourceRef, ...],
        since: float | None,
        at: float | None,
    ) -> None:
        """The model says the same `words` again and again, since a time until `at`."""
        self.repeats_text = True
        self.active = Stall(
            StallKind.LOOP,
            since or 0.0,
            (f"{what}: “{words}”",),
            refs,
            level,
            times,
            last_at=at,
            pattern=words,
        )


class LoopDetector(Struct):
    """Looks for loops in every conversation of the night."""

    tracks: dict[str, ConversationTrack] = {}
    work_tree: int = 0
    ended: list[Stall] = []

    def track(self, thread: str) -> ConversationTrack:
        """The track of a conversation; when there are too many, a subagent's is forgotten."""
        track = self.tracks.get(thread)
        if track is None:
            if len(self.tracks) >= _MOST_TRACKS:
                del self.tracks[next(key for key in self.tracks if key)]
            track = self.tracks[thread] = ConversationTrack()
        return track

    def on_work_tree_change(self) -> None:
        """The work tree changed: a commit, or a rewind."""
        self.work_tree += 1

    def reset_conversation(self, thread: str) -> None:
        """The conversation took a new start: a person spoke, or it was summarised."""
        track = self.tracks.get(thread)
        if track is not None:
            self._end(track)
            del self.tracks[thread]

    def _end(self, track: ConversationTrack) -> None:
        if track.active is not None:
            self.ended.append(track.active)
            del self.ended[:-_MOST_LOOPS]
            track.active = None
        track.repeats_text = False

    def on_tool_result(
        self,
        thread: str,
        use: ToolCall,
        result: ToolResult,
        at: float | None,
        ref: SourceRef,
        limits: StallThresholds,
    ) -> None:
        """A tool call was answered; what a person answers is no loop."""
        if use.name in ASKING:
            return
        track = self.tracks.get(thread) or self.track(thread)
        if use.name in EDITING and not result.is_error:
            self._edited(track, use.key)
        steps = track.steps
        step = ToolStep(
            use.name,
            use.target,
            use.key,
            result.is_error,
            result.excerpt,
            result.size,
            self.work_tree,
            at,
            ref,
        )
        track.texts = 0
        again = use.key in track.keys and self._compare(track, step, limits)
        if track.repeating and not again:
            track.runs = []
        track.repeating = again
        track.keys.append(use.key)
        del track.keys[: -limits.loop_longest_cycle]
        steps.append(step)
        if len(steps) > _KEPT:
            del steps[: _KEPT // 2]
        if again:
            self._judge(track, limits)
        elif track.active is not None:
            self._end(track)

    def _compare(self, track: ConversationTrack, step: ToolStep, limits: StallThresholds) -> bool:
        """Whether `step` repeats one of those before it; how far each length of cycle goes on."""
        longest = limits.loop_longest_cycle
        if len(track.runs) != longest:
            track.runs = [0] * longest
        again = False
        for length in range(1, longest + 1):
            before = track.steps[-length] if length <= len(track.steps) else None
            if before is not None and before.key == step.key and _same(before, step, limits):
                track.runs[length - 1] += 1
                again = True
            else:
                track.runs[length - 1] = 0
        return again

    def _edited(self, track: ConversationTrack, key: int) -> None:
        if key in track.edits:
            return
        track.edits.append(key)
        del track.edits[:-_KEPT]
        self.work_tree += 1

    def _judge(self, track: ConversationTrack, limits: StallThresholds) -> None:
        """Find the shortest cycle that has come round often enough."""
        for length, run in enumerate(track.runs, 1):
            rounds = run // length + 1
            if rounds < limits.loop_notice:
                continue
            cycle = track.steps[-length:]
            patience = max(_patience(step, limits) for step in cycle)
            level = _level(rounds, patience, limits)
            if level:
                track.active = _stall(track, cycle, rounds, level)
                return
        if track.active is not None:
            self._end(track)

    def on_text(
        self,
        thread: str,
        text: str,
        tools: bool,
        at: float | None,
        ref: SourceRef,
        limits: StallThresholds,
    ) -> None:
        """The model said `text`; alone, or on the way to a tool call."""
        track = self.tracks.get(thread) or self.track(thread)
        times = repeated_phrase(text) if len(text) > 400 else 0
        if times:
            self._end(track)
            what = f"one answer repeats the same words {times} times"
            words = shorten(text[-60:])
            track.repeat_text(what, words, times, StallLevel.NOTICE, (ref,), at, at)
            return
        if tools:
            return
        said, before = text[:_SAID], track.text
        near = track.texts and abs(len(before) - len(said)) <= _SIZE_SLACK
        if not near or not are_similar(before, said):
            if track.repeats_text:
                self._end(track)
            track.texts, track.text, track.text_at, track.text_ref = 1, said, at, ref
            return
        track.texts += 1
        level = _level(track.texts, 1.0, limits)
        if level and track.text_ref is not None:
            what = f"the same words {track.texts} times and no tool call"
            refs = (track.text_ref, ref)
            track.repeat_text(what, shorten(before), track.texts, level, refs, track.text_at, at)

    def active_loop(self) -> Stall | None:
        """The worst loop going on, of the main conversation first."""
        main = self.tracks.get("")
        if main is not None and main.active is not None:
            return main.active
        loops = [track.active for track in self.tracks.values() if track.active is not None]
        return max(loops, key=lambda loop: loop.count, default=None)


def _same(one: ToolStep, other: ToolStep, limits: StallThresholds) -> bool:
    """Whether two steps with equal arguments are the same step."""
    if (
        one.tool != other.tool
        or one.work_tree != other.work_tree
        or one.is_error != other.is_error
        or abs(one.size - other.size) > _SIZE_SLACK
    ):
        return False
    if one.excerpt == other.excerpt:
        return True
    if differ_early(one.excerpt, other.excerpt):
        return False
    exact = _polls(other, limits)
    for step in (one, other):
        step.fingerprint = step.fingerprint or fingerprint(step.excerpt, exact)
    return one.fingerprint == other.fingerprint


def _polls(step: ToolStep, limits: StallThresholds) -> bool:
    """Whether a step waits by repeating."""
    if step.tool in POLLING:
        return True
    if step.tool not in SHELLS:
        return False
    return _POLLING.search(step.target) is not None or any(
        re.search(_START + re.escape(name) + r"\b", step.target) for name in limits.pollers
    )


def _patience(step: ToolStep, limits: StallThresholds) -> float:
    if not step.patience:
        patient = _polls(step, limits) or (step.is_error and is_infrastructure_error(step.excerpt))
        step.patience = limits.poller_factor if patient else 1.0
    return step.patience


def _level(rounds: int, patience: float, limits: StallThresholds) -> StallLevel:
    if rounds >= limits.loop_stop * patience:
        return StallLevel.STOP
    if rounds >= limits.loop_nudge * patience:
        return StallLevel.NUDGE
    return StallLevel.NOTICE if rounds >= limits.loop_notice * patience else StallLevel.NONE


def _stall(
    track: ConversationTrack, cycle: list[ToolStep], rounds: int, level: StallLevel
) -> Stall:
    """A loop in words: what repeats, how often, since when, with what answer."""
    first = track.steps[max(0, len(track.steps) - rounds * len(cycle))]
    since = first.at
    if track.active is not None and track.active.count:
        since = min(track.active.since, since) if since is not None else track.active.since
    names = [f"{step.tool} {shorten(step.target, 60)}".strip() for step in cycle]
    pattern = " → ".join(names)
    if len(cycle) == 1:
        what = f"{pattern}: {rounds} times with the same answer"
    else:
        what = f"{len(cycle)} calls in turn, {rounds} rounds with the same answers: {pattern}"
    evidence = [what]
    last = cycle[-1]
    answer = shorten(last.excerpt.strip().rsplit("\n", 1)[-1])
    if answer:
        evidence.append(f"{'error' if last.is_error else 'answer'}: {answer}")
    if since is not None and last.at is not None and last.at > since:
        evidence.append(
            f"for {format_duration(last.at - since)} without a change of files or answers"
        )
    refs = (first.ref, *(step.ref for step in cycle))
    return Stall(
        StallKind.LOOP,
        since or 0.0,
        tuple(evidence),
        refs,
        level,
        rounds,
        last_at=last.at,
        pattern=pattern,
    )
