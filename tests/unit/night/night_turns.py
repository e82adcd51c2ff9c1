"""Nights of turns that a program begins: some bring nothing, some only look like it. And words without work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.unit.night.night_script import Script
from tui.model.events import Compaction, StreamDelta, TaskUpdate, UserMessage
from tui.model.journal import JournalEntry
from tui.model.records import Commit, ProgressFile, Record

Case = Callable[[Script], list[Record]]
"""Writes into the script; returns records that come from elsewhere, merged in by their time."""
Call = tuple[str, str, str]

PLAN = ("Read", "claude-progress.txt", "- [ ] 1.3 Deploy the preview")
DEPLOY = ("Bash", "./deploy.sh preview", "deploy: DEPLOY_KEY is not set")
CONTINUE = "Continue with the next task in claude-progress.txt."
BLOCKED = "The deployment key is not set, so I cannot go on with task 1.3. I stop here."
PARAPHRASES = (
    "I cannot go on: the deployment key is not set, so task 1.3 stays open.",
    "Task 1.3 stays blocked, as the deployment key is still not set.",
    "Without a deployment key task 1.3 cannot go on. It is not set.",
    "The deployment key is not set. Task 1.3 cannot go on without it.",
    "Still blocked: deployment key not set, task 1.3 open.",
    "As before, the deployment key is not set and task 1.3 cannot go on.",
)


def turn(
    script: Script,
    prompt: str | None,
    calls: Sequence[Call] = (),
    text: str = "",
    *,
    pause: float = 1.0,
    role: str = "prompt",
    init: bool = True,
) -> None:
    """One turn, `pause` seconds after the last; without a prompt only the process tells of it."""
    if init:
        script.init(pause)
        pause = 0.5
    if prompt is not None:
        body = UserMessage("synthetic" if role == "synthetic" else "prompt", prompt)
        script.add(body, pause)
    for name, target, answer in calls:
        failed = answer.startswith("deploy:")
        edited = target if name in ("Edit", "Write") else ""
        key = f"{target} {answer}" if edited else None
        script.step(name, target, answer, error=failed, path=edited, takes=2.0, key=key)
    if text:
        script.say(text, final=True)
    if init:
        script.result(text=text)


def work_first(script: Script) -> None:
    turn(
        script,
        "Work through the task list.",
        [("Bash", "git status --short", ""), ("Edit", "src/ledger.py", "updated")],
        "I stop here: the deployment key is missing.",
    )


def turns(
    times: int,
    calls: Sequence[Call] = (PLAN, DEPLOY),
    text: str = BLOCKED,
    prompt: str | None = CONTINUE,
    *,
    pause: float = 1.0,
    init: bool = True,
    role: str = "prompt",
) -> Case:
    def write(script: Script) -> list[Record]:
        work_first(script)
        for _ in range(times):
            turn(script, prompt, calls, text, pause=pause, init=init, role=role)
        return []

    return write


def prompts_with_numbers(script: Script) -> list[Record]:
    for number in range(1, 6):
        said = f"Iteration {number} of 50, 2026-11-20 22:1{number}: go on."
        turn(script, said, [PLAN, DEPLOY], BLOCKED)
    return []


def in_fresh_sessions(script: Script) -> list[Record]:
    for number in range(6):
        script.session = f"session-{number}"
        turn(script, CONTINUE, [PLAN, DEPLOY], BLOCKED)
    return []


def after_clear(script: Script) -> list[Record]:
    for _ in range(7):
        script.prompt("/clear")
        turn(script, CONTINUE, [PLAN, DEPLOY], BLOCKED, init=False)
    return []


def in_other_orders(script: Script) -> list[Record]:
    one, two, three = ("Bash", "git log -1", "abc fix"), PLAN, DEPLOY
    for calls in ([one, two, three], [two, one, three], [three, one, two], [two, three, one]) * 2:
        turn(script, CONTINUE, calls, BLOCKED)
    return []


def a_call_more_or_less(script: Script) -> list[Record]:
    look = ("Bash", "ls", "src tests")
    for calls in ([PLAN, DEPLOY, look], [PLAN, DEPLOY], [PLAN, look, DEPLOY], [PLAN, DEPLOY]) * 2:
        turn(script, CONTINUE, calls, BLOCKED)
    return []


def one_new_look_each(script: Script) -> list[Record]:
    same = [PLAN, DEPLOY, ("Bash", "git status", "clean"), ("Read", "deploy.sh", "key=$DEPLOY_KEY")]
    for number in range(6):
        turn(script, CONTINUE, [*same, ("Grep", f"DEPLOY_{number}", "no matches")], BLOCKED)
    return []


def in_other_words(script: Script) -> list[Record]:
    for text in PARAPHRASES:
        turn(script, CONTINUE, [PLAN, DEPLOY], text)
    return []


def two_prompts_in_turn(script: Script) -> list[Record]:
    for _ in range(6):
        turn(script, "Plan the next step.", [PLAN], "Next is task 1.3.")
        turn(script, "Carry it out.", [DEPLOY], BLOCKED)
    return []


def stop_hook(script: Script) -> list[Record]:
    script.prompt("Work through the task list.")
    script.step("Edit", "src/ledger.py", "updated", path="src/ledger.py")
    script.say(BLOCKED, final=True)
    for _ in range(7):
        said = "Stop hook feedback:\n[check]: 6 tasks are open"
        turn(script, said, [DEPLOY], BLOCKED, role="synthetic", init=False)
    return []


def all_done_already(script: Script) -> list[Record]:
    checks = [("Bash", "git status", "nothing to commit"), ("Read", "TODO.md", "- [x] all")]
    for _ in range(6):
        turn(script, CONTINUE, checks, "All tasks are complete. There is nothing left to do.")
    return []


def with_open_tasks(script: Script) -> list[Record]:
    found = turns(6)(script)
    return [*found, ProgressFile("progress", (script.at or 0.0) - 40.0, "checkboxes", 4, 6)]


def counted(script: Script, done: int = 4) -> ProgressFile:
    return ProgressFile("progress", script.at, "checkboxes", done, 6)


def notes_that_tick_nothing(script: Script) -> list[Record]:
    plans: list[Record] = []
    for number in range(6):
        note = ("Edit", "claude-progress.txt", f"note {number} updated")
        turn(script, CONTINUE, [DEPLOY, note], BLOCKED)
        plans.append(counted(script))
    return plans


def other_looks_and_no_task_done(script: Script) -> list[Record]:
    plans: list[Record] = []
    for name in ("env", "ci", "vault", "readme", "compose", "makefile"):
        plans.append(counted(script))
        turn(script, CONTINUE, [("Grep", f"DEPLOY_KEY {name}", f"no matches in {name}")], BLOCKED)
    return plans


POSITIVE_TURNS: dict[str, Case] = {
    "a launcher that goes on": turns(5),
    "without a prompt in the stream": turns(5, prompt=None),
    "without records of the process": turns(5, init=False),
    "other numbers in the prompt": prompts_with_numbers,
    "a fresh session each time": in_fresh_sessions,
    "cleared each time": after_clear,
    "calls in another order": in_other_orders,
    "a call more or less": a_call_more_or_less,
    "one new look in each": one_new_look_each,
    "an end in other words": in_other_words,
    "two prompts in turn": two_prompts_in_turn,
    "a Stop hook": stop_hook,
    "all is done already": all_done_already,
    "with open tasks": with_open_tasks,
    "a night of checks with pauses": turns(20, pause=300.0),
    "words alone": turns(6, calls=()),
    "notes that tick nothing": notes_that_tick_nothing,
    "other looks, and no task done": other_looks_and_no_task_done,
}


# --- what only looks like it ---


def chat(script: Script) -> list[Record]:
    for question in ("why is it slow?", "and on Windows?", "could we cache it?", "who calls it?"):
        turn(script, question, [], "Yes, that is so.", pause=30.0)
    return []


def continue_twice(script: Script) -> list[Record]:
    turn(script, "Deploy the preview.", [PLAN, DEPLOY], BLOCKED)
    for _ in range(2):
        turn(script, "continue", [PLAN, DEPLOY], BLOCKED, pause=20.0)
    return []


def a_person_between(script: Script) -> list[Record]:
    for number in range(8):
        turn(script, CONTINUE, [PLAN, DEPLOY], BLOCKED)
        if number % 2:
            turn(script, f"Look into {'abcdefgh'[number]} too, please.", [PLAN], BLOCKED)
    return []


def a_task_each(script: Script) -> list[Record]:
    for number in range(12):
        edit = ("Edit", f"src/part{number}.py", "updated")
        turn(script, CONTINUE, [PLAN, edit], "Done. I stop here.")
    return []


def a_tick_that_only_the_file_shows(script: Script) -> list[Record]:
    ticked: list[Record] = []
    for number in range(10):
        turn(script, CONTINUE, [("Bash", "./next-task", "ok")], "One more task is done.", pause=5.0)
        at = (script.at or 0.0) - 1.0
        ticked.append(ProgressFile("progress", at, "checkboxes", number, 20 - number))
    return ticked


def a_commit_each(script: Script) -> list[Record]:
    commits: list[Record] = []
    for number in range(10):
        turn(script, CONTINUE, [("Bash", "./work", "ok")], "Committed.")
        commits.append(Commit(f"sha{number}", (script.at or 0.0) - 1.0, "part", 1, 1, 0))
    return commits


def waiting_for_ci(script: Script) -> list[Record]:
    for _ in range(12):
        turn(
            script,
            "check the build",
            [("Bash", "gh run view 77", "in_progress")],
            "The build still runs.",
            pause=300.0,
        )
    return []


def another_file_each(script: Script) -> list[Record]:
    for name in "abcdefghij":
        look = ("Read", f"src/{name}.py", f"def {name}(): ...")
        turn(script, "Review the next file.", [PLAN, look], "No problems found.")
    return []


def rows_that_count_up(script: Script) -> list[Record]:
    for number in range(8):
        turn(
            script,
            CONTINUE,
            [("Bash", "./import", f"batch {number} of 40 imported")],
            "Next batch.",
        )
    return []


def bytes_that_count_up(script: Script) -> list[Record]:
    for number in range(8):
        answer = f"copied {120_000 + 60_000 * number} of 900000 rows"
        turn(script, CONTINUE, [("Bash", "./copy --next", answer)], "The next rows are copied.")
    return []


def days_that_go_on(script: Script) -> list[Record]:
    for number in range(8):
        answer = f"backfill of 2026-03-{number + 1:02} done"
        turn(script, CONTINUE, [("Bash", "./backfill --next", answer)], "The next day is done.")
    return []


def hooks_that_are_followed(script: Script) -> list[Record]:
    script.prompt("Make it pass.")
    for number in range(8):
        said = "Stop hook feedback:\n[lint]: 3 problems"
        edit = ("Edit", "a.py", "updated")
        turn(script, said, [], "", role="synthetic", init=False)
        script.step(*edit, key=f"change {number}", path="a.py")
        script.say("Fixed what the hook named.", final=True)
    return []


def tests_shown_three_times(script: Script) -> list[Record]:
    for _ in range(6):
        turn(script, "run the tests", [("Bash", "pytest -q", "41 passed in 1.0s")], "All green.")
    return []


def a_new_poem_each(script: Script) -> list[Record]:
    poems = (
        "Autumn leaves drift over silent rivers.",
        "Lanterns glow where children chase paper kites.",
        "Harbour gulls quarrel above rusted cranes.",
        "Moonlight settles upon frozen orchards.",
        "Trains whistle through valleys soaked with rain.",
        "Embers whisper stories beneath desert stars.",
    )
    for poem in poems:
        turn(script, "Write the next poem.", [("Read", "style.md", "short lines")], poem)
    return []


def tasks_end_in_the_background(script: Script) -> list[Record]:
    script.prompt("Explore with eight agents.")
    for name in ("auth", "billing", "search", "mail", "admin", "api", "web", "jobs"):
        ended = TaskUpdate(
            "ended", f"task-{name}", "", f'Agent "{name}" completed', status="completed"
        )
        script.add(UserMessage("note", f"Agent {name} completed", tasks=(ended,)), 40.0)
        script.say("One agent is done. I wait for the others.", final=True)
    return []


def notes_that_may_tick(script: Script) -> list[Record]:
    for number in range(8):
        note = ("Edit", "TODO.md", "updated")
        turn(script, CONTINUE, [("Bash", "./work", "ok")], "")
        script.step(*note, key=f"tick {number}", path="TODO.md")
        script.say("One more is done.", final=True)
    return []


def subagents_that_write(script: Script) -> list[Record]:
    for number in range(8):
        turn(script, CONTINUE, [PLAN], "")
        call = script.call("Agent", "write the next part")
        path = f"src/part{number}.py"
        script.step("Write", path, "created", path=path, thread=call)
        script.answer(call, "The part is written.")
        script.say("The next part is written.", final=True)
    return []


def heartbeats(script: Script) -> list[Record]:
    for _ in range(10):
        turn(
            script,
            "Is there anything to do?",
            [],
            "There is nothing to do at the moment.",
            pause=900.0,
        )
    return []


NEGATIVE_TURNS: dict[str, Case] = {
    "a chat with a person": chat,
    "a person says continue twice": continue_twice,
    "a person speaks between": a_person_between,
    "a task in each turn": a_task_each,
    "a tick that only the file shows": a_tick_that_only_the_file_shows,
    "a commit in each turn": a_commit_each,
    "waiting for a build": waiting_for_ci,
    "another file in each turn": another_file_each,
    "rows that count up": rows_that_count_up,
    "bytes that count up": bytes_that_count_up,
    "days that go on": days_that_go_on,
    "hooks that are followed": hooks_that_are_followed,
    "green tests again": tests_shown_three_times,
    "a new poem in each turn": a_new_poem_each,
    "three equal turns": turns(3),
    "background tasks that end": tasks_end_in_the_background,
    "notes that may tick a task": notes_that_may_tick,
    "subagents that write": subagents_that_write,
    "heartbeats": heartbeats,
}


# --- words without work ---


def says(*texts: str) -> Case:
    def write(script: Script) -> list[Record]:
        script.init()
        script.prompt("Work through the task list.")
        script.step("Bash", "git status --short", "")
        for text in texts:
            script.say(text, 6.0)
        return []

    return write


DONE = (
    "I believe that the task is complete and that nothing is left to do.",
    "As far as I can see the task is complete and nothing is left to do.",
    "The task is complete, there is nothing left to do.",
    "To confirm: the task is complete and there is nothing left to do.",
    "I think the task is complete; nothing is left to do for now.",
)
CHINESE = (
    "任务已经完成，没有剩余工作。",
    "所有任务已经完成，没有剩余工作了。",
    "我确认任务已经完成，没有剩余工作。",
    "任务确实已经完成，没有剩余的工作。",
    "再次确认，任务已经完成，没有剩余工作。",
)
JAPANESE = (
    "作業は完了しました。残っている作業はありません。",
    "すべての作業は完了しました。残っている作業はありません。",
    "確認しました。作業は完了しました。残っている作業はありません。",
    "作業は完了しました。もう残っている作業はありません。",
    "繰り返しますが、作業は完了しました。残っている作業はありません。",
)
GERMAN = (
    "Die Aufgabe ist erledigt, es bleibt nichts zu tun.",
    "Es bleibt nichts zu tun, die Aufgabe ist erledigt.",
    "Noch einmal: die Aufgabe ist erledigt, nichts bleibt zu tun.",
    "Wie gesagt, die Aufgabe ist erledigt und nichts bleibt zu tun.",
    "Die Aufgabe wurde erledigt; zu tun bleibt nichts.",
)
PARAPHRASED = {
    "waiting": (
        "I am waiting for the review to be approved.",
        "Waiting for approval of the review.",
        "The review still has to be approved; I am waiting.",
        "I will wait until the review is approved.",
        "The review is not approved yet, so I wait.",
        "Still waiting for the review to get approved.",
    ),
    "blocked": (
        "The tests cannot run without the database.",
        "Without the database, the tests cannot run.",
        "Unfortunately the tests cannot be run because the database is missing.",
        "As mentioned, the database is missing, so the tests cannot run.",
        "I cannot run the tests: the database is missing.",
        "The database is missing. The tests cannot run.",
    ),
    "thinking": (
        "Let me think about how to proceed.",
        "I need to think about how to proceed here.",
        "I should think carefully about how to proceed.",
        "First, let me think about how best to proceed.",
        "So, how to proceed? Let me think.",
        "I am thinking about how to proceed.",
    ),
    "French": (
        "La tâche est terminée, il ne reste rien à faire.",
        "Il ne reste rien à faire : la tâche est terminée.",
        "Je confirme que la tâche est terminée et qu'il ne reste rien à faire.",
        "Comme indiqué, la tâche est terminée.",
        "La tâche est bien terminée; rien ne reste à faire.",
        "Encore une fois, la tâche est terminée et il ne reste rien à faire.",
    ),
    "Russian": (
        "Задача выполнена, больше ничего делать не нужно.",
        "Больше ничего делать не нужно, задача выполнена.",
        "Подтверждаю: задача выполнена, делать больше ничего не нужно.",
        "Как я уже сказал, задача выполнена.",
        "Задача выполнена и больше ничего не требуется.",
        "Итак, задача выполнена, больше ничего делать не нужно.",
    ),
}
ALL_OVER = (
    "Let me think about the architecture of the whole system first.",
    "Perhaps caching would help, though invalidation worries me.",
    "Databases bring migrations, which bring downtime.",
    "Users prefer quick feedback over perfect results.",
    "Security deserves attention before anything ships.",
    "Logging should stay structured and sparse.",
    "Deployments ought to happen on weekdays.",
    "Monitoring closes the circle of operations.",
    "Documentation ages faster than anybody expects.",
)


def with_thinking(script: Script) -> list[Record]:
    for text in DONE:
        script.say(text, 3.0, thinking=True, message=f"m {text}")
        script.say(text, 3.0, message=f"m {text}")
    return []


def under_prompts(script: Script) -> list[Record]:
    for text in (*DONE, *DONE):
        turn(script, "Please go on.", [], text)
    return []


POSITIVE_WORDS: dict[str, Case] = {
    "in other words": says(*DONE),
    "the very same": says(*["I will now continue with the next step."] * 5),
    "with a counter": says(
        *[f"Attempt {n}: I will now look at the failing test." for n in range(6)]
    ),
    "two in turn": says(
        *["Let me check the failing test now.", "I need to read the parser code."] * 4
    ),
    "Chinese": says(*CHINESE),
    "Japanese": says(*JAPANESE),
    "German": says(*GERMAN),
    "nothing but words": says(*ALL_OVER),
    "with thinking before": with_thinking,
    "while a program prompts": under_prompts,
}


def a_review(script: Script) -> list[Record]:
    return says(*ALL_OVER[:5])(script)


def steps_announced(script: Script) -> list[Record]:
    for number in range(10):
        script.say("Now I look at the next file.")
        script.step("Read", f"file{number}", f"content {number}")
    return []


def one_answer_in_parts(script: Script) -> list[Record]:
    for number in range(20):
        script.say(
            f"Sources say that the library supports this since version {number}.", message="m"
        )
    return []


def streamed(script: Script) -> list[Record]:
    for _ in range(20):
        script.add(StreamDelta("content_block_delta", "m", "The task is complete."))
    script.say("The task is complete.", message="m")
    return []


def subagents_say_the_same(script: Script) -> list[Record]:
    calls = [script.call("Agent", f"part {number}") for number in range(8)]
    for call in calls:
        script.say("I found nothing of note in this part of the code.", thread=call)
    return []


def short_answers(script: Script) -> list[Record]:
    for text in ("Yes.", "No.", "Done.", "Right.", "I see.", "Good."):
        script.say(text)
    return []


def chat_without_prompts(script: Script) -> list[Record]:
    for text in ALL_OVER:
        script.init(30.0)
        script.say(text, final=True)
        script.result(text=text)
    return []


def roles_that_talk(script: Script) -> list[Record]:
    for topic in "zones carriers prices labels refunds returns taxes stock".split():
        script.say(f"Next are the {topic}: which of the cases do we cover first?")
        script.say(f"For {topic} I would begin with the case that most others depend on.")
    return []


def talk_and_work(script: Script) -> list[Record]:
    for number in range(3):
        for text in ALL_OVER[: 4 + 3 * number]:
            script.say(text)
        script.step("Bash", f"./build {number}", f"part {number} built")
    return []


NEGATIVE_WORDS: dict[str, Case] = {
    "a review in a few messages": a_review,
    "steps that are announced": steps_announced,
    "one answer in parts": one_answer_in_parts,
    "a streamed answer": streamed,
    "subagents that say the same": subagents_say_the_same,
    "short answers": short_answers,
    "a chat whose prompts are not recorded": chat_without_prompts,
    "roles that talk": roles_that_talk,
    "talk that is part of the work": talk_and_work,
}


def continuation(at: float, number: int, allowed: int | None = 20) -> JournalEntry:
    data: dict[str, object] = {"open": ["1.3 Deploy", "1.4 Docs"], "attempt": number}
    if allowed is not None:
        data["allowed"] = allowed
    return JournalEntry(at, "continuation", "", data, "journal", number * 10)


def handover(at: float, number: int = 0) -> JournalEntry:
    return JournalEntry(at, "handover", "", {"share": 0.6}, "journal", number * 10)


def compactions(script: Script, times: int, calls: int) -> None:
    for number in range(times):
        for call in range(calls):
            script.step("Read", f"file {number} {call}", f"content {number} {call}", takes=20.0)
        script.add(Compaction("auto", 160_000, 150_000))


def merged(script: Script, others: Sequence[Record]) -> list[Record]:
    """The script's events and the other records in the order of their times."""
    found = [(event.at or 0.0, 0, event) for event in script.events]
    rest = [(getattr(one, "at", 0.0) or 0.0, 1, one) for one in others]
    ordered = sorted([*found, *rest], key=lambda item: item[:2])
    return [record for _, _, record in ordered]
