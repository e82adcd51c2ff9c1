"""What claims are judged by is collected in order, once, and within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.night_script import START, Script, fold, night
from tui.model.evidence.log import EvidenceLog
from tui.model.journal import JournalEntry
from tui.model.records import ProgressFile, ProgressTask, Record, SessionNotes
from tui.night.evidence import evidence_log
from tui.night.evidence.shell_effects import commits_named, is_prose, shell_effects
from tui.night.fold import NightFold


def heard(script: Script) -> EvidenceLog:
    return fold(script.events).evidence_log()


def progress(*done: str, at: float | None = START, basis: str = "checkboxes") -> ProgressFile:
    titles = ("one", "two", "three")
    tasks = tuple(
        ProgressTask(title, "done" if title in done else "open", line=n + 1)
        for n, title in enumerate(titles)
    )
    assert basis in ("checkboxes", "unknown")
    kind: str = basis
    if kind == "unknown":
        return ProgressFile("p", at, "unknown", 0, 0, tasks)
    return ProgressFile("p", at, "checkboxes", len(done), 3 - len(done), tasks)


ACTIONS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(["/w/a.py", "/w/b.md", "/w/c.ts"]), st.booleans()),
    st.tuples(
        st.just("shell"),
        st.sampled_from(
            ["pytest", "rm src/a.py", "git commit -m 'Add a'", "pytest tests/a.py", "ls"]
        ),
        st.sampled_from(["3 passed in 1.0s", "1 failed in 1.0s", "[main 0a1b2c3] Add a", ""]),
    ),
    st.tuples(st.just("say"), st.sampled_from(["Done.", "All tests pass."]), st.booleans()),
    st.tuples(st.just("result"), st.sampled_from(["Done.", "", "Other."]), st.booleans()),
    st.tuples(st.just("prompt"), st.just("go on"), st.just(0)),
    st.tuples(st.just("ticks"), st.frozensets(st.sampled_from(["one", "two"])), st.integers(0, 9)),
    st.tuples(st.just("notes"), st.sampled_from(["a", "b"]), st.integers(0, 9)),
)


def told(actions: list[tuple[str, Any, Any]]) -> list[Record]:
    """The records of a night in which that happened."""
    script = Script()
    records: list[Record] = []
    for kind, what, more in actions:
        begin = len(script.events)
        if kind == "edit":
            script.step("Edit", what, "ok", path=what, error=more)
        elif kind == "shell":
            script.step("Bash", what, more, error="failed" in more)
        elif kind == "say":
            script.say(what, thread="agent-1" if more else "")
        elif kind == "result":
            script.result(0.1, text=what, is_error=more)
        elif kind == "prompt":
            script.prompt(what)
        elif kind == "ticks":
            records.append(progress(*what, at=START + more))
        else:
            records.append(SessionNotes("n", START + more, what))
        records += script.events[begin:]
    return records


@settings(deadline=None, max_examples=200)
@given(st.lists(ACTIONS, max_size=25), st.data())
def test_it_is_the_same_in_any_batches(
    actions: list[tuple[str, Any, Any]], data: st.DataObject
) -> None:
    records = told(actions)
    whole = fold(records)
    parts = fold()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=5)))
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        parts.apply(records[start:end])
        parts.evidence_log()
        if data.draw(st.booleans()):
            parts = NightFold.load(parts.save())
    assert parts.evidence_log() == whole.evidence_log()
    assert parts.snapshot(START).tests == whole.snapshot(START).tests


def test_deposits_are_numbered_in_their_order() -> None:
    script = Script()
    script.step("Edit", "a.py", "ok", path="/w/a.py")
    script.step("Bash", "pytest", "3 passed in 1.0s")
    script.step("Bash", "git commit -qm 'Add a'", "[main 0a1b2c3] Add a\n 1 file changed")
    script.step("Write", "b.py", "ok", path="/w/b.py")
    script.say("All done.")
    seen = heard(script)
    assert [edit.path for edit in seen.edits] == ["/w/a.py", "/w/b.py"]
    (ran,), (made,), (said,) = seen.runs, seen.commits, seen.statements
    assert (made.sha, made.subject) == ("0a1b2c3", "Add a")
    assert said.text == "All done."
    numbers = [seen.edits[0].number, ran.number, made.number, seen.edits[1].number, said.number]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 5
    assert ran.run.ref == script.events[3].ref
    assert seen.edits[1].at == script.events[7].at


def test_what_failed_changed_nothing() -> None:
    script = Script()
    script.step("Edit", "a.py", "not found", path="/w/a.py", error=True)
    script.step("Bash", "rm src/a.py", "no such file", error=True)
    script.step("Bash", "git commit -m x", "nothing to commit", error=True)
    seen = heard(script)
    assert (seen.edits, seen.commits) == ((), ())


def test_the_last_words_of_each_turn() -> None:
    script = Script()
    script.prompt()
    script.say("I begin.")
    script.step("Bash", "ls", "a")
    script.say("First part is done.")
    script.result(0.1, text="First part is done.")
    script.prompt("go on")
    script.say("Second part is done.")
    script.say("of the helper", thread="agent-1")
    script.prompt("and now?")
    script.result(0.2, text="Only the result says this.")
    assert [said.text for said in heard(script).statements] == [
        "First part is done.",
        "Second part is done.",
        "Only the result says this.",
    ]


def test_words_of_a_failed_turn_are_the_models_own() -> None:
    script = Script()
    script.say("Nearly there.")
    script.result(0.1, text="API Error: overloaded", is_error=True)
    assert [said.text for said in heard(script).statements] == ["Nearly there."]


def test_ticks_between_two_states() -> None:
    made = fold([progress("one", basis="unknown"), progress("one"), progress("one", "two", at=9.0)])
    (tick,) = made.evidence_log().done_tasks
    assert (tick.title, tick.at, tick.source, tick.line) == ("two", 9.0, "p", 2)


def test_a_task_that_was_opened_again_is_ticked_anew() -> None:
    made = fold([progress("one"), progress(), progress("one")])
    assert [tick.title for tick in made.evidence_log().done_tasks] == ["one"]


def test_the_first_and_the_last_notes() -> None:
    seen = fold(
        [SessionNotes("n", 1.0, "a"), SessionNotes("n", 2.0, "b"), SessionNotes("n", 3.0, "c")]
    ).evidence_log()
    assert (seen.first_notes, seen.notes, seen.notes_source, seen.notes_at) == ("a", "c", "n", 3.0)


def test_a_shells_edit_counts_after_a_green_run() -> None:
    script = Script()
    script.step("Bash", "pytest", "3 passed in 1.0s")
    script.step("Bash", "sed -i s/a/b/ src/a.py && git checkout -- src/b.py", "")
    assert night(script).tests.edits_since_last_green == 2
    script.step("Bash", "rm src/c.py && pytest", "3 passed in 1.0s")
    assert night(script).tests.edits_since_last_green == 0
    seen = heard(script)
    assert seen.edits[-1].number < seen.runs[-1].number


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_EDITS", "MOST_RUNS", "MOST_COMMITS", "MOST_STATEMENTS"):
        monkeypatch.setattr(evidence_log, name, 20)
    monkeypatch.setattr(evidence_log, "LONGEST_STATEMENT", 10)
    script = Script()
    for n in range(50):
        script.step("Edit", f"{n}.py", "ok", path=f"/w/{n}.py")
        script.step("Bash", "pytest", f"{n + 1} passed in 1.0s")
        script.step("Bash", "git commit -m x", f"[main 0a1b2{n:02}] {n}")
        script.say(f"{n} " * 20)
        script.result(0.1)
    seen = heard(script)
    assert len(seen.edits) <= 20
    assert seen.forgotten_edits + len(seen.edits) == 50
    assert seen.edits[-1].path == "/w/49.py"
    assert (len(seen.runs), len(seen.commits), len(seen.statements)) == (20, 20, 20)
    assert seen.runs[-1].run.passed == 50
    assert all(len(said.text) <= 10 for said in seen.statements)


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("rm src/old.py", ("src/old.py",)),
        ("rm -rf src/legacy tests/legacy", ("src/legacy", "tests/legacy")),
        ("git rm -q docs/almanac.md", ("docs/almanac.md",)),
        ("git mv a.py b.py", ("a.py", "b.py")),
        ("mv lib/a.rb lib/b.rb", ("lib/a.rb", "lib/b.rb")),
        ("cp /tmp/new.py app/new.py", ("app/new.py",)),
        ("sed -i 's/a/b/' app/x.ts", ("app/x.ts",)),
        ("cd /w && perl -pi -e 's/a/b/' x.go", ("x.go",)),
        ("grep -rl foo | xargs sed -i s/foo/bar/", ("",)),
        ("grep -rl foo src | xargs -n 1 perl -pi -e 's/a/b/'", ("",)),
        ("find src -name '*.py' -exec sed -i s/a/b/ {} +", ("",)),
        ("patch -p1 < fix.patch", ("",)),
        ("patch src/a.py fix.patch", ("src/a.py",)),
        ("truncate -s 0 src/a.py", ("src/a.py",)),
        ("ln -sf b.py src/a.py", ("src/a.py",)),
        ("dd if=/dev/zero of=src/a.py", ("src/a.py",)),
        ("rsync -a /tmp/x/ src/", ("src/",)),
        ("curl -sSo src/a.py https://x.example/a", ("src/a.py",)),
        ("curl -o src/a.py https://x.example/a", ("src/a.py",)),
        ("wget -O src/a.py https://x.example/a", ("src/a.py",)),
        ("python -c \"open('src/a.py', 'w').write('x')\"", ("src/a.py",)),
        ("python3 - <<'EOF'\nPath('src/a.py').write_text(s)\nEOF", ("src/a.py",)),
        (
            "python3 <<'EOF'⏎p = 'src/a.py'⏎s = open(p).read()⏎open(p, 'w').write(s)⏎EOF",
            ("src/a.py",),
        ),
        ("node -e \"require('fs').writeFileSync('src/a.js', '')\"", ("src/a.js",)),
        ("git checkout -- src/a.py", ("src/a.py",)),
        ("git checkout .", ("",)),
        ("git restore src/a.py", ("src/a.py",)),
        ("git reset --hard HEAD~1", ("",)),
        ("git -C sub -c a.b=c reset --hard", ("",)),
        ("git stash && pytest", ("",)),
        ("git revert --no-edit HEAD", ("",)),
        ("cat > app/new.py <<'EOF'⏎import os; rm src/x.py⏎EOF", ("app/new.py",)),
        ("echo 'x = 1' >> src/a.py", ("src/a.py",)),
        ("printf x | tee config/a.yaml", ("config/a.yaml",)),
    ],
)
def test_commands_that_change_sources(command: str, paths: tuple[str, ...]) -> None:
    assert shell_effects(command).paths == paths


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf node_modules dist",
        "rm /tmp/x.py",
        "rm -f out.log .coverage",
        "rm -rf build/lib/a.py",
        "git checkout -b feature",
        "git checkout main",
        "git restore --staged src/a.py",
        "git reset HEAD~1",
        "git reset --soft HEAD~1",
        "git stash list",
        "git rm --cached src/a.py",
        "git status && git diff src/a.py",
        "git log --oneline > /tmp/log.txt",
        "grep -n rm src/a.py",
        "sed -n 1,20p src/a.py",
        "pytest 2>&1 | tee /tmp/out.txt",
        "pytest > /dev/null 2>&1",
        "python -c 'print(1 > 0)'",
        "ls -la src",
        "echo done",
        "cat src/a.py > /tmp/copy.py",
        "cp src/a.py /tmp/a.py",
        "patch --dry-run -p1 < fix.patch",
        "find . -name '*.pyc' -exec rm {} +",
        "find build -name '*.py' -exec sed -i s/a/b/ {} +",
        "ls src | xargs wc -l",
        "curl https://x.example/a.py",
        "curl -O https://x.example/a.py",
        "curl -o /tmp/a.py https://x.example/a",
        "python -c \"print(open('src/a.py').read())\"",
        "python3 - <<'EOF'\nopen('/tmp/a.py', 'w').write('x')\nEOF",
        "python3 - <<'EOF'\nopen(target, 'w').write('x')\nEOF",
        "echo \"open('src/a.py', 'w')\"",
        "rsync -a src/ /tmp/copy/",
        "sed -i '4,5s/\\[ \\]/[x]/' claude-progress.txt",
        "sed -i '' 's/a/b/' docs/PLAN.md",
    ],
)
def test_commands_that_change_none(command: str) -> None:
    assert shell_effects(command).paths == ()


@pytest.mark.parametrize(
    ("path", "edits"),
    [
        ("/tmp/try.py", 0),
        ("/tmp/claude-1000/w/scratchpad/try.py", 0),
        ("/w/.claude/worktrees/swap/app.py", 1),
        ("/w/.claude/worktrees/swap/.claude/settings.json", 0),
        (".claude/skills/report/run.py", 1),
        ("/home/dev/.claude/plans/one.json", 0),
        ("/w/.claude/settings.json", 0),
        ("/tmp/w/src/a.py", 1),
        ("/w/src/a.py", 1),
        ("src/tmp/a.py", 1),
    ],
)
def test_scratch_files_are_no_edits_of_the_project(path: str, edits: int) -> None:
    script = Script()
    script.step("Bash", "pytest", "3 passed in 1.0s")
    script.step("Write", path, "ok", path=path)
    assert len(heard(script).edits) == edits
    assert night(script).tests.edits_since_last_green == edits


@pytest.mark.parametrize(
    ("command", "output", "edits"),
    [
        ("black src", "reformatted src/a.py\n1 file reformatted, 2 files left unchanged.", 1),
        ("black src", "3 files left unchanged.", 0),
        ("black --check src", "would reformat src/a.py\n1 file would be reformatted.", 0),
        ("ruff check --fix .", "Found 2 errors (2 fixed, 0 remaining).", 1),
        ("ruff check --fix .", "All checks passed!", 0),
        ("isort .", "Fixing /w/src/a.py", 1),
        ("npx prettier --write src", "src/a.ts 31ms\nsrc/b.ts 4ms (unchanged)", 1),
        ("npx prettier --write src", "src/b.ts 4ms (unchanged)", 0),
        ("cat notes", "2 files reformatted", 0),
    ],
)
def test_a_formatter_edits_what_it_says_it_changed(command: str, output: str, edits: int) -> None:
    script = Script()
    script.step("Bash", "pytest", "3 passed in 1.0s")
    script.step("Bash", command, output)
    assert len(heard(script).edits) == edits
    assert night(script).tests.edits_since_last_green == edits


@pytest.mark.parametrize(
    ("command", "output", "expected"),
    [
        (
            "git commit -m 'Add a'",
            "[main (root-commit) 0a1b2c3] Add a\n 1 file",
            ("0a1b2c3", "Add a"),
        ),
        ("git commit -m x", "[fix/b-1 0a1b2c3d] Fix b\n 1 file", ("0a1b2c3d", "Fix b")),
        ("git add -A && git commit -qm 'Add a; b'", "", ("", "Add a; b")),
        ('git commit --message="Add a"', "", ("", "Add a")),
        (
            "git commit -q -m \"$(cat <<'EOF' ⏎ Add a (1) ⏎ ⏎ Body ⏎ EOF ⏎ )\"",
            "",
            ("", "Add a (1)"),
        ),
        (
            "git commit -q -m x && git log --oneline -1",
            "0a1b2c3 (HEAD -> main) Add a",
            ("0a1b2c3", "Add a"),
        ),
        ("git commit", "", ("", "")),
    ],
)
def test_commits_tell_their_subject(command: str, output: str, expected: tuple[str, str]) -> None:
    assert commits_named(command, output) == [expected]


def test_a_commit_behind_the_cut_is_known_by_its_output() -> None:
    script = Script()
    long = "git add " + "a/b/c.py " * 30
    script.step("Bash", long[:199] + "…", "[main 0a1b2c3] Add them all\n 30 files changed")
    script.step("Bash", long[:199] + "…", "nothing")
    assert [made.subject for made in heard(script).commits] == ["Add them all"]


@pytest.mark.parametrize(
    "path", ["README.md", "a/notes.txt", "claude-progress.txt", "x.RST", "a/feature_list.json"]
)
def test_documents_are_prose(path: str) -> None:
    assert is_prose(path)


@pytest.mark.parametrize("path", ["a.py", "requirements.txt", "sub/CMakeLists.txt", "Makefile", ""])
def test_sources_are_no_prose(path: str) -> None:
    assert not is_prose(path)


def test_the_words_of_a_recorded_turn_are_told_once_by_stream_and_transcript() -> None:
    stream, transcript = Script("s.jsonl"), Script("t.jsonl")
    for script in (stream, transcript):
        script.say("All done.")
    same = [
        event.__class__(
            "t.jsonl", event.offset, event.length, event.body, stream.events[n].uuid, "s1", event.at
        )
        for n, event in enumerate(transcript.events)
    ]
    assert len(fold(stream.events, same).evidence_log().statements) == 1


def test_files_taken_back_by_a_rewind_are_an_edit() -> None:
    script = Script()
    script.step("Bash", "pytest", "3 passed in 1.0s")
    at = script.at or START
    code = JournalEntry(at + 5, "rewind", data={"mode": "code"}, source="journal.jsonl", offset=40)
    talk = JournalEntry(at + 6, "rewind", data={"mode": "conversation"}, source="journal.jsonl")
    (edit,) = fold(script.events, [code, talk]).evidence_log().edits
    assert (edit.path, edit.tool, edit.ref.offset) == ("", "rewind", 40)
