"""Claims are linked to what supports them: verified, partial, unverified, with plain reasons."""

from __future__ import annotations

import pytest

from tests.unit.night.night_script import START, Script, fold
from tui.model.evidence.claims import Claim, ClaimKind
from tui.model.records import (
    Commit,
    FileChange,
    Hunk,
    ProgressFile,
    ProgressTask,
    Record,
    RepositoryChanges,
    SessionNotes,
)
from tui.night.review.claims.judge import judge_claims

WINDOW = FileChange(
    "tide/window.py",
    "added",
    3,
    0,
    (Hunk(0, 1, ("+class SlidingWindow:", "+    def take(self, count):", "+        return True")),),
)
BUCKET = FileChange("tide/bucket.py", "modified", 1, 1, (Hunk(3, 3, ("-    x = 1", "+    x = 2")),))
ALARMING = ("lie", "false", "fake", "deceiv", "wrong", "cheat", "dishonest", "!")


def changes(*files: FileChange, messages: tuple[tuple[str, str], ...] = ()) -> RepositoryChanges:
    return RepositoryChanges("b" * 40, "h" * 40, "", files, messages)


def green(script: Script, command: str = "pytest", text: str = "44 passed in 1.0s") -> None:
    script.step("Bash", command, text)


def red(script: Script, command: str = "pytest", text: str = "2 failed, 42 passed in 1.0s") -> None:
    script.step("Bash", command, text, error=True)


def edit(script: Script, path: str = "/w/tide/window.py") -> None:
    script.step("Edit", path, "ok", path=path)


def judged(
    script: Script,
    changed: RepositoryChanges | None = None,
    progress: ProgressFile | None = None,
    before: ProgressFile | None = None,
    notes: str = "",
    messages: tuple[tuple[str, str], ...] = (),
    more: tuple[Record, ...] = (),
) -> tuple[Claim, ...]:
    made = fold(script.events, more)
    night = made.snapshot((script.at or START) + 1)
    claims = judge_claims(
        night, made.evidence_log(), progress, notes, messages, changed, progress_before=before
    ).claims
    for claim in claims:
        assert not any(word in claim.why.lower() for word in ALARMING), claim.why
        assert "\n" not in claim.why
    return claims


def said(
    script: Script, text: str = "All tests pass.", changed: RepositoryChanges | None = None
) -> Claim:
    script.say(text)
    (claim,) = (one for one in judged(script, changed) if one.kind != ClaimKind.NOT_DONE)
    assert claim.source == "final message"
    assert claim.where == script.events[-1].ref
    return claim


def begun() -> Script:
    script = Script()
    script.init()
    script.prompt()
    return script


def test_a_green_run_and_no_edit_after_it() -> None:
    script = begun()
    edit(script)
    green(script)
    claim = said(script)
    assert claim.verdict == "verified"
    assert "44 passed" in claim.why
    assert claim.evidence == (script.events[-2].ref,)


def test_edits_after_the_last_green_run() -> None:
    script = begun()
    green(script)
    edit(script)
    edit(script, "/w/tide/bucket.py")
    script.step("Bash", "sed -i s/a/b/ tide/clock.py", "")
    claim = said(script)
    assert claim.verdict == "partial"
    assert claim.why.startswith("3 edits since the last green run")
    assert claim.evidence[0] == script.events[3].ref


def test_documents_may_be_edited_after_the_run() -> None:
    script = begun()
    green(script)
    edit(script, "/w/README.md")
    edit(script, "/w/claude-progress.txt")
    assert said(script).verdict == "verified"


def test_the_last_run_was_red() -> None:
    script = begun()
    green(script)
    red(script)
    claim = said(script)
    assert (claim.verdict, claim.evidence) == ("contradicted", (script.events[-2].ref,))
    assert "2 failed" in claim.why
    edit(script)
    claim = said(script, "All tests are green.")
    assert claim.verdict == "unverified"
    assert "1 edit and no run of tests after it" in claim.why


def test_a_red_run_of_another_suite_leaves_a_part_in_doubt_only() -> None:
    script = begun()
    green(script)
    red(script, "npm test", "Tests:       1 failed, 5 passed, 6 total")
    script.say("All backend tests pass; the frontend tests still fail.")
    claim, failing = judged(script)
    assert failing.kind == "not_done"
    assert (claim.verdict, len(claim.evidence)) == ("partial", 2)
    assert said(script, "All tests pass.").verdict == "contradicted"
    edit(script)
    assert said(script, "All backend tests pass.").verdict == "unverified"


