"""Search through raw files: newest first, one hit a line, as a person would expect it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session_files import bash, delta, line, lines, speech
from tui.feeds.follow import generation
from tui.monitor import search as module
from tui.monitor.search import RawSearch, needles


def found(text: str, *paths: Path) -> list[int]:
    search = RawSearch(text, [str(path) for path in paths])
    search.run()
    assert search.done
    return [hit.offset for hit in search.hits]


def written(folder: Path, data: bytes, name: str = "s.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_hits_come_newest_first_and_one_a_line(tmp_path: Path) -> None:
    data = b"needle needle\nhay\nthe needle\nneedle\n"
    assert found("needle", written(tmp_path, data)) == [29, 22, 0]


def test_files_are_searched_one_after_another(tmp_path: Path) -> None:
    one, two = written(tmp_path, b"needle\n", "a"), written(tmp_path, b"x\nneedle\n", "b")
    search = RawSearch("needle", [str(one), str(two)])
    search.run()
    assert [(hit.source, hit.offset) for hit in search.hits] == [(str(one), 0), (str(two), 2)]
    assert search.searched == search.total == 7 + 9


def test_what_leads_out_of_its_folder_is_not_searched(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    written(tmp_path, b"needle\n", "outside")
    link = project / "s.jsonl"
    link.symlink_to("../outside")
    for base, hits in (("", 1), (str(project), 0)):
        search = RawSearch("needle", [str(link)], base_of={str(link): base}.__getitem__)
        search.run()
        assert (search.done, len(search.hits)) == (True, hits)


def test_streamed_deltas_are_passed_over(tmp_path: Path) -> None:
    data = lines([delta(1, "needle"), speech(2, "the needle"), delta(3, "needle")])
    path = written(tmp_path, data)
    assert found("needle", path) == [data.index(b"the needle") + 4]


def test_a_last_line_without_end_is_searched(tmp_path: Path) -> None:
    assert found("needle", written(tmp_path, b"hay\nneedle")) == [4]


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("error", ["error", "Error", "ERROR"]),
        ("Error", ["Error"]),
        ("ERROR", ["ERROR"]),
        ("no space", ["no space", "No space", "No Space", "NO SPACE"]),
        ("eRRoR", ["eRRoR"]),
        ("über", ["über", "Über", "ÜBER"]),
    ],
)
def test_small_letters_find_every_usual_writing_and_others_only_themselves(
    tmp_path: Path, text: str, hit: list[str]
) -> None:
    ways = sorted({"error", "Error", "ERROR", "eRRoR", "no space", "No space", "No Space",
                   "NO SPACE", "über", "Über", "ÜBER"})  # fmt: skip
    path = written(tmp_path, "".join(f"{way}\n" for way in ways).encode())
    lines_hit = {path.read_bytes()[place:].split(b"\n")[0].decode() for place in found(text, path)}
    assert lines_hit == set(hit)


@pytest.mark.parametrize(
    "text", ['say "hi"', "C:\\temp", "a\tb", "Größe", "語", "🙂", "line\nbreak"]
)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_text_is_found_in_its_escaped_form(tmp_path: Path, text: str, ascii_only: bool) -> None:
    import json

    record = json.dumps({"type": "user", "text": f"before {text} after"}, ensure_ascii=ascii_only)
    assert len(found(text, written(tmp_path, record.encode() + b"\n"))) == 1


def test_a_lone_surrogate_cannot_break_it(tmp_path: Path) -> None:
    assert found("\udc80", written(tmp_path, b"hay\n")) == []
    assert needles("\ud800")


def test_nothing_to_look_for_is_done_at_once(tmp_path: Path) -> None:
    search = RawSearch("", [str(written(tmp_path, b"x\n"))]).start()
    assert (search.done, search.hits) == (True, [])


def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    there = written(tmp_path, b"needle\n")
    paths = [tmp_path / "missing", tmp_path / "fifo", tmp_path / "folder", there]
    assert found("needle", *paths) == [0]


def naive(data: bytes, text: str) -> list[int]:
    places, offset = [], 0
    for each in data.split(b"\n"):
        hits = [each.find(needle) for needle in needles(text)]
        hits = [hit for hit in hits if hit >= 0]
        if hits and not each.startswith(b'{"type":"stream_event"'):
            places.append(offset + min(hits))
        offset += len(each) + 1
    return places[::-1]


@settings(deadline=None, max_examples=300)
@given(
    parts=st.lists(
        st.sampled_from(["ab", "a", "b", "\n", "Ab", "AB", '{"type":"stream_event"', "xyz", "é"]),
        max_size=60,
    ),
    chunk=st.integers(1, 40),
    back=st.integers(1, 9),
)
def test_chunk_borders_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], chunk: int, back: int
) -> None:
    data = "".join(parts).encode()
    path = written(tmp_path_factory.mktemp("chunks"), data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        patch.setattr(generation, "_BACKWARD_STEP", back)
        assert found("ab", path) == naive(data, "ab")


def test_a_line_longer_than_a_chunk_is_one_hit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 1_000)
    data = line(bash(1, "needle " + "x" * 5_000 + " needle " + "y" * 5_000 + " needle")) + b"\n"
    assert found("needle", written(tmp_path, data)) == [data.index(b"needle")]


def test_it_stops_within_a_chunk_and_keeps_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 100)
    path = written(tmp_path, b"needle in the hay\n" * 5_000)
    told = threading.Event()
    go_on = threading.Event()

    def progressed() -> None:
        told.set()
        assert go_on.wait(10)

    search = RawSearch("needle", [str(path)], progressed).start()
    assert told.wait(10)
    search.cancel()
    go_on.set()
    search.join(10)
    assert search.done
    assert 0 < len(search.hits) < 20
    assert search.searched < search.total


def test_progress_is_told_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 100)
    path = written(tmp_path, b"needle in the hay\n" * 100)
    shares: list[int] = []
    search = RawSearch("needle", [str(path)], lambda: shares.append(search.searched))
    search.start().join(10)
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert shares[-1] == search.total == path.stat().st_size


def test_a_word_that_is_everywhere_is_capped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 100)
    monkeypatch.setattr(module, "_MOST_HITS", 50)
    search = RawSearch("needle", [str(written(tmp_path, b"needle\n" * 1_000))])
    search.run()
    assert search.capped
    assert 50 <= len(search.hits) < 100
