"""All detectors over all conversations of a night, and the one stall that they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, field, structs

from tui.model.cli_commands import ASKING, EDITING
from tui.model.events import SourceRef, ToolCall, ToolResult
from tui.model.evidence import TestRun
from tui.model.journal import JournalEntry, Requester
from tui.model.stall import DetectorName, NotStuck, ProgressKind, Stall
from tui.model.state import StallThresholds
from tui.night.stuck.detector import Detector
from tui.night.stuck.levels import judged
from tui.night.stuck.progress import ProgressTracker
from tui.night.stuck.repeated_calls import RepeatedCalls
from tui.night.stuck.step import SpokenText, Step
from tui.night.stuck.turns.continuations import Compactions, Continuations, Handoffs
from tui.night.stuck.turns.monologue import Monologue, RepeatedPhrases, SimilarMessages
from tui.night.stuck.turns.prompts import PromptLog
from tui.night.stuck.turns.repeated_turns import RepeatedTurns

_MOST_CONVERSATIONS = 32
_MOST_ENDED = 200
_BY_PROGRAM = ("crash", "continue", "handover", "initializer")
"""Why an attempt began, where its first prompt is the supervisor's."""
_ORDER = {name: number for number, name in enumerate(DetectorName)}


class Conversation(Struct):
    """The detectors of one conversation; `episode` is the trouble that goes on, whoever saw it first."""

    repeated_calls: RepeatedCalls = field(default_factory=RepeatedCalls)
    repeated_phrases: RepeatedPhrases = field(default_factory=RepeatedPhrases)
    monologue: Monologue = field(default_factory=Monologue)
    similar_messages: SimilarMessages = field(default_factory=SimilarMessages)
    repeated_turns: RepeatedTurns = field(default_factory=RepeatedTurns)
    continuations: Continuations = field(default_factory=Continuations)
    handoffs: Handoffs = field(default_factory=Handoffs)
    compactions: Compactions = field(default_factory=Compactions)
    episode: Stall | None = None

    @property
    def detectors(self) -> tuple[Detector, ...]:
        return (
            self.repeated_calls,
            self.repeated_phrases,
            self.monologue,
            self.similar_messages,
            self.repeated_turns,
            self.continuations,
            self.handoffs,
            self.compactions,
        )


class DetectorSet(Struct):
    """Looks for circling in every conversation of the night."""

    conversations: dict[str, Conversation] = {}
    progress: ProgressTracker = field(default_factory=ProgressTracker)
    ended: list[Stall] = []
    factors: dict[DetectorName, float] = {}
    prompts: PromptLog = field(default_factory=PromptLog)
    disabled: tuple[str, ...] = ()
    news: dict[ProgressKind, int] = {}

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
        if len(self.conversations) > 1:
            self._end_conversation(use.id)
            self._end_conversation(result.agent_id)
        progress = self.progress
        progress.calls += 1
        if not thread:
            self.prompts.on_work(at)
        is_new = False
        if use.name in EDITING and not result.is_error:
            is_new = progress.on_edit(use.key)
        step = Step(
            use.name,
            use.target,
            use.key,
            result.is_error,
            result.excerpt,
            result.size,
            progress.tree,
            at,
            ref,
            called_at,
            use.command,
            use.path,
            run,
        )
        conversation = self.conversations.get(thread) or self.conversation(thread)
        for detector in self._enabled(conversation):
            detector.on_step(step, progress, limits)
        if is_new:
            self.on_progress(ProgressKind.CONTENT, at, ref)
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
        conversation = self.conversations.get(thread) or self.conversation(thread)
        if not thread:
            self.prompts.on_work(at)
        said = SpokenText(text, has_calls, at, ref, message, thinking)
        for detector in self._enabled(conversation):
            detector.on_text(said, self.progress, limits)
        self._update(conversation)

    def on_compaction(self, at: float | None, ref: SourceRef, limits: StallThresholds) -> None:
        """The main conversation was summarised."""
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
        prompt = self.prompts.read(text, by_program, at, ref)
        if prompt is None:
            return
        if not prompt.by_program:
            self.progress.mark(ProgressKind.PERSON, at, ref)
        self._each(
            lambda detector: detector.on_prompt(prompt, self.progress, limits),
            self.conversation(""),
        )

    def on_turn_started(self, at: float | None, ref: SourceRef, limits: StallThresholds) -> None:
        """A turn or a process of the main conversation began; its prompt may follow, or never be seen."""
        main = self.conversation("")
        pause = self.prompts.pause(at)
        for detector in self._enabled(main):
            detector.on_turn_started(at, ref, pause, self.progress, limits)
        self._update(main)

    def on_journal(self, entry: JournalEntry, limits: StallThresholds) -> None:
        """People and the supervisor did something: who speaks next, and what was done about a stall."""
        main = self.conversation("")
        match entry.kind:
            case "inject" if entry.data.get("by") == Requester.SUPERVISOR:
                self.prompts.announce(str(entry.data.get("text") or ""))
                self._each(lambda one: one.reset() if one.finding is not None else None, main)
            case "inject":
                self.progress.mark(ProgressKind.PERSON, entry.at)
                self._each(lambda detector: detector.reset(), main)
            case "segment_started" if entry.data.get("why") in _BY_PROGRAM:
                self.prompts.announce()
            case "continuation":
                self.prompts.announce()
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
        for conversation in self.conversations.values():
            self._each(lambda detector: detector.on_progress(kind), conversation)

    def on_not_stuck(self, said: NotStuck) -> None:
        """A person said that a finding was wrong: that detector needs twice as much in this night."""
        factor = self.factors[said.detector] = 2 * self.factors.get(said.detector, 1.0)
        for conversation in self.conversations.values():
            for detector in conversation.detectors:
                if detector.name == said.detector:
                    detector.factor, detector.finding = factor, None
            self._update(conversation)

    def _each(self, change: Callable[[Detector], None], conversation: Conversation) -> None:
        for detector in conversation.detectors:
            change(detector)
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
        if conversation.episode is not None:
            self.ended.append(conversation.episode)
            del self.ended[:-_MOST_ENDED]
            conversation.episode = None

    def _update(self, conversation: Conversation) -> None:
        """An episode lasts as long as any detector of its conversation has a finding."""
        found = [one.finding for one in self._enabled(conversation) if one.finding is not None]
        episode = conversation.episode
        if not found:
            self._end_episode(conversation)
            return
        worst = judged(min(found, key=_rank), self.progress.waste(found[0].last_at))
        if episode is not None:
            since = min(episode.since, worst.since) or worst.since
            worst = structs.replace(worst, since=since)
        conversation.episode = worst

    # --- what is known ---

    def active(self) -> Stall | None:
        """The worst trouble that goes on, of the main conversation first."""
        main = self.conversations.get("")
        if main is not None and main.episode is not None:
            return main.episode
        others = [one.episode for one in self.conversations.values() if one.episode is not None]
        return min(others, key=_rank, default=None)

    def findings(self) -> Iterator[Stall]:
        """What each detector of each conversation sees now."""
        for conversation in self.conversations.values():
            for detector in conversation.detectors:
                if detector.finding is not None:
                    yield detector.finding

    def stalls(self) -> tuple[Stall, ...]:
        """All trouble of the night, and at the end what goes on."""
        active = self.active()
        return (*self.ended, *(() if active is None else (active,)))


def _rank(stall: Stall) -> tuple[int, int]:
    """Worst first: by level, then in the order of the detectors."""
    return -stall.level.rank, 0 if stall.detector is None else _ORDER[stall.detector]