def test_no_run_at_all() -> None:
    script = begun()
    edit(script)
    claim = said(script)
    assert (claim.verdict, claim.evidence) == ("unverified", ())
    assert claim.why == "no run of tests was seen in this night"


def test_a_run_right_after_the_claim_counts_too() -> None:
    script = begun()
    green(script)
    edit(script)
    script.say("All tests pass.")
    script.result(0.1)
    green(script)
    (claim,) = judged(script)
    assert claim.verdict == "verified"
    red_one = begun()
    red_one.say("All tests pass.")
    red_one.result(0.1)
    red(red_one)
    (claim,) = judged(red_one)
    assert (claim.verdict, "2 failed" in claim.why) == ("contradicted", True)


def test_a_run_after_further_edits_says_nothing_of_an_earlier_claim() -> None:
    script = begun()
    script.say("All tests pass.")
    script.result(0.1)
    edit(script)
    green(script)
    (claim,) = judged(script)
    assert claim.verdict == "unverified"
    assert claim.why == "no run of tests was seen before it"


def test_a_part_is_not_the_whole() -> None:
    script = begun()
    green(script, "pytest tests/test_window.py", "3 passed in 0.1s")
    claim = said(script)
    assert claim.verdict == "partial"
    assert "only tests/test_window.py ran" in claim.why
    assert "no run of all tests was seen" in claim.why


def test_a_part_after_a_whole_run_of_an_older_tree() -> None:
    script = begun()
    green(script)
    edit(script)
    green(script, "pytest -k window", "3 passed in 0.1s")
    claim = said(script)
    assert claim.verdict == "partial"
    assert "only window ran" in claim.why
    assert "older than 1 edit" in claim.why
    assert len(claim.evidence) == 2


def test_a_part_after_a_whole_run_of_the_same_tree() -> None:
    script = begun()
    edit(script)
    green(script)
    green(script, "pytest tests/test_window.py", "3 passed in 0.1s")
    claim = said(script)
    assert claim.verdict == "verified"
    assert claim.evidence[0] == script.events[5].ref


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (
            "pytest tests/test_window.py",
            "The tests in `tests/test_window.py` are fine: new tests pass.",
        ),
        ("pytest tests/unit", "All unit tests pass."),
        ("docker compose exec frontend npm test", "All 44 frontend tests pass."),
        ("pytest", "All unit tests pass."),
    ],
)
def test_a_claim_of_a_part_needs_that_part(command: str, text: str) -> None:
    script = begun()
    green(script, command)
    assert said(script, text).verdict == "verified"


def test_a_claim_of_another_part() -> None:
    script = begun()
    green(script, "pytest tests/unit")
    assert said(script, "All integration tests pass.").verdict == "partial"


def test_the_number_is_compared() -> None:
    script = begun()
    green(script)
    assert said(script, "All 44 tests pass.").verdict == "verified"
    claim = said(script, "All 45 tests pass.")
    assert (claim.verdict, claim.why) == (
        "contradicted",
        f"{claim.why[: claim.why.index(' counted')]} counted 44 passed",
    )


def test_the_number_may_be_the_sum_of_several_runs() -> None:
    script = begun()
    green(script, "pytest tests/unit", "40 passed in 1.0s")
    green(script, "pytest tests/integration", "4 passed in 1.0s")
    assert said(script, "All 44 tests pass.").verdict == "verified"


def test_tests_that_were_left_out() -> None:
    script = begun()
    green(script, text="40 passed, 4 skipped in 1.0s")
    claim = said(script)
    assert (claim.verdict, "4 tests were left out" in claim.why) == ("partial", True)


def test_a_run_that_told_nothing() -> None:
    script = begun()
    green(script, "pytest | head -3", "collecting")
    assert said(script).verdict == "unverified"
    script = begun()
    red(script)
    green(script, "pytest | head -3", "collecting")
    claim = said(script)
    assert (claim.verdict, "2 failed" in claim.why) == ("unverified", True)


def test_a_wrapper_script_is_a_run() -> None:
    for command in ("./run_tests.sh", "make test", "bash -c 'cd x && ./ci-everything'"):
        script = begun()
        green(script, command)
        assert said(script).verdict == "verified", command


def test_what_was_done_and_tested() -> None:
    script = begun()
    edit(script)
    green(script)
    claim = said(script, "The sliding window limiter is implemented.", changes(WINDOW))
    assert claim.verdict == "verified"
    assert "window.py changed" in claim.why
    assert claim.evidence == (script.events[5].ref, script.events[3].ref)


