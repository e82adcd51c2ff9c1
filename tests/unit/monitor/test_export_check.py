"""`review --check` and the writing of exports: nothing false passes, nothing is written elsewhere."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.night.review.review_sample import hostile, sample
from tests.unit.night.review.review_sample_night import EVENTS, PROGRESS
from tui.model.review import Review
from tui.model.session import NamedSources
from tui.monitor.history.export_files import (
    CheckReport,
    ExportedFigures,
    build_redactor,
    check,
    export_of,
    write_export,
)
from tui.monitor.history.measured_files import measure, measure_all, measure_meanwhile
from tui.night.review.export.blocks import with_texts
from tui.night.review.export.figures_json import (
    compare_figures,
    figures_comment,
    read_figures,
)
from tui.night.review.export.html_page import render_html
from tui.night.review.export.markdown_page import MOST, render_markdown
from tui.night.review.export.redacted import Export, Redactor
from tui.night.review.review_json import encode_review, render_json
from tui.settings.settings import Settings
from tui.system.errors import OvernightError, RefusedError, UsageError

FORMATS: dict[str, Callable[[Export], str]] = {
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
}


class Scene:
    """A review whose sources are real files in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home" / "pat"
        self.events = self.home / "bot" / "events.jsonl"
        self.progress = self.home / "bot" / "progress.txt"
        self.events.parent.mkdir(parents=True)
        self.events.write_bytes(b'{"type":"system"}\n' * 400)
        self.progress.write_text("- [x] one\n")
        self.review = with_texts(sample(), self._moved)
        self.redact = Redactor((), str(self.home), "pat", "owl")

    def _moved(self, text: str) -> str:
        return text.replace(EVENTS, str(self.events)).replace(PROGRESS, str(self.progress))

    def export(self) -> Export:
        return export_of(
            self.review, self.redact, measure_all([str(self.events), str(self.progress)])
        )

    def check(self, text: str, review: Review | None = None) -> CheckReport:
        def derive(said: ExportedFigures) -> Export:
            return export_of(review or self.review, self.redact, (), said.named)

        return check(text, derive, lambda path: path.replace("~", str(self.home), 1))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize("form", FORMATS)
def test_an_untouched_export_agrees(scene: Scene, form: str) -> None:
    text = FORMATS[form](scene.export())
    assert str(scene.home) not in text
    report = scene.check(text)
    assert report.agrees, report.lines
    assert report.lines[0].startswith("agrees: ") and "commits 19" in report.lines[0]
    assert "sources: 2 of 2 as they were" in report.lines
    assert not [line for line in report.lines if "differs" in line]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"usd": 19.15', '"usd": 9.15', "cost.usd"),
        ('"insertions": 1204', '"insertions": 1200', "commits[2].insertions"),
        ('"failed": 3', '"failed": 0', "tests.runs[0].failed"),
        ('"verdict": "look"', '"verdict": "keep"', "verdict"),
        ('"edits_since_last_green": 3', '"edits_since_last_green": null', "edits_since_last_green"),
    ],
)
def test_a_changed_figure_is_named(scene: Scene, form: str, old: str, new: str, path: str) -> None:
    text = FORMATS[form](scene.export())
    if form == "json":
        old, new = old.replace(": ", ":"), new.replace(": ", ":")
    assert text.count(old) >= 1
    report = scene.check(text.replace(old, new, 1))
    assert not report.agrees
    told = [line for line in report.lines if line.startswith("differs: ")]
    assert len(told) == 1 and f"{path}: the export says" in told[0]


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_changed_word_on_the_page_is_found(scene: Scene, form: str) -> None:
    text = FORMATS[form](scene.export())
    report = scene.check(text.replace("1 verified", "4 verified", 1))
    assert not report.agrees
    assert "page differs: line" in report.lines[-1] and "4 verified" in report.lines[-1]
    cut = text.replace("A test was deleted", "", 1)
    assert not scene.check(cut).agrees


