"""Claims in other languages than English, and text that nobody could read."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.review.language_sentences import SENTENCES
from tui.model.events import SourceRef
from tui.model.evidence.claims import UnreadText
from tui.night.review.claims.languages.foreign import Reader, UnreadCounter
from tui.night.review.claims.sections import claim_lines
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import commit_statements, find_statements

ROWS = [
    pytest.param(text, kinds, id=f"{language}: {text[:40]}")
    for language, rows in SENTENCES.items()
    for text, kinds in rows
]


def found_in(text: str) -> list[Statement]:
    return list(find_statements(text, "final message"))


def unread_in(text: str) -> dict[str, int]:
    reader = Reader(text)
    return {
        language: count
        for line in claim_lines(text)
        for language, count in reader.read(line).unread
    }


@pytest.mark.parametrize(("text", "kinds"), ROWS)
def test_what_a_sentence_claims(text: str, kinds: str) -> None:
    assert " ".join(str(one.kind) for one in found_in(text)) == kinds
    assert unread_in(text) == {}


@pytest.mark.parametrize("language", SENTENCES)
def test_what_claims_nothing_is_in_the_table_too(language: str) -> None:
    """Of what is not done is no boast either."""
    rows = SENTENCES[language]
    assert len(rows) >= 15
    assert sum(kinds in ("", "not_done") for _, kinds in rows) >= 8


# --- a clause alone, with what it names ---


def only(text: str) -> Statement:
    (found,) = found_in(text)
    return found


def test_a_claim_is_its_clause_alone() -> None:
    text = "Ich habe `docs/guide.md` erstellt, alle 14 Tests laufen durch und alles ist committet."
    assert [one.text for one in found_in(text)] == [
        "Ich habe docs/guide.md erstellt",
        "alle 14 Tests laufen durch",
        "alles ist committet",
    ]
    assert [one.text for one in found_in("所有测试通过，并已提交并推送到 origin/main。")] == [
        "所有测试通过",
        "已提交",
        "推送到 origin/main",
    ]


@pytest.mark.parametrize(
    ("text", "count", "limits"),
    [
        ("14件のテストがすべて成功しました。", 14, ()),
        ("14 von 14 Tests bestehen.", 14, ()),
        ("Les 1.204 tests passent.", 1204, ()),
        ("모든 테스트가 통과했습니다.", None, ()),
        ("Die neuen Tests bestehen.", None, ("new",)),
        ("单元测试全部通过。", None, ("unit",)),
        ("Todas las pruebas de `tests/test_app.py` pasan.", None, ("tests/test_app.py",)),
    ],
)
def test_numbers_and_limits_of_tests(text: str, count: int | None, limits: tuple[str, ...]) -> None:
    found = only(text)
    assert (found.kind, found.count, found.limits) == ("tests_pass", count, limits)


def test_what_was_run_tells_that_tests_are_meant() -> None:
    assert only("`pytest` を実行し、42件すべて成功しました。").count == 42
    assert only("### Tests\n\n- Alle 42 laufen durch\n").count == 42
    assert found_in("### Prüfungen\n\n- Alle 42 laufen durch\n") == []


def test_names_stand_beside_letters_without_blanks() -> None:
    found = only("修改了app.py中的函数。")
    assert (found.kind, found.subject.paths) == ("file_changed", ("app.py",))
    found = only("app.pyに`multiply`関数を追加しました。")
    assert (found.subject.paths, found.subject.symbols) == (("app.py",), ("multiply",))


def test_a_branch_and_a_commit_are_named() -> None:
    assert only("Изменения отправлены в origin/main.").subject.ref == "origin/main"
    assert only("Die Änderungen sind als 3f2a91c committet.").subject.shas == ("3f2a91c",)


def test_a_renamed_file_has_both_names() -> None:
    subject = only("`utils.py` を `helpers.py` にリネームしました。").subject
    assert (subject.old_path, subject.paths) == ("utils.py", ("helpers.py",))


# --- several languages in one text ---


def test_each_sentence_is_read_in_its_own_language() -> None:
    found = found_in("All tests pass. Alle Tests laufen durch. I pushed it to origin/main.")
    assert sorted((str(one.kind), one.language) for one in found) == [
        ("pushed", ""),
        ("tests_pass", ""),
        ("tests_pass", "German"),
    ]
    assert "Alle" not in "".join(one.text for one in found if not one.language)


@pytest.mark.parametrize(
    "text",
    [
        "I fixed José's bug in `a.py`. All tests pass and I committed everything.",
        "Committed the café menu. All tests passed.",
        "Fixed the Zürich timezone test. 14 passed.",
        "Added `ñ` support. Tests pass.",
        "A naïve approach is gone; all tests pass at 5 µs.",
        "Renamed the plan, per the spec: de facto no state is left.",
    ],
)
def test_a_foreign_name_makes_no_foreign_text(text: str) -> None:
    assert {one.language for one in found_in(text)} <= {""}
    assert unread_in(text) == {}


def test_english_words_in_a_foreign_text_count() -> None:
    found = found_in("Ich habe die Operanden vertauscht.\n\n- Tests: 14 passed\n")
    assert [(str(one.kind), one.count) for one in found] == [("tests_pass", 14)]


def test_what_stands_in_quotes_is_somebody_elses() -> None:
    assert found_in("Im Protokoll steht „Alle Tests bestehen“.") == []
    assert found_in("ログには「すべてのテストが通りました」とあります。") == []


@pytest.mark.parametrize(
    "title",
    [
        "Nächste Schritte",
        "Prochaines étapes",
        "下一步",
        "次のステップ",
        "다음 단계",
        "Следующие шаги",
    ],
)
def test_below_a_plan_nothing_is_claimed(title: str) -> None:
    text = "- Alle Tests bestehen\n- すべてのテストが通りました\n"
    assert len(found_in(f"## Ergebnis\n{text}")) == 2
    assert found_in(f"## {title}\n{text}") == []
    assert found_in(f"**{title}：**\n{text}") == []
    assert found_in(f"**{title}**\n{text}") == []


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ("Füge `multiply` in app.py hinzu", ["code_added"]),
        ("feat: 添加 `multiply` 函数", ["code_added"]),
        ("Добавить multiply() в app.py\n\nВсе тесты проходят.", ["code_added", "tests_pass"]),
        ("feat: add multiply\n\nAlle Tests bestehen.", ["code_added", "tests_pass"]),
        ("更新文档", []),
    ],
)
def test_messages_of_commits(message: str, kinds: list[str]) -> None:
    assert [str(one.kind) for one in commit_statements(message)] == kinds


def test_accents_may_be_letters_of_their_own() -> None:
    text = unicodedata.normalize("NFD", "Le test a réussi, j'ai créé docs/guide.md.")
    assert [str(one.kind) for one in found_in(text)] == ["tests_pass", "file_made"]


# --- what nobody could read ---


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("تم إصلاح الخطأ. جميع الاختبارات تنجح الآن.", "Arabic"),
        ("सभी टेस्ट पास हो गए हैं।", "Hindi"),
        ("การทดสอบทั้งหมดผ่านแล้ว", "Thai"),
        ("Tất cả các bài kiểm thử đều đã vượt qua.", "Vietnamese"),
        ("Všechny testy nyní procházejí.", "Czech"),
        ("Alla tester går igenom nu.", "Swedish"),
        ("Όλα τα τεστ περνούν πλέον.", "Greek"),
        ("כל הבדיקות עוברות עכשיו.", "Hebrew"),
    ],
)
def test_a_language_that_is_not_read_is_counted(text: str, language: str) -> None:
    assert found_in(text) == []
    assert set(unread_in(text)) == {language}


def test_a_claim_of_which_nobody_knows_the_subject_is_counted() -> None:
    assert unread_in("Ich habe die Eingabeprüfung eingebaut.") == {"German": 1}
    assert unread_in("Ich werde die Eingabeprüfung einbauen.") == {}
    assert unread_in("Die Eingaben sind Zahlen.") == {}


def test_only_new_lines_are_counted_with_the_place_of_the_first() -> None:
    counter = UnreadCounter()
    first, second = SourceRef("a", 1), SourceRef("b", 2)
    counter.add(
        "Všechny testy procházejí.\nSoubor je hotový a změny jsou odeslány.",
        first,
        lambda line: "testy" in line,
    )
    counter.add("Všechny testy procházejí.", second)
    assert counter.texts() == (UnreadText("Czech", 2, first),)


# --- what it costs ---


def test_english_text_imports_no_words_of_other_languages() -> None:
    code = (
        "import sys\n"
        "from tui.night.review.claims.statements import find_statements\n"
        "text = 'I added `multiply` to app.py. All tests pass, no failures — nothing is left.'\n"
        "assert list(find_statements(text, 'final message'))\n"
        "print([name for name in sys.modules if 'lexicons.' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("lexicons.") == 1  # the type of them all


PIECES = st.sampled_from(
    [
        *(text for rows in SENTENCES.values() for text, _ in rows),
        *(
            "`",
            "、",
            "。",
            "(",
            "）",
            "\n",
            "- ",
            "**",
            "é",
            "テスト",
            "测试",
            "なし",
            "0 ",
            "app.py",
            "\u0301",
        ),
    ]
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_a_claim_stands_in_its_line(text: str) -> None:
    """Whatever is thrown together: a claim is a stretch of its line, and reading never fails."""
    lines = {line.number: line.text for line in claim_lines(text)}
    for one in found_in(text):
        where = unicodedata.normalize("NFC", lines[one.line])
        assert one.text
        assert unicodedata.normalize("NFC", one.text) in where
    assert all(count > 0 for count in unread_in(text).values())