def test_what_was_done_and_not_tested() -> None:
    script = begun()
    green(script)
    edit(script)
    claim = said(script, "The sliding window limiter is implemented.", changes(WINDOW))
    assert (claim.verdict, "no run of tests came after it" in claim.why) == ("partial", True)
    red(script)
    claim = said(script, "I implemented the sliding window limiter.", changes(WINDOW))
    assert (claim.verdict, "2 failed" in claim.why) == ("partial", True)


def test_what_nothing_in_the_night_matches() -> None:
    script = begun()
    edit(script, "/w/tide/bucket.py")
    green(script)
    claim = said(script, "The sliding window limiter is implemented.", changes(BUCKET))
    assert claim.verdict == "unverified"
    assert claim.why == "1 file changed in this night, none of which matches it"
    nothing = said(begun(), "The sliding window limiter is implemented.", changes())
    assert (nothing.verdict, nothing.why) == ("unverified", "no file was changed in this night")


def test_what_matches_in_part_is_partial() -> None:
    script = begun()
    edit(script)
    green(script)
    claim = said(script, "Added `SlidingWindow` and `drain_everything`.", changes(WINDOW))
    assert claim.verdict == "partial"
    assert "nothing for: drain_everything" in claim.why


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The divide function is implemented.", "unverified"),
        ("Added a function divide.", "unverified"),
        ("The limiting function is implemented.", "verified"),
        ("The limitless function is implemented.", "partial"),
        ("The divide is done.", "partial"),
        ("This function is done.", ""),
    ],
)
def test_a_single_word_that_names_a_function_can_be_missed(text: str, verdict: str) -> None:
    script = begun()
    edit(script, "/w/tide/slider.py")
    green(script)
    lines = (Hunk(0, 1, ("+def limiter(slides):",)),)
    script.say(text)
    script.result()
    claims = judged(script, changes(FileChange("tide/slider.py", "added", 1, 0, lines)))
    assert [claim.verdict for claim in claims] == [verdict] * bool(verdict)


def test_a_single_vague_word_is_no_reason_for_doubt() -> None:
    script = begun()
    edit(script)
    green(script)
    assert said(script, "The overhaul is done.", changes(WINDOW)).verdict == "partial"


def test_named_files_count_though_nobody_knows_the_repository() -> None:
    script = begun()
    edit(script)
    green(script)
    assert said(script, "Created `tide/window.py` with `take()`.").verdict == "verified"


def test_each_clause_of_a_sentence_is_judged_for_itself() -> None:
    script = begun()
    green(script)
    edit(script, "/w/tide/bucket.py")
    script.say("The sliding window limiter is implemented, and all tests pass.")
    work, tests = judged(script, changes(BUCKET))
    assert (work.text, work.verdict) == ("The sliding window limiter is implemented", "unverified")
    assert "none of which matches it" in work.why
    assert tests.text == "all tests pass."
    assert "1 edit since the last green run" in tests.why


def progress(text: str, at: float | None = None) -> ProgressFile:
    tasks = tuple(
        ProgressTask(line[6:], "done" if line.startswith("- [x]") else "open", line=number)
        for number, line in enumerate(text.split("\n"), 1)
        if line.startswith("- [")
    )
    done = sum(task.state == "done" for task in tasks)
    return ProgressFile(
        "/w/claude-progress.txt", at, "checkboxes", done, len(tasks) - done, tasks, text=text
    )


BEFORE = "# Tasks\n- [x] 1.1 A token bucket\n- [ ] 3.1 A sliding window limiter\n- [ ] 3.2 Bells"
AFTER = BEFORE.replace("- [ ] 3.1", "- [x] 3.1")


def test_a_tick_of_this_night() -> None:
    script = begun()
    edit(script)
    green(script)
    edit(script, "/w/claude-progress.txt")
    (claim,) = judged(script, changes(WINDOW), progress(AFTER), progress(BEFORE))
    assert (claim.text, claim.source, claim.verdict) == (
        "3.1 A sliding window limiter",
        "progress",
        "verified",
    )
    assert claim.where is not None
    assert AFTER.encode()[claim.where.offset :].startswith(b"- [x] 3.1")


def test_a_tick_without_work() -> None:
    script = begun()
    edit(script, "/w/claude-progress.txt")
    (claim,) = judged(script, changes(BUCKET), progress(AFTER), progress(BEFORE))
    assert claim.verdict == "unverified"