def test_a_page_that_went_through_a_browser_still_agrees(scene: Scene) -> None:
    text = render_markdown(scene.export())
    assert scene.check("\ufeff" + text.replace("\n", "\r\n")).agrees


def test_evidence_that_changed_is_named(scene: Scene) -> None:
    text = render_markdown(scene.export())
    with scene.events.open("ab") as file:
        file.write(b"x" * 12)
    report = scene.check(text)
    assert report.agrees and any("grew" in line and "12 bytes" in line for line in report.lines)
    scene.events.write_bytes(b'{"type":"sysTem"}\n' * 400)
    report = scene.check(text)
    assert not report.agrees
    assert "source changed: ~/bot/events.jsonl is not what it was" in report.lines
    scene.progress.unlink()
    assert "source gone: ~/bot/progress.txt" in scene.check(text).lines


def test_a_night_that_came_out_otherwise_is_told(scene: Scene) -> None:
    review = scene.review
    other = structs.replace(review, commits=review.commits[:2], verdict="keep")
    report = scene.check(render_html(scene.export()), other)
    assert not report.agrees
    assert "differs: length of commits: the export says 3, the evidence says 2" in report.lines
    assert "page: not compared, since its figures differ" in report.lines


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# A page\n",
        "{}",
        '{"schema": 3, "verdict": "keep"}',
        "{" * 50_000,
        "[1]",
        "<!-- overnight-tui review: the figures of this page\n{no\n-->\n",
        "<!-- overnight-tui review: the figures of this page\n[]\n-->\n",
    ],
)
def test_what_is_no_export_is_one_sentence(scene: Scene, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        scene.check(text)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2


def test_two_reviews_in_one_file_are_refused(scene: Scene) -> None:
    text = render_markdown(scene.export())
    with pytest.raises(UsageError, match="two reviews"):
        scene.check(text + text)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_a_damaged_export_never_passes_and_never_crashes(noise: bytes, place: int) -> None:
    text = figures_comment(Export(sample(), (), 0.0, "1", data=encode_review(sample())))
    place %= len(text)
    damaged = text[:place] + noise.decode("latin-1") + text[place:]
    try:
        told = read_figures(damaged)
    except OvernightError:
        return
    if told != read_figures(text):
        assert (
            compare_figures(told, read_figures(text)).differences
            or told["export"] != read_figures(text)["export"]
        )


def test_hostile_words_cannot_end_or_forge_the_figures() -> None:
    forged = "--><!-- overnight-tui review: the figures of this page\n{}\n-->\n"
    review = with_texts(hostile(), lambda text: f"{text} {forged}")
    for draw in (render_markdown, render_html):
        text = draw(Export(review, (), 0.0, "1", data=encode_review(review)))
        assert read_figures(text)["verdict"] == "look"
        assert text.endswith("}\n-->\n") and text.count("\n<!--") == 1
        figures = text.rpartition("\n<!--")[2].removesuffix("-->\n")
        assert not set(figures) & set("<>&") and "--" not in figures


def test_figures_that_do_not_fit_are_cut_and_still_checked(scene: Scene) -> None:
    scene.review = structs.replace(
        scene.review, commits=scene.review.commits * 300, claims=scene.review.claims * 200
    )
    export = scene.export()
    text = render_markdown(export)
    assert len(text.encode()) <= MOST
    cut = read_figures(text)["export"]["cut"]
    assert cut["commits"] == 900 and len(read_figures(text)["commits"]) < 900
    assert scene.check(text).agrees
    shorter = structs.replace(scene.review, commits=scene.review.commits[:-1])
    assert not scene.check(text, shorter).agrees


def test_texts_with_more_taken_out_still_agree() -> None:
    old = {"verdict": "look", "claims": [{"text": "the key [hidden] works"}]}
    same = {"verdict": "look", "claims": [{"text": "the key abc works"}]}
    other = {"verdict": "look", "claims": [{"text": "the key abc fails"}]}
    assert not compare_figures(old, same).differences
    assert [one.path for one in compare_figures(old, other).differences] == ["claims[0].text"]


def test_what_this_machine_knows_is_taken_out() -> None:
    environ = {"HOME": "/srv/pat", "USER": "pat", "BANK_TOKEN": "t0ps3cret-value"}
    redact = build_redactor(Settings(), environ)
    assert redact("t0ps3cret-value in /srv/pat/x") == "[hidden] in ~/x"
    kept = build_redactor(Settings(), environ, keep_places=True)
    assert kept("t0ps3cret-value in /srv/pat/x") == "[hidden] in /srv/pat/x"


def test_a_file_is_measured_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abcdef")
    assert measure(str(path), 3).sha256 == measure(str(path), 3).sha256 != measure(str(path)).sha256
    assert measure(str(tmp_path)).sha256 == measure(str(tmp_path / "none")).sha256 == ""
    os.mkfifo(tmp_path / "pipe")
    assert measure(str(tmp_path / "pipe")).size == 0


def test_an_export_is_written_whole(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    (tmp_path / "a.md").chmod(0o640)
    assert write_export("a.md", "neu\n", tmp_path).read_text() == "neu\n"
    assert stat.S_IMODE((tmp_path / "a.md").stat().st_mode) == 0o640
    write_export(str(tmp_path / "b.html"), "x")
    assert sorted(os.listdir(tmp_path)) == ["a.md", "b.html"]


def test_it_is_never_written_elsewhere(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "keys").write_text("mine")
    (inside / "a.md").symlink_to(outside / "keys")
    (inside / "dir").symlink_to(outside)
    (inside / "real").mkdir()
    os.mkfifo(inside / "pipe")
    for word, kind, words in (
        ("a.md", RefusedError, "is a link"),
        ("dir/keys", RefusedError, "leads through a link"),
        ("dir/../new", RefusedError, "leads through a link"),
        ("none/a.md", UsageError, "there is no folder"),
        ("real", UsageError, "is a folder"),
        ("pipe", UsageError, "no ordinary file"),
    ):
        with pytest.raises(kind, match=words):
            write_export(word, "x", inside)
    assert (outside / "keys").read_text() == "mine" and os.listdir(outside) == ["keys"]
    assert sorted(os.listdir(inside)) == ["a.md", "dir", "pipe", "real"]
    write_export("real/a.md", "x", inside)
    write_export("../out/b.md", "x", inside)


def test_a_json_export_is_one_line_of_json(scene: Scene) -> None:
    text = render_json(scene.export())
    assert text.count("\n") == 1
    about = json.loads(text)["export"]
    assert [one["path"] for one in about["sources"]] == ["~/bot/events.jsonl", "~/bot/progress.txt"]
    assert all(len(one["sha256"]) == 64 for one in about["sources"])


def test_a_figure_that_is_none_of_a_reviews_is_told() -> None:
    text = figures_comment(Export(sample(), (), 0.0, "1", data=encode_review(sample())))
    true, odd = read_figures(text), read_figures(text.replace('"pid": null', '" pid": null'))
    (found,) = compare_figures(odd, true).differences
    assert found.path == "run. pid"
    assert compare_figures({**true, "more": None}, true).differences
    older = {key: value for key, value in true.items() if key != "looked_at"}
    assert not compare_figures(older, true).differences


def test_a_large_file_is_measured_once_and_again_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as opened:
        opened.truncate(33 << 20)
    first = measure(str(file))
    assert measure(str(file)) is first
    with file.open("r+b") as opened:
        opened.write(b"x")
    os.utime(file, ns=(1, 1))
    assert measure(str(file)).sha256 != first.sha256


def test_files_of_events_are_measured_beside_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as opened:
        opened.write(b'{"type":"system"}\n')
        opened.truncate(33 << 20)
    measure_meanwhile(tmp_path, Settings(), NamedSources(events=str(file))).join()
    assert measure(str(file)) is measure(str(file))
    missing = NamedSources(events=str(tmp_path / "none"))
    measure_meanwhile(tmp_path, Settings(), missing).join()
