"""Forty-eight little nights: twenty-four that loop, twenty-four that only look as if they did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.unit.night.night_script import Script
from tui.model.events import AgentStateReport, ApiRetry, Compaction, ToolHeartbeat
from tui.model.journal import JournalEntry
from tui.model.records import Commit, Record

Case = Callable[[Script], list[Record]]
"""Writes into the script; returns records that come after it from elsewhere."""


def rounds(number: int, *steps: tuple[str, str, str]) -> Case:
    """The same calls with the same answers, `number` times."""

    def write(script: Script) -> list[Record]:
        for _ in range(number):
            for name, target, answer in steps:
                script.step(name, target, answer)
        return []

    return write


def answers(name: str, target: str, *texts: str, error: bool = False) -> Case:
    """One call with these answers in turn."""

    def write(script: Script) -> list[Record]:
        for text in texts:
            script.step(name, target, text, error=error)
        return []

    return write


def says(*texts: str) -> Case:
    def write(script: Script) -> list[Record]:
        for text in texts:
            script.say(text)
        return []

    return write


def edit_and_revert(script: Script) -> list[Record]:
    for _ in range(6):
        script.step("Edit", "a.py", "updated", key="a to b", path="a.py")
        script.step("Bash", "pytest -q", "1 failed, 3 passed in 0.41s", error=True)
        script.step("Edit", "a.py", "updated", key="b to a", path="a.py")
        script.step("Bash", "pytest -q", "1 failed, 3 passed in 0.39s", error=True)
    return []


def same_file_written(script: Script) -> list[Record]:
    for _ in range(6):
        script.step("Write", "a.py", "File created", path="a.py")
    return []


def talks_between(script: Script) -> list[Record]:
    for number in range(6):
        script.say(f"Let me try once more, attempt {number}.")
        script.step("Bash", "npm run build", "error TS2304: Cannot find name 'x'.", error=True)
    return []


def in_a_subagent(script: Script) -> list[Record]:
    call = script.call("Agent", "explore")
    for _ in range(6):
        script.step("Grep", "needle", "no matches", thread=call)
    return []


def after_good_work(script: Script) -> list[Record]:
    for number in range(30):
        script.step("Read", f"file{number}.py", f"content {number}")
    for _ in range(5):
        script.step("Bash", "git status", "nothing to commit")
    return []


def polls_for_hours(script: Script) -> list[Record]:
    for _ in range(40):
        script.step(
            *("Bash", "sleep 30; cat result.txt", "cat: result.txt: No such file"),
            error=True,
            takes=30.0,
        )
    return []


def clock_times(script: Script) -> list[Record]:
    """What is printed is the time at which it is printed."""
    for _ in range(6):
        now = datetime.fromtimestamp((script.at or 0.0) + 2.0, UTC)
        script.step("Bash", "./run", f"{now:%Y-%m-%d %H:%M:%S},123 ERROR no config")
    return []


def server_down_for_ever(script: Script) -> list[Record]:
    for _ in range(24):
        script.step("WebFetch", "http://x/", "HTTP 503 Service Unavailable", error=True)
    return []


POSITIVE: dict[str, Case] = {
    "the same call": rounds(6, ("Read", "a.py", "def f(): pass")),
    "the same error": answers("Bash", "make", *["make: *** [all] Error 2"] * 6, error=True),
    "two calls in turn": rounds(6, ("Read", "a.py", "one"), ("Read", "b.py", "two")),
    "three calls in turn": rounds(5, ("Read", "a", "1"), ("Grep", "b", "2"), ("Bash", "c", "3")),
    "four calls in turn": rounds(
        5, ("Read", "a", "1"), ("Read", "b", "2"), ("Read", "c", "3"), ("Read", "d", "4")
    ),
    "five calls in turn": rounds(
        5,
        ("Read", "a", "1"),
        ("Read", "b", "2"),
        ("Read", "c", "3"),
        ("Read", "d", "4"),
        ("Bash", "e", "5"),
    ),
    "calls with other times in the answer": answers(
        "Bash", "pytest -q", *[f"1 failed, 40 passed in {n}.{n}7s" for n in range(1, 7)], error=True
    ),
    "calls with other clock times": clock_times,
    "calls with other process ids": answers(
        "Bash", "./serve", *[f"pid {4000 + n} exited: address in use" for n in range(6)], error=True
    ),
    "calls with other temporary paths": answers(
        "Bash", "./build", *[f"cannot write /tmp/build-{n}x/out: denied" for n in range(6)]
    ),
    "calls with other addresses": answers(
        "Bash", "python x.py", *[f"<object at 0x7f{n}abc{n}0>: bad" for n in range(6)], error=True
    ),
    "calls with other hashes": answers(
        "Bash", "./deploy", *[f"build {n}abc{n}ef1 rejected" for n in range(6)], error=True
    ),
    "calls with other uuids": answers(
        "Bash",
        "./submit",
        *[f"request 0000000{n}-1111-4111-8111-11111111111{n} refused" for n in range(6)],
    ),
    "refused again and again": answers(
        "Bash", "swift build", *["This command requires approval"] * 6, error=True
    ),
    "an edit that does not apply": answers(
        "Edit", "a.py", *["String to replace not found in file."] * 6, error=True
    ),
    "an edit and its reversal": edit_and_revert,
    "the same file written again": same_file_written,
    "with words between": talks_between,
    "in a subagent": in_a_subagent,
    "after much good work": after_good_work,
    "polling without end": polls_for_hours,
    "a server that stays down": server_down_for_ever,
    "the same words again": says(*["I will now continue with the next step."] * 5),
    "one chant": says("Let me check. " + "I should look at the failing test again. " * 40),
}


def polling_with_change(script: Script) -> list[Record]:
    for number in range(12):
        script.step("Bash", "gh run watch 1", f"building {number * 7} %")
    return []


def polling_for_a_while(script: Script) -> list[Record]:
    for _ in range(9):
        script.step("Bash", "sleep 20 && curl -s localhost/health", "starting")
    return []


def batch_of_files(script: Script) -> list[Record]:
    for number in range(20):
        script.step("Write", f"locale/{number}.json", "File created", path=f"locale/{number}.json")
    return []


def paging(script: Script) -> list[Record]:
    for number in range(20):
        script.step("Read", "big.log", "the same heading", key=f"big.log at {number * 2000}")
    return []


def network_hiccups(script: Script) -> list[Record]:
    for _ in range(6):
        script.step("WebFetch", "http://x/", "HTTP 429 Too Many Requests", error=True)
    script.step("WebFetch", "http://x/", "hello")
    return []


def build_after_each_edit(script: Script) -> list[Record]:
    for number in range(6):
        script.step("Edit", "a.py", "updated", key=f"change {number}", path="a.py")
        script.step("Bash", "pytest -q", "1 failed, 3 passed in 0.41s", error=True)
    return []


def commits_between(script: Script) -> list[Record]:
    return []


def progress_in_the_answer(script: Script) -> list[Record]:
    for number in range(8):
        script.step(
            "Bash", "pytest -q", f"{8 - number} failed, {number} passed in 1.0s", error=True
        )
    return []


def long_build(script: Script) -> list[Record]:
    call = script.call("Bash", "make release")
    for beat in range(1, 81):
        script.add(ToolHeartbeat(call, "Bash", 30.0 * beat), 30.0)
    return []


def permission_wait(script: Script) -> list[Record]:
    script.call("Bash", "rm -r build")
    script.add(AgentStateReport("requires_action"))
    script.add(AgentStateReport("requires_action"), 4000.0)
    return []


def laptop_sleep(script: Script) -> list[Record]:
    script.call("Bash", "make")
    at = (script.at or 0.0) + 8 * 3600.0
    script.at = at
    return [JournalEntry(at, "suspended", "", {"seconds": 8 * 3600.0})]


def subagents_in_parallel(script: Script) -> list[Record]:
    calls = [script.call("Agent", f"part {number}") for number in range(6)]
    for target in ("README.md", "setup.py"):
        for call in calls:
            script.step("Read", target, "the same file", thread=call)
    return []


def compacted(script: Script) -> list[Record]:
    for _ in range(4):
        for name in "abcdefgh":
            script.step("Read", name, f"content of {name}")
        script.add(Compaction("auto", 900_000, 9_000))
    return []


def a_person_asks_again(script: Script) -> list[Record]:
    for _ in range(6):
        script.prompt("run the tests, please")
        script.step("Bash", "pytest -q", "41 passed in 1.0s")
    return []


def retries_of_the_api(script: Script) -> list[Record]:
    for attempt in range(1, 9):
        script.add(ApiRetry(attempt, 10, 20.0, 529, "overloaded"), 20.0)
    script.say("back again")
    return []


def twice(script: Script) -> list[Record]:
    for target in ("git status", "git diff"):
        script.step("Bash", target, "clean")
        script.step("Bash", target, "clean")
    return []


def same_words_on_the_way_to_work(script: Script) -> list[Record]:
    for number in range(8):
        script.say("Now the next one.")
        script.step("Read", f"file{number}", f"content {number}")
    return []


def a_long_table(script: Script) -> list[Record]:
    rows = "\n".join(
        f"| item {n} | {n * 37 % 100} | done by the parser in step {n} |" for n in range(60)
    )
    script.say(f"| name | score | remark |\n| --- | --- | --- |\n{rows}")
    script.say("```\n" + "-" * 900 + "\n```")
    return []


def a_result_that_grows(script: Script) -> list[Record]:
    for number in range(8):
        script.step("Bash", "wc -l out.txt", f"{number * 12} out.txt")
    return []


def one_more_search_each(script: Script) -> list[Record]:
    for word in ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]:
        script.step("Grep", word, "no matches found")
    return []


def todo_lists(script: Script) -> list[Record]:
    for number in range(8):
        script.step("TodoWrite", f"{number} of 8 done", "Todos have been modified successfully.")
    return []


def tails_of_a_log(script: Script) -> list[Record]:
    for _ in range(8):
        script.step("Bash", "tail -5 build.log", "compiling…")
    return []


def broken_by_a_rewind(script: Script) -> list[Record]:
    script.step("Read", "a.py", "one")
    script.step("Read", "a.py", "one")
    return [JournalEntry((script.at or 0.0) + 1.0, "rewind", "", {"checkpoint": "c1"})]


def two_alternating_but_moving(script: Script) -> list[Record]:
    for number in range(8):
        script.step("Read", "a.py", "the code")
        script.step("Bash", "python step.py", f"step {number} of 8 finished")
    return []


NEGATIVE: dict[str, Case] = {
    "polling with change": polling_with_change,
    "polling for a while": polling_for_a_while,
    "a batch over files": batch_of_files,
    "paging through one file": paging,
    "retries after too many requests": network_hiccups,
    "a build after each edit": build_after_each_edit,
    "commits between": commits_between,
    "progress in the answer": progress_in_the_answer,
    "a long build": long_build,
    "waiting for leave": permission_wait,
    "a laptop asleep": laptop_sleep,
    "subagents in parallel": subagents_in_parallel,
    "compactions between": compacted,
    "a person asks again": a_person_asks_again,
    "retries of the API": retries_of_the_api,
    "looking twice": twice,
    "the same words on the way to work": same_words_on_the_way_to_work,
    "a long table": a_long_table,
    "a result that grows": a_result_that_grows,
    "one search after another": one_more_search_each,
    "lists of things to do": todo_lists,
    "looking at the end of a log": tails_of_a_log,
    "a rewind between": broken_by_a_rewind,
    "two calls in turn that move on": two_alternating_but_moving,
}


def records(name: str, case: Case) -> tuple[Script, list[Record]]:
    """The whole night of a case, and its script."""
    script = Script()
    script.init()
    if case is commits_between:
        found: list[Record] = [script.events[0]]
        for number in range(8):
            script.step("Bash", "make check", "all good")
            found.extend(script.events[-2:])
            found.append(Commit(f"sha{number}", script.at or 0.0, "next part", 1, 1, 0))
        return script, found
    after = case(script)
    return script, [*script.events, *after]