def test_a_tick_is_known_by_the_fold_or_by_the_difference() -> None:
    records = (progress(BEFORE, START), progress(AFTER, START + 60))
    (claim,) = judged(begun(), changes(), progress(AFTER), more=records)
    assert claim.at == START + 60
    lines = ("-- [ ] 3.1 A sliding window limiter", "+- [x] 3.1 A sliding window limiter")
    file = FileChange("claude-progress.txt", "modified", 1, 1, (Hunk(3, 3, lines),))
    (claim,) = judged(begun(), changes(file), progress(AFTER))
    assert claim.text == "3.1 A sliding window limiter"
    assert judged(begun(), changes(BUCKET), progress(AFTER)) == ()
    assert judged(begun(), None, progress(AFTER)) == ()


def test_remarks_of_this_night_in_the_progress_file() -> None:
    script = begun()
    green(script)
    old = BEFORE + "\nAll tests pass."
    new = old + "\nAll 44 tests are green."
    (claim,) = judged(script, None, progress(new), progress(old))
    assert (claim.text, claim.source, claim.verdict) == (
        "All 44 tests are green.",
        "progress",
        "verified",
    )


def test_notes_of_this_night() -> None:
    script = begun()
    green(script)
    edit(script)
    before = SessionNotes("/w/notes.md", START, "All tests pass.")
    after = SessionNotes("/w/notes.md", script.at, "All tests pass.\n\nAll 44 tests are green.")
    (claim,) = judged(script, notes=after.text, more=(before, after))
    assert (claim.source, claim.verdict) == ("notes", "partial")


def test_all_tasks_against_the_progress_file() -> None:
    script = begun()
    edit(script)
    green(script)
    script.say("All tasks are complete.")
    first, tick = judged(script, changes(WINDOW), progress(AFTER), progress(BEFORE))
    assert (first.verdict, first.why) == ("contradicted", "1 task is open in the progress file")
    assert tick.verdict == "verified"
    whole = AFTER.replace("\n- [ ] 3.2 Bells", "")
    first, _ = judged(script, changes(WINDOW), progress(whole), progress(BEFORE))
    assert first.verdict == "verified"
    first, _ = judged(script, changes(BUCKET), progress(whole), progress(BEFORE))
    assert (first.verdict, "1 of this night's ticks not verified" in first.why) == ("partial", True)
    (first,) = judged(script, changes(WINDOW))
    assert first.verdict == "partial"


SHA = "0a1b2c3" + "d" * 33


def test_a_commit_is_judged_by_what_stood_before_it() -> None:
    script = begun()
    edit(script)
    green(script)
    script.step("Bash", "git commit -m x", "[main 0a1b2c3] Add the sliding window; all tests pass")
    edit(script, "/w/tide/bucket.py")
    messages = ((SHA, "Add the sliding window; all tests pass\n\nA body."),)
    claims = judged(script, changes(WINDOW, BUCKET), messages=messages)
    assert [claim.verdict for claim in claims] == ["verified", "verified"]
    assert [claim.text for claim in claims] == [
        "0a1b2c3 all tests pass",
        "0a1b2c3 Add the sliding window",
    ]
    assert all(claim.where and claim.where.source == f"git:{SHA}" for claim in claims)


def test_a_commit_without_what_it_says() -> None:
    script = begun()
    green(script)
    edit(script, "/w/claude-progress.txt")
    script.step("Bash", "git commit -qm 'Add the sliding window limiter'", "")
    messages = ((SHA, "Add the sliding window limiter"),)
    (claim,) = judged(script, changes(BUCKET), messages=messages)
    assert claim.verdict == "unverified"


def test_a_commit_of_which_only_the_words_do_not_match() -> None:
    script = begun()
    edit(script, "/w/tide/bucket.py")
    green(script)
    script.step("Bash", "git commit -qm 'Fix rounding errors'", "")
    (claim,) = judged(script, changes(BUCKET), messages=((SHA, "Fix rounding errors"),))
    assert (claim.verdict, "1 file changed in it" in claim.why) == ("partial", True)


def test_commits_are_known_without_the_repository() -> None:
    script = begun()
    edit(script)
    green(script)
    script.step("Bash", "git commit -m x", "[main 0a1b2c3] Add the window")
    (claim,) = judged(script)
    assert (claim.verdict, claim.where) == ("verified", script.events[-1].ref)
    record = Commit(SHA, (script.at or 0.0), "Add the window", 1, 1, 1)
    (claim,) = judged(script, more=(record,))
    assert (claim.text, claim.at) == ("0a1b2c3 Add the window", record.at)


