"""All detectors over all conversations of a night, and the one stall that they come to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from operator import attrgetter

from msgspec import Struct, field, structs

from tui.model.cli_commands import ASKING
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence.log import TestRun
from tui.model.journal import JournalEntry
from tui.model.stall import DetectorName, NotStuck, ProgressKind, Stall, StallSignal
from tui.model.state import StallThresholds
from tui.night.stuck.called_wrong import CalledWrong, call_newest_wrong
from tui.night.stuck.calls.answers import AdvancingAnswers
from tui.night.stuck.calls.growing_commands import GrowingCommands
from tui.night.stuck.calls.recurring_calls import RecurringCalls
from tui.night.stuck.calls.repeated_calls import RepeatedCalls
from tui.night.stuck.detector import Detector
from tui.night.stuck.errors.causes import is_unmarked_error
from tui.night.stuck.errors.error_log import ErrorLog, cause_of_step
from tui.night.stuck.errors.same_error import SameError
from tui.night.stuck.errors.same_test import SameTest
from tui.night.stuck.levels import judged
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.refused.refused_calls import RefusedCalls
from tui.night.stuck.reverted_edits import RevertedEdits
from tui.night.stuck.step import SpokenText, step_of
from tui.night.stuck.turns.continuations import Compactions, Continuations, Handoffs
from tui.night.stuck.turns.monologue import Monologue, RepeatedPhrases, SimilarMessages
from tui.night.stuck.turns.prompts import PromptLog, Speaker
from tui.night.stuck.turns.repeated_turns import RepeatedTurns

_MOST_CONVERSATIONS = 32
_MOST_ENDED = 200
_OF_CALLS_MADE = frozenset(
    {DetectorName.REPEATED_CALLS, DetectorName.RECURRING_CALLS, DetectorName.GROWING_COMMANDS}
    | {DetectorName.SAME_ERROR}
)
"""They would take a refused call for one that was made and answered so."""
_ORDER = {name: number for number, name in enumerate(DetectorName)}


class Conversation(Struct):
    """The detectors of one conversation; `episode`: the trouble that goes on, `peak`: when it was surest."""

    repeated_calls: RepeatedCalls = field(default_factory=RepeatedCalls)
    repeated_phrases: RepeatedPhrases = field(default_factory=RepeatedPhrases)
    monologue: Monologue = field(default_factory=Monologue)
    growing_commands: GrowingCommands = field(default_factory=GrowingCommands)
    recurring_calls: RecurringCalls = field(default_factory=RecurringCalls)
    answers: AdvancingAnswers = field(default_factory=AdvancingAnswers)
    refused_calls: RefusedCalls = field(default_factory=RefusedCalls)
    same_error: SameError = field(default_factory=SameError)
    same_test: SameTest = field(default_factory=SameTest)
    reverted_edits: RevertedEdits = field(default_factory=RevertedEdits)
    similar_messages: SimilarMessages = field(default_factory=SimilarMessages)
    repeated_turns: RepeatedTurns = field(default_factory=RepeatedTurns)
    continuations: Continuations = field(default_factory=Continuations)
    handoffs: Handoffs = field(default_factory=Handoffs)
    compactions: Compactions = field(default_factory=Compactions)
    episode: Stall | None = None
    peak: Stall | None = None

    @property
    def detectors(self) -> tuple[Detector, ...]:
        return (
            self.repeated_calls,
            self.growing_commands,
            self.recurring_calls,
            self.repeated_phrases,
            self.monologue,
            self.same_error,
            self.same_test,
            self.reverted_edits,
            self.similar_messages,
            self.repeated_turns,
            self.continuations,
            self.handoffs,
            self.compactions,
            self.refused_calls,
        )


_findings = attrgetter(
    *(f"{name}.finding" for name in Conversation.__struct_fields__ if name in set(DetectorName))
)
"""What each detector of a conversation sees: asked at each event, and nearly always nothing."""


@cache
def _concerned(event: str, off: tuple[str, ...]) -> Callable[[Conversation], Sequence[Detector]]:
    """Picks the detectors that are on and do anything at such an event: for most events, a few of all."""
    whole = Conversation()
    names = [
        name
        for name in whole.__struct_fields__
        if isinstance(one := getattr(whole, name), Detector)
        and one.name not in off
        and getattr(type(one), event) is not getattr(Detector, event)
    ]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda conversation: [getattr(conversation, name) for name in names]


class DetectorSet(Struct):
    """Looks for circling in every conversation of the night."""

    conversations: dict[str, Conversation] = {}
    progress: ProgressTracker = field(default_factory=ProgressTracker)
    ended: list[Stall] = []
    factors: dict[DetectorName, float] = {}
    prompts: PromptLog = field(default_factory=PromptLog)
    disabled: tuple[str, ...] = StallThresholds().disabled_detectors
    news: dict[ProgressKind, int] = {}
    wrong: CalledWrong = field(default_factory=CalledWrong)
    errors: ErrorLog = field(default_factory=ErrorLog)

    def conversation(self, thread: str) -> Conversation:
        """A conversation by its thread, "" for the main one; of too many, a subagent's is forgotten."""
        known = self.conversations.get(thread)
        if known is None:
            if len(self.conversations) >= _MOST_CONVERSATIONS:
                self._end_conversation(next(key for key in self.conversations if key))
            known = self.conversations[thread] = Conversation()
            for detector in known.detectors:
                detector.factor = self.factors.get(detector.name, 1.0)
        return known

    # --- what happens ---

    def on_tool_result(
        self,
        thread: str,
        use: ToolCall,
        result: ToolResult,
        at: float | None,
        ref: SourceRef,
        limits: StallThresholds,
        called_at: float | None = None,
        run: TestRun | None = None,
    ) -> None:
        """A tool call was answered; what a person answers is no loop."""
        if use.name in ASKING:
            return
        self._believe_until(at)
        if len(self.conversations) > 1:
            self._end_conversation(use.id)
            self._end_conversation(result.agent_id)
        progress = self.progress
        progress.on_call(at)
        if not thread:
            self.prompts.on_work(at)
        if is_unmarked_error(use, result):
            result = structs.replace(result, is_error=True)
        answered = progress.on_answer(use, result, run)
        for kind in answered.kinds:
            self.on_progress(kind, at, ref)
        step = step_of(use, result, at, ref, called_at, run, progress.cwd)
        step.tree, step.content, step.failures = progress.tree, answered.content, answered.failures
        if step.is_error:
            step.cause = cause_of_step(step)
            if step.cause is not None:
                self.errors.on_error(step.cause, step)
        conversation = self.conversations.get(thread) or self.conversation(thread)
        off = self.disabled if step.was_made else (*self.disabled, *_OF_CALLS_MADE)
        for detector in _concerned("on_step", off)(conversation):
            detector.on_step(step, progress, limits)
        if step.was_made and conversation.answers.on_step(step):
            self.on_progress(ProgressKind.OUTPUT, at, ref)
        self._update(conversation)

    def on_text(
        self,
        thread: str,
        text: str,
        has_calls: bool,
        at: float | None,
        ref: SourceRef,
        limits: StallThresholds,
        message: str = "",
        thinking: bool = False,
    ) -> None:
        """The model said `text`, or thought it; alone, or on the way to a tool call."""
        self._believe_until(at)
        conversation = self.conversations.get(thread) or self.conversation(thread)
        if not thread:
            self.prompts.on_work(at)
        spoken = SpokenText(text, has_calls, at, ref, message, thinking)
        for detector in _concerned("on_text", self.disabled)(conversation):
            detector.on_text(spoken, self.progress, limits)
        self._update(conversation)

    def on_compaction(self, at: float | None, ref: SourceRef, limits: StallThresholds) -> None:
        """The main conversation was summarised."""
        self._believe_until(at)
        main = self.conversation("")
        for detector in self._enabled(main):
            detector.on_compaction(at, ref, self.progress, limits)
        self._update(main)

    def on_prompt(
        self,
        text: str,
        at: float | None,
        ref: SourceRef | None,
        limits: StallThresholds,
        by_program: bool = False,
    ) -> None:
        """A turn of the main conversation begins; `by_program`: the records say that no person wrote it."""
        self._believe_until(at)
        prompt = self.prompts.read(text, by_program, at, ref)
        if prompt is None:
            return
        if not prompt.by_program:
            self.progress.mark(ProgressKind.PERSON, at, ref)
        main = self.conversation("")
        for detector in self._enabled(main):
            detector.on_prompt(prompt, self.progress, limits)
        self._update(main)

    def on_turn_started(self, at: float | None, ref: SourceRef, limits: StallThresholds) -> None:
        """A turn or a process of the main conversation began; its prompt may follow, or never be seen."""
        main, pause = self.conversation(""), self.prompts.pause(at)
        for detector in self._enabled(main):
            detector.on_turn_started(at, ref, pause, self.progress, limits)
        self._update(main)

    def on_journal(self, entry: JournalEntry, limits: StallThresholds) -> None:
        """People and the supervisor did something: who speaks next, and what was done about a stall."""
        main, speaker = self.conversation(""), self.prompts.on_journal(entry)
        if speaker == Speaker.PERSON:
            self.progress.mark(ProgressKind.PERSON, entry.at)
        for one in main.detectors if speaker != Speaker.NOBODY else ():
            if speaker == Speaker.PERSON or one.finding is not None:
                one.reset()
        if entry.kind in ("rewind", "undo"):
            self.on_progress(ProgressKind.PERSON, entry.at)
        self.progress.files.on_journal(entry)
        for detector in self._enabled(main):
            detector.on_journal(entry, limits)
        self._update(main)

    def on_tasks(self, done: int, still_open: int, at: float | None) -> None:
        """A progress file counts tasks."""
        if self.progress.on_tasks(done, still_open):
            self.on_progress(ProgressKind.TASK, at)

    def on_progress(
        self, kind: ProgressKind, at: float | None, ref: SourceRef | None = None
    ) -> None:
        """Something new came, in whichever conversation."""
        self.progress.mark(kind, at, ref)
        self.news[kind] = self.news.get(kind, 0) + 1
        concerned = _concerned("on_progress", self.disabled)
        for conversation in self.conversations.values():
            for detector in concerned(conversation):
                detector.on_progress(kind)
            self._update(conversation)

    def on_not_stuck(self, correction: NotStuck) -> None:
        """A person said that a finding was wrong; it counts once the records have come to that time."""
        self.wrong.add(correction)

    def _believe_until(self, at: float | None) -> None:
        """What persons called wrong by `at` counts for what happens then."""
        if not self.wrong.pending:
            return
        for name in self.wrong.take_back(at, self.conversations.values(), self.ended):
            factor = self.factors[name] = 2 * self.factors.get(name, 1.0)
            for conversation in self.conversations.values():
                for detector in conversation.detectors:
                    detector.factor = factor if detector.name == name else detector.factor
                self._update(conversation)

    def _enabled(self, conversation: Conversation) -> Sequence[Detector]:
        """The detectors that the settings leave on."""
        off = self.disabled
        return [one for one in conversation.detectors if one.name not in off]

    def _end_conversation(self, thread: str) -> None:
        """A subagent has answered: whatever it was stuck in is over."""
        known = self.conversations.pop(thread, None) if thread else None
        if known is not None:
            self._end_episode(known)

    def _end_episode(self, conversation: Conversation) -> None:
        episode, peak = conversation.episode, conversation.peak
        if episode is not None:
            if peak is not None and peak.level.rank > episode.level.rank:
                episode = structs.replace(peak, since=episode.since, last_at=episode.last_at)
            self._end(episode)
            conversation.episode = conversation.peak = None

    def _update(self, conversation: Conversation) -> None:
        """An episode lasts as long as any detector of its conversation has a finding."""
        worst, episode = self._worst(conversation), conversation.episode
        if worst is None:
            self._end_episode(conversation)
            return
        since, noticed_at, peak = worst.since, worst.last_at, conversation.peak
        if episode is not None:
            since, noticed_at = min(episode.since, since) or since, episode.noticed_at
        worst = conversation.episode = structs.replace(worst, since=since, noticed_at=noticed_at)
        if episode is None or peak is None or worst.level.rank >= peak.level.rank:
            conversation.peak = worst

    def _worst(
        self, conversation: Conversation, quiet: Collection[DetectorName] = ()
    ) -> Stall | None:
        """The worst finding of the detectors that are on and not `quiet`, with what it cost."""
        if not any(_findings(conversation)):
            return None
        found = [
            finding
            for one in conversation.detectors
            if (finding := one.finding) is not None
            and one.name not in self.disabled
            and one.name not in quiet
            and not self.wrong.is_excused(finding)
        ]
        if not found:
            return None
        episode = conversation.episode
        shown = None if episode is None else episode.detector
        # Of equals the one that is shown stays: whoever reads would take a change for another trouble.
        worst = min(found, key=lambda one: (-one.level.rank, one.detector != shown, _rank(one)))
        beside = next(one.beside for one in conversation.detectors if one.finding is worst)
        return judged(worst, self.progress.waste(worst.last_at, beside))

    def _end(self, episode: Stall) -> None:
        self.ended.append(episode)
        del self.ended[:-_MOST_ENDED]

    # --- what is known ---

    def active(self, now: float | None = None) -> Stall | None:
        """The worst trouble that goes on at `now`, of the main conversation first."""
        wrong = self.wrong.by(now)
        main = self.conversations.get("")
        if main is not None and (stall := self._episode(main, wrong)) is not None:
            return stall
        episodes = (self._episode(one, wrong) for one in self.conversations.values())
        return min((one for one in episodes if one is not None), key=_rank, default=None)

    def _episode(self, conversation: Conversation, wrong: Collection[DetectorName]) -> Stall | None:
        episode = conversation.episode
        if episode is None or episode.detector not in wrong:
            return episode
        return self._worst(conversation, wrong)

    def nearness(self, limits: StallThresholds) -> tuple[StallSignal, ...]:
        """How near the detectors of the main conversation are that have found nothing yet."""
        main = self.conversations.get("")
        if main is None:
            return ()
        near = (one.nearness(limits) for one in self._enabled(main) if one.finding is None)
        return tuple(one for one in near if one is not None)

    def findings(self) -> Iterator[Stall]:
        """What each detector of each conversation sees now."""
        for conversation in self.conversations.values():
            for detector in conversation.detectors:
                if detector.finding is not None:
                    yield detector.finding

    def stalls(self, now: float | None = None) -> tuple[Stall, ...]:
        """All trouble of the night, and at the end what goes on at `now`."""
        active, ended = self.active(now), self.ended
        for name, at in self.wrong.by(now).items():
            ended = [*ended]
            episodes = [one.episode for one in self.conversations.values()]
            over = [one for one in episodes if one is not None and one.detector == name]
            ended += [structs.replace(one, called_wrong_at=at) for one in over]
            if not over:
                call_newest_wrong(ended, name, at)
        return (*ended, *(() if active is None else (active,)))


def _rank(stall: Stall) -> tuple[int, int]:
    """Worst first: by level, then in the order of the detectors."""
    return -stall.level.rank, 0 if stall.detector is None else _ORDER[stall.detector]
