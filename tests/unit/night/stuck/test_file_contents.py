"""The number of the files' content follows edits as their text would."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.stuck.stuck_session import ROOT, Session
from tui.model.events import ToolCall
from tui.night.stuck.file_contents import ContentChange, FileContents, is_revision

NONE, SAME, RETURNED, NEW = ContentChange


class Files:
    """Contents with a call at hand for each kind of edit, read from its input."""

    def __init__(self) -> None:
        self.contents = FileContents()

    def call(self, use: ToolCall) -> ContentChange:
        return self.contents.on_edit(use.path, use.key, use.change)

    def edit(self, path: str, old: str, new: str) -> ContentChange:
        given = {"file_path": path, "old_string": old, "new_string": new}
        return self.call(Session.reads("Edit", given))

    def write(self, path: str, content: str) -> ContentChange:
        return self.call(Session.reads("Write", {"file_path": path, "content": content}))

    def shell(self, command: str) -> ContentChange:
        use = Session.reads("Bash", {"command": command})
        return self.contents.on_shell(use.command or use.target, use.key)


LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "    c = 3", "d", "return x", "}"]), max_size=5)
CHANGES = st.lists(
    st.tuples(st.sampled_from("xy"), st.integers(0, 4), st.integers(0, 2), LINES), max_size=12
)


def changed(text: list[str], start: int, length: int, new: list[str]) -> tuple[str, str, list[str]]:
    """An edit of whole lines with a line around them: what it takes out and puts in, and the text after it."""
    first, last = max(0, start - 1), min(len(text), start + length + 1)
    after = text[:start] + new + text[start + length :]
    old = text[first:last]
    return "\n".join(old), "\n".join(text[first:start] + new + text[start + length : last]), after


@given(LINES, CHANGES)
def test_the_number_is_that_of_the_net_content(
    first: list[str], changes: list[tuple[str, int, int, list[str]]]
) -> None:
    """After any edits a file that is written whole, as its text stands, has not changed."""
    files, texts = Files(), {"x": ["start", *first], "y": ["begin"]}
    for name in texts:
        files.write(name, "\n".join(texts[name]))
    for name, start, length, new in changes:
        old, put, after = changed(texts[name], start, length, new)
        if not old or sorted(after) == sorted(texts[name]):
            continue
        files.edit(name, old, put)
        texts[name] = after
    tree = files.contents.tree
    for name, text in texts.items():
        if any(text):
            assert files.write(name, "\n".join(text)) == SAME
    assert files.contents.tree == tree


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.text(min_size=1), st.text(min_size=1))))
def test_edits_and_their_reversals_cancel(edits: list[tuple[str, str, str]]) -> None:
    files = Files()
    for name, old, new in edits:
        files.edit(name, old, new)
    for name, old, new in edits:
        files.edit(name, new, old)
    assert files.contents.tree == 0


def test_saved_in_the_middle_it_goes_on_the_same() -> None:
    steps = [
        ("a.py", "x = 1", "x = 2"),
        ("b.py", "y", "z"),
        ("a.py", "x = 2", "x = 1"),
        ("a.py", "x = 1", "x = 2"),
    ]
    whole, parts = Files(), Files()
    for step in steps:
        saved = msgspec.msgpack.encode(parts.contents)
        parts.contents = msgspec.msgpack.decode(saved, type=FileContents)
        assert whole.edit(*step) == parts.edit(*step)
    assert whole.contents == parts.contents


def test_only_what_was_never_there_is_new() -> None:
    files = Files()
    assert files.edit("a.py", "n = 1", "n = 2") == NEW
    assert files.edit("a.py", "n = 2", "n = 1") == RETURNED
    assert files.edit("a.py", "n = 1", "n = 2") == RETURNED
    assert files.edit("a.py", "n = 2", "n = 3") == NEW
    assert files.edit("a.py", "n = 3", "n = 3") == SAME
    assert files.edit("b.py", "n = 1", "n = 2") == NEW


def test_the_same_lines_put_in_twice_are_new_once() -> None:
    files = Files()
    assert files.edit("a.py", "# end", "x()\n# end") == NEW
    assert files.edit("a.py", "# end", "x()\n# end") == RETURNED  # the same call: nothing new by it
    assert files.edit("a.py", "x()\nx()", "x()") == RETURNED
    assert files.edit("a.py", "x()\n# end", "# end") == RETURNED
    assert files.contents.tree == 0


def test_lines_in_another_order_are_another_content() -> None:
    files = Files()
    assert files.edit("a.py", "import a\nimport b", "import b\nimport a") == NEW
    assert files.edit("a.py", "import b\nimport a", "import a\nimport b") == RETURNED


@pytest.mark.parametrize(
    "command",
    [
        "git checkout -- src/a.py",
        "git checkout src/a.py",
        "git restore src/a.py",
        "git checkout .",
        "git stash",
        "git reset --hard",
        "git checkout HEAD -- src/a.py",
        "git -C . checkout -- src/a.py",
        "cd /home/dev/project && git restore -- src/a.py",
    ],
)
def test_git_brings_back_what_was_committed(command: str) -> None:
    files = Files()
    first = files.contents.tree
    files.edit(f"{ROOT}/src/a.py", "n = 1", "n = 2")
    assert files.shell(command) == RETURNED
    assert files.contents.tree == first
    files.edit(f"{ROOT}/src/a.py", "n = 1", "n = 3")
    files.shell("git commit -am 'Three'")
    committed = files.contents.tree
    files.edit(f"{ROOT}/src/a.py", "n = 3", "n = 4")
    assert files.shell(command) == RETURNED
    assert files.contents.tree == committed


def test_an_older_commit_is_other_content() -> None:
    files = Files()
    files.edit(f"{ROOT}/src/a.py", "n = 1", "n = 2")
    assert files.shell("git checkout HEAD~2 -- src/a.py") == NEW
    assert files.shell("git restore --source=HEAD~3 src/a.py") == NEW
    assert files.shell("git checkout HEAD~2 -- src/a.py") == RETURNED
    assert files.shell("git restore --staged src/a.py") == NONE


def test_another_revision_is_other_content_but_no_edit() -> None:
    files = Files()
    files.edit(f"{ROOT}/src/a.py", "n = 1", "n = 2")
    first = files.contents.tree
    assert files.shell("git checkout -q 1a2b3c4") == NEW
    assert all(map(is_revision, files.contents.touched))
    assert files.contents.tree != first
    assert files.shell("git switch next") == NEW
    assert files.shell("git checkout -q 1a2b3c4") == NONE
    assert files.shell("git checkout -b mend") == NONE


def test_a_stash_comes_back() -> None:
    files = Files()
    files.edit(f"{ROOT}/src/a.py", "n = 1", "n = 2")
    edited = files.contents.tree
    assert files.shell("git stash") == RETURNED
    assert files.contents.tree == 0
    assert files.shell("git stash list") == NONE
    assert files.shell("git stash pop") == RETURNED
    assert files.contents.tree == edited


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("sed -i 's/a = 1/a = 2/' src/a.py", "sed -i 's/a = 2/a = 1/g' src/a.py"),
        ("cp src/a.py /tmp/k && sed -i 's/1/2/' src/a.py", "cp /tmp/k src/a.py"),
    ],
)
def test_the_shell_takes_back_what_it_did(there: str, back: str) -> None:
    files = Files()
    assert files.shell(there) == NEW
    assert files.contents.tree != 0
    assert files.shell(back) == RETURNED
    assert files.contents.tree == 0
    assert files.shell(there) == RETURNED


def test_a_file_that_is_moved_and_moved_back_is_what_it_was() -> None:
    files = Files()
    assert files.shell("mv src/a.py src/b.py") == NEW
    assert files.shell("git mv src/b.py src/a.py") == RETURNED
    tree = files.contents.tree
    assert files.shell("mv src/a.py src/b.py") == RETURNED
    assert files.shell("mv src/b.py src/a.py") == RETURNED
    assert files.contents.tree == tree


def test_a_file_that_is_gone_is_no_new_content() -> None:
    files = Files()
    files.write("src/a.py", "a = 1")
    assert files.shell("rm src/a.py src/b.py") == RETURNED
    assert files.shell("rm -f src/a.py") == SAME
    assert files.shell("git checkout -- src/b.py") == RETURNED


def test_a_document_in_the_shell_is_the_file_that_a_tool_writes() -> None:
    files = Files()
    assert files.shell("cat > src/a.py <<'EOF'\na = 1\nb = 2\nEOF") == NEW
    assert files.write("src/a.py", "a = 1\nb = 2\n") == SAME
    assert files.shell("cat >> src/a.py <<'EOF'\nc = 3\nEOF") == NEW


@pytest.mark.parametrize(
    "command",
    [
        "python - <<'EOF'\nopen('src/a.py', 'w').write(x)\nEOF",
        "perl -pi -e 's/a/b/' src/a.py",
        "patch -p1 < x.patch",
        "sed -i '/x/d' src/a.py",
        "echo x > src/a.py",
        "git apply x.patch",
    ],
)
def test_an_unknown_change_is_new_once_for_each_command(command: str) -> None:
    files = Files()
    assert files.shell(command) == NEW
    assert files.shell(command) in (SAME, RETURNED)
    files.shell("echo y > src/a.py")
    assert files.shell(command) in (SAME, RETURNED)
    assert files.shell(f"{command} && true") == NEW


@pytest.mark.parametrize(
    "command",
    ["ls", "git status", "git diff src/a.py", "pytest -q > out.txt", "cat src/a.py", "git log"],
)
def test_a_look_changes_nothing(command: str) -> None:
    assert Files().shell(command) == NONE


def test_a_rewind_leads_back_to_the_checkpoint() -> None:
    files = Files()
    files.edit("a.py", "n = 1", "n = 2")
    then = files.contents.tree
    files.contents.on_checkpoint("c1")
    files.edit("a.py", "n = 2", "n = 3")
    files.edit("b.py", "n = 2", "n = 3")
    files.contents.on_rewind("c1")
    assert files.contents.tree == then
    assert files.edit("a.py", "n = 2", "n = 3") == RETURNED
    files.contents.on_rewind("of before")
    assert files.contents.tree == 0


def test_it_is_bounded() -> None:
    files = Files()
    for number in range(6_000):
        files.edit(f"f{number}.py", "n = 1", f"n = {number + 2}")
    contents = files.contents
    assert len(contents.files) == 512
    assert len(contents.states) <= 4_096
    assert len(contents.changes) <= 4_096
    assert len(msgspec.msgpack.encode(contents)) < 150_000