def test_a_task_named_by_its_number() -> None:
    script = begun()
    edit(script)
    green(script)
    script.step("Bash", "git commit -m x", "[main 0a1b2c3] Limit by window (w-a4r.6)")
    script.say("Task w-a4r.6 is complete.")
    (claim,) = judged(script, changes(WINDOW))
    assert claim.verdict == "verified"
    script.say("Task w-zzz.9 is complete.")
    claim = judged(script, changes(WINDOW))[0]
    assert (claim.verdict, claim.evidence) == ("partial", ())


def test_a_claim_made_in_two_turns_is_told_once() -> None:
    script = begun()
    green(script)
    script.say("All tests pass.")
    script.result(0.1)
    script.prompt("go on")
    edit(script)
    script.say("All tests pass.")
    script.result(0.1)
    (claim,) = judged(script)
    assert claim.verdict == "partial"


def test_edits_through_a_subagent_count() -> None:
    script = begun()
    green(script)
    script.step("Edit", "a", "ok", path="/w/a.py", thread="agent-1")
    assert said(script).verdict == "partial"


def test_it_is_pure() -> None:
    script = begun()
    edit(script)
    green(script)
    script.say("All tests pass. Added `SlidingWindow`.")
    made = fold(script.events)
    night, told = made.snapshot(START + 99), made.evidence_log()
    once = judge_claims(night, told, None, "", (), changes(WINDOW))
    assert once == judge_claims(night, told, None, "", (), changes(WINDOW))
    assert len(once.claims) == 2


def test_files_are_named_in_a_settled_order() -> None:
    script = begun()
    names = [f"tide/window_{letter}.py" for letter in "edcba"]
    for name in names:
        edit(script, f"/w/{name}")
    green(script)
    files = [FileChange(name, "added") for name in names]
    claim = said(script, "The window is implemented.", changes(*files))
    assert claim.why.startswith("window_a.py and 4 other files changed")


def test_a_command_that_edits_runs_and_commits_did_it_in_that_order() -> None:
    script = begun()
    green(script)
    command = (
        "sed -i s/a/b/ tide/window.py && pytest -q && git commit -qam 'Add windows; tests pass'"
    )
    script.step("Bash", command, "44 passed in 1.0s")
    found = [(claim.source, claim.verdict) for claim in judged(script)]
    assert found == [("commit", "verified"), ("commit", "verified")]


def test_the_last_run_of_the_night_decides_on_work_that_was_green_once() -> None:
    script = begun()
    edit(script)
    green(script)
    edit(script, "/w/tide/bucket.py")
    red(script)
    claim = said(script, "The sliding window is implemented.", changes(WINDOW, BUCKET))
    assert (claim.verdict, "was red: 2 failed" in claim.why) == ("partial", True)


NOTES = FileChange(
    "docs/tides.md", "added", 1, 0, (Hunk(0, 1, ("+The sliding window limiter is implemented.",)),)
)


def test_a_document_needs_no_run_and_proves_no_code() -> None:
    script = begun()
    edit(script, "/w/docs/tides.md")
    claim = said(script, "Created `docs/tides.md`.", changes(NOTES))
    assert (claim.verdict, claim.evidence) == ("verified", (script.events[3].ref,))
    claim = said(script, "The sliding window limiter is implemented.", changes(NOTES))
    assert claim.verdict == "unverified"


def test_a_commit_has_the_edits_since_the_one_before_it() -> None:
    script = begun()
    edit(script, "/w/tide/bucket.py")
    script.step("Bash", "git commit -m x", "[main 1111111] Tidy")
    edit(script, "/w/claude-progress.txt")
    script.step("Bash", "git commit -m x", "[main 0a1b2c3] Add the sliding window limiter")
    messages = (("1111111" + "0" * 33, "Tidy"), (SHA, "Add the sliding window limiter"))
    (claim,) = judged(script, changes(BUCKET), messages=messages)
    assert claim.verdict == "unverified"


def test_a_single_word_is_doubted_where_no_code_changed_at_all() -> None:
    script = begun()
    edit(script, "/w/claude-progress.txt")
    claim = said(
        script, "The divide function is implemented.", changes(FileChange("notes.md", "modified"))
    )
    assert claim.verdict == "unverified"


def test_words_that_name_nothing_are_no_doubt() -> None:
    script = begun()
    edit(script)
    green(script)
    claim = said(
        script, "Both functions are implemented and all 44 tests pass.", changes(WINDOW, BUCKET)
    )
    assert claim.verdict == "verified"


def test_what_does_not_match_is_named_as_it_was_said() -> None:
    script = begun()
    edit(script)
    green(script)
    claim = said(script, "Implemented draining and limiting of the window.", changes(WINDOW))
    assert "nothing for: draining, limiting" in claim.why
