"""A night proven in clean copies: what is green, what is red, what proves nothing, what is left alone."""

from __future__ import annotations

import hashlib
import os
import venv
from pathlib import Path

import pytest

from tests.unit import repositories
from tests.unit.repositories import sh
from tests.unit.runner.proof.proof_scene import CHECK, FILES, TESTS, Night, colours, run_on
from tui.night.review.proof import proof_points, proven_colour
from tui.settings.own_sections import ReviewSettings
from tui.settings.settings import Settings

BROKEN = 'add() { echo "$(($1 - $2))"; }\n'


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(tmp_path)


def test_an_honest_night_is_green_with_the_tests_of_before_too(night: Night) -> None:
    night.write("sum.sh", 'add() { echo "$(($2 + $1))"; }\n')
    night.write("tests/test_more.sh", '[ "$(add 2 2)" = 4 ]\n')
    night.commit()
    proof = night.prove()
    assert colours(proof) == {"end": "green", "base tests": "green"}
    assert (proof.base_tests, proof.at, proof.notes, proof.outside) == ("green", 7.0, (), ())
    assert proof.tree == sh(night.project, "rev-parse", "HEAD^{tree}")
    assert proof_points(proof) == ()
    assert "  2 passed in 0.01s" in night.said
    assert night.litter() == []


def test_a_bent_test_is_red_as_it_was_before(night: Night) -> None:
    night.write("sum.sh", BROKEN)
    night.write("tests/test_add.sh", '[ "$(add 1 2)" = -1 ]\n')
    night.commit()
    proof = night.prove()
    assert colours(proof) == {"end": "green", "base tests": "red", "base": "green"}
    assert proof.base_tests == "red"
    assert run_on(proof, "base tests").failed == ("tests/test_add.sh::case",)
    (point, *_) = proof_points(proof)
    assert point.severity == "high"
    assert "tests/test_add.sh::case" in point.what


@pytest.mark.parametrize(
    "change",
    [
        {"tests/test_add.sh": None, "tests/test_other.sh": "true\n"},
        {"run_tests.sh": "exit 0\n"},
        {"run_tests.sh": "echo '2 passed in 0.01s'\n"},
        {"tests/test_add.sh": "return 0\n"},
    ],
)
def test_tests_that_were_deleted_or_switched_off_come_back(
    night: Night, change: dict[str, str | None]
) -> None:
    night.write("sum.sh", BROKEN)
    for name, text in change.items():
        if text is None:
            (night.project / name).unlink()
        else:
            night.write(name, text)
    night.commit()
    proof = night.prove()
    assert proof.base_tests == "red"
    assert proof_points(proof)[0].severity == "high"


def test_what_prints_nothing_has_tested_nothing(night: Night) -> None:
    night.write("run_tests.sh", "exit 0\n")
    night.commit()
    run = run_on(night.prove(), "end")
    assert (run.verdict, run.end, run.code) == ("unknown", "no tests", 0)


def test_tests_that_were_red_before_are_not_the_nights_doing(night: Night) -> None:
    """They need a file that git ignores, as the beginning's did."""
    night.write("run_tests.sh", f". ./settings.local || exit 1\n{CHECK}")
    night.base = night.commit("tests need settings")
    night.write("settings.local", "true\n")
    night.write("new.sh", "true\n")
    night.commit()
    proof = night.prove()
    assert colours(proof) == {"end": "red", "base": "red"}
    assert (proof.base_tests, proven_colour(proof)) == ("none", "none")
    (point,) = proof_points(proof)
    assert point.severity == "medium"
    assert "so before the night too" in point.what


def test_a_red_end_is_told_apart_from_what_failed_before(night: Night) -> None:
    night.write("tests/test_old.sh", "false\n")
    night.base = night.commit("a red test")
    night.write("sum.sh", BROKEN)
    night.commit()
    proof = night.prove()
    assert (proof.base_tests, proven_colour(proof)) == ("red", "red")
    assert all("test_add" in point.what for point in proof_points(proof))
    assert not any("test_old" in point.what for point in proof_points(proof))


def test_work_that_is_not_committed_is_proven_too(night: Night) -> None:
    night.write("sum.sh", BROKEN)
    night.write("tests/test_new.sh", "true\n")
    proof = night.prove()
    assert run_on(proof, "end").verdict == "red"
    sh(night.project, "add", "-A")
    assert proof.tree == sh(night.project, "write-tree")


def test_what_was_changed_after_the_night_is_not_of_it(night: Night) -> None:
    path = night.write("sum.sh", BROKEN)
    night.until = path.stat().st_mtime - 3600
    proof = night.prove()
    assert run_on(proof, "end").verdict == "green"
    assert "sum.sh" in proof.notes[0]


def test_the_project_stays_as_it_is(night: Night) -> None:
    """Neither files nor index, though the tests write, add and commit in their copy."""
    night.write("run_tests.sh", f"{CHECK}echo x > made; git add -A; git commit -qm x\n")
    night.commit()
    night.write("sum.sh", BROKEN)
    night.write("extra.sh", "true\n")
    before = repositories.user_state(night.project), repositories.tree(night.project)
    stamps = {str(path): path.lstat().st_mtime_ns for path in night.project.rglob("*")}
    night.prove()
    assert (repositories.user_state(night.project), repositories.tree(night.project)) == before
    assert {str(path): path.lstat().st_mtime_ns for path in night.project.rglob("*")} == stamps
    assert repositories.litter(night.project) == []


def test_no_program_of_the_repository_runs_but_the_commands(night: Night) -> None:
    trap = night.place / "trap"
    night.write(".gitattributes", "* filter=evil\n*.sh diff=evil\n")
    night.commit()
    for key in ("filter.evil.smudge", "filter.evil.clean", "core.fsmonitor", "diff.evil.textconv"):
        sh(night.project, "config", key, f"touch {trap}; cat")
    hook = night.project / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {trap}\n")
    hook.chmod(0o755)
    night.plan()
    night.prove()
    assert not trap.exists()


def test_links_and_nested_repositories_lead_nowhere(night: Night) -> None:
    outside = night.place / "outside"
    outside.mkdir()
    (night.project / "away").symlink_to(outside)
    (night.project / "node_modules").symlink_to(outside)
    repositories.make(night.project / "vendor/inner", {"x": "1\n"})
    night.commit()
    proof = night.prove()
    assert run_on(proof, "end").verdict == "green"
    assert any("submodules" in note for note in proof.notes)
    assert list(outside.iterdir()) == []


def test_what_hangs_is_ended_with_all_that_it_started(night: Night) -> None:
    night.settings = Settings(review=ReviewSettings(prove_minutes=0.01))
    night.write("run_tests.sh", "sleep 60 & setsid sleep 60 & echo begun; sleep 60\n")
    night.commit()
    run = run_on(night.prove(), "end")
    assert (run.code, run.verdict, run.end, run.output) == (None, "unknown", "timed out", "begun")
    assert night.litter() == []


class Interrupting(list[str]):
    """Where lines are said to; at that word a person presses ctrl+c."""

    word = ""

    def append(self, line: str) -> None:
        super().append(line)
        if self.word in line:
            raise KeyboardInterrupt


def test_an_interrupt_ends_it_with_what_is_known(night: Night) -> None:
    night.lines = [TESTS, "ruff check ."]
    night.said = Interrupting()
    night.said.word = "2 passed"
    proof = night.prove()
    assert [(run.code, run.end) for run in proof.runs] == [(None, "stopped")]
    assert proof.base_tests == "none"
    assert night.litter() == []


def test_only_the_end_of_a_huge_output_is_kept_without_secrets(night: Night) -> None:
    lines = "i=0; while [ $i -lt 6000 ]; do echo line $i; i=$((i+1)); done\n"
    secret = "ghp_" + "a1B2" * 9
    night.write("run_tests.sh", f"{lines}{CHECK}printf '\\033[31mtoken {secret}\\033[0m\\n'\n")
    night.commit()
    proof = night.prove()
    run = run_on(proof, "end")
    assert "line 5999" in run.output
    assert "line 5000" not in run.output
    assert secret not in run.output + "".join(night.said)
    assert "\x1b" not in run.output + "".join(night.said)
    assert len(night.said) < 2_100


def test_a_project_below_the_top(tmp_path: Path) -> None:
    night = Night(tmp_path, {f"app/{name}": text for name, text in FILES.items()})
    night.write("app/sum.sh", 'add() { echo "$(($2 + $1))"; }\n')
    night.commit()
    proof = night.prove("app")
    assert colours(proof) == {"end": "green"}
    assert proof.base_tests == "green"


def test_a_linked_work_tree_is_proven_for_itself(night: Night) -> None:
    other = night.place / "other"
    sh(night.project, "worktree", "add", "-q", "-b", "swap", str(other))
    main, night.project = night.project, other
    night.write("sum.sh", BROKEN)
    night.commit()
    assert run_on(night.prove(), "end").verdict == "red"
    night.project = main
    assert run_on(night.prove(), "end").verdict == "green"


def test_environments_are_used_in_place(night: Night) -> None:
    night.write(".gitignore", ".venv/\nnode_modules/\n")
    script = (
        f"{CHECK}. .venv/bin/tool && . node_modules/pkg/main && touch node_modules/.cache-made\n"
    )
    night.write("run_tests.sh", script)
    night.commit()
    for name in (".venv/pyvenv.cfg", ".venv/bin/tool", "node_modules/pkg/main"):
        night.write(name, "true\n")
    run = run_on(night.prove(), "end")
    assert (run.code, run.verdict) == (0, "green")
    assert os.listdir(night.project / "node_modules") == ["pkg"]


def test_pointers_of_lfs_get_their_content_where_it_is_here(night: Night) -> None:
    data = b"large\n"
    oid = hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"
    other = pointer.replace(oid, "0" * 64)
    night.write(".gitattributes", "*.bin filter=lfs\n")
    night.write("a.bin", pointer)
    night.write("b.bin", other)
    night.write("run_tests.sh", f'[ "$(cat a.bin)" = large ] || exit 1\n{CHECK}')
    night.commit()
    kept = night.project / f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(data)
    proof = night.prove()
    assert run_on(proof, "end").verdict == "green"
    assert any("1 file of git-lfs" in note for note in proof.notes)


PACKAGE_TEST = """\
import unittest, pkg
class T(unittest.TestCase):
    def test_value(self):
        self.assertEqual(pkg.VALUE, 1)
"""


def test_an_editable_install_does_not_lead_back_to_the_project(tmp_path: Path) -> None:
    """What lies in the project now is broken; the night's end is not, and it is what is tested."""
    night = Night(tmp_path, {"src/pkg/__init__.py": "VALUE = 1\n", "check_pkg.py": PACKAGE_TEST})
    venv.create(night.project / ".venv", symlinks=True)
    (packages,) = (night.project / ".venv").glob("lib/python3*/site-packages")
    (packages / "__editable__.pkg.pth").write_text(f"{night.project / 'src'}\n")
    night.until = 1.0
    night.write("src/pkg/__init__.py", "VALUE = 2\n")
    night.lines = [".venv/bin/python -m unittest check_pkg"]
    (run,) = (one for one in night.prove().runs if "unittest" in one.command)
    assert (run.verdict, run.output[-2:]) == ("green", "OK")
    assert not list((night.project / "src").rglob("__pycache__"))
