"""Words and signs that say how a task stands, in nine languages: in JSON, table cells and lists."""

from __future__ import annotations

from typing import Literal

from tui.system.lazy_pattern import lazy

StateWord = Literal["done", "in_progress", "blocked", "open", "dropped"]

_WORDS: dict[StateWord, str] = {
    "done": (
        "done|complete|completed|finished|implemented|pass|passes|passing|passed|verified|validated"
        "|closed|shipped|merged|released|resolved|fixed|delivered|deployed|accepted|approved|success"
        "|fully implemented|all done|complete and verified|done and verified"
        "|完成|已完成|全部完成|完毕|完畢|已实现|已實現|通过|通過|已通过|已通過|已修复|已上线|已解决|已关闭|已验证|已交付"
        "|完了|済|済み|完了済み|実装済|実装済み|対応済|対応済み|合格"
        "|완료|완료됨|구현됨|구현 완료|구현완료|통과|해결|해결됨"
        "|готово|готов|готова|выполнено|выполнен|выполнена|завершено|завершен|завершена|завершён"
        "|сделано|реализовано|реализован|закрыто|закрыт|пройдено"
        "|erledigt|fertig|abgeschlossen|terminé|terminée|fait|hecho|hecha|completado|completada"
        "|terminado|listo|concluído|concluída|feito|fatto|completato"
    ),
    "in_progress": (
        "in progress|inprogress|progress|active|wip|work in progress|started|doing|ongoing|underway"
        "|in development|developing|in review|review|reviewing|under review|in testing|testing"
        "|ready for qa|ready for review|qa|partial|partially|partially done|partially complete"
        "|partially implemented|mostly done|current|now"
        "|进行中|正在进行|开发中|处理中|测试中|实现中|进展中|部分完成|評估中"
        "|進行中|開発中|作業中|対応中|実装中|着手中|一部完了|レビュー中"
        "|진행중|진행 중|작업중|작업 중|개발중|개발 중|부분 완료|검토 중"
        "|в работе|в процессе|выполняется|частично|на проверке"
        "|in arbeit|läuft|en cours|en curso|en progreso|em andamento|em progresso|in corso"
    ),
    "blocked": (
        "blocked|on hold|hold|waiting|stuck|paused|suspended|waiting for user|needs input"
        "|阻塞|受阻|被阻塞|暂停|已暂停|挂起|暫停|ブロック|ブロック中|保留|차단|차단됨|보류|대기 중(차단)"
        "|заблокировано|заблокирован|заблокирована|приостановлено|blockiert|bloqué|bloqueado|bloqueada"
    ),
    "open": (
        "todo|to do|open|pending|planned|not started|notstarted|not yet started|new|backlog|ready"
        "|queued|draft|proposed|next|up next|later|future|upcoming|remaining|scheduled|unstarted"
        "|failing|failed|fail|fails|broken|incomplete|unfinished|not done|not complete"
        "|not completed|not implemented|not passing|untested|unverified|skipped|skip|deferred|postponed"
        "|missing|error|rejected|reopened|needs work"
        "|未开始|待办|待开始|待处理|未完成|未实现|待完成|计划中|规划中|待开发|待做|待实现|待测试|待验证|失败|跳过|已跳过|未通过|延期"
        "|未開始|待辦|待處理|待開發|未着手|未対応|予定|未実装|未完了|待ち|失敗"
        "|대기|대기중|대기 중|미완료|예정|미착수|미시작|할 일|실패|시작 전|미구현|보완 필요"
        "|не начато|не начат|не начата|не готово|не выполнено|ожидает|запланировано|запланирован"
        "|в планах|открыто|открыта|не реализовано|отложено"
        "|offen|geplant|ausstehend|à faire|en attente|pendiente|por hacer|pendente|a fazer|da fare"
    ),
    "dropped": (
        "cancelled|canceled|dropped|removed|wontfix|won't fix|wont fix|won't do|wont do|deprecated"
        "|obsolete|duplicate|abandoned|out of scope|not applicable|n/a|superseded"
        "|取消|已取消|废弃|已废弃|作废|キャンセル|中止|취소|취소됨|отменено|отменена"
    ),
}
_BY_WORD: dict[str, StateWord] = {
    word: state for state, words in _WORDS.items() for word in words.split("|")
}
_GLYPHS: dict[str, StateWord] = {
    **dict.fromkeys("✅✓✔☑☒🟢💚🏁🎉", "done"),
    **dict.fromkeys("🔄🚧🔨🛠🏗🟡🔃▶◐👷⚙", "in_progress"),
    **dict.fromkeys("⛔🚫🛑🔒⏸", "blocked"),
    **dict.fromkeys("⬜☐◻▢⚪🔲○⏳⌛🔜📋🆕⏭❌✗✘🔴🟠⚠❎⭕", "open"),
}
# What tells a plan from a list of results: a plan has something that is still to come.
PLANNED_SIGNS = frozenset("🔄🚧🔨🛠🏗🟡🔃▶◐👷⬜☐◻▢⚪🔲○⏳⌛🔜📋🆕⏭⏸")
SIGNS = "".join(_GLYPHS)
_LEADING_SIGN = lazy(rf"[\s*_~`>]*([{SIGNS}])\ufe0f?")
_EDGES = lazy(r"^[^\w]+|[^\w)）]+$")
_TAIL = lazy(r"\s*[(（\[].{0,200}$|\s+[–—-]\s.*$|[,，;；:：.。].*$")
_PERCENT = lazy(r"\W*(\d{1,3})(?:\.\d+)?\s?[%％]\W*$")
_LONGEST_WORD = 200
_TAKES_BACK = frozenset(
    "not but except pending partial partially blocked todo untested unverified failing fails".split()
)


def state_of_word(word: str) -> StateWord | None:
    """The state that a status value names as a whole, whatever its case and separators."""
    plain = _plain(word)
    return _BY_WORD.get(plain) or _BY_WORD.get(_plain(_TAIL.sub("", plain)))


def state_of_cell(cell: str) -> StateWord | None:
    """The state that a cell of a status column says: by its first words, else its sign or percentage."""
    if len(cell) > _LONGEST_WORD:
        cell = cell[:_LONGEST_WORD]
    if found := _PERCENT.match(cell):
        share = int(found[1])
        return "done" if share == 100 else "in_progress" if share else "open"
    if state := state_of_word(cell):
        return state
    words = _plain(cell).split(" ")
    if state := _by_first_words(words):
        return state
    sign = leading_sign(cell)
    return _GLYPHS[sign] if sign else None


def _by_first_words(words: list[str]) -> StateWord | None:
    for length in (3, 2, 1):
        state = (
            _BY_WORD.get(" ".join(words[:length]).rstrip(",:.")) if len(words) > length else None
        )
        if state and (state != "done" or _TAKES_BACK.isdisjoint(words)):
            return state
    if words[0] and ord(words[0][0]) > 0x2E80:  # languages without spaces
        for length in range(min(len(words[0]), 6), 1, -1):
            if state := _BY_WORD.get(words[0][:length]):
                return state
    return None


def leading_sign(text: str) -> str:
    """The sign of a state that a text begins with, or empty."""
    found = _LEADING_SIGN.match(text)
    return found[1] if found else ""


def state_of_sign(sign: str) -> StateWord | None:
    """The state that a sign stands for."""
    return _GLYPHS.get(sign)


def without_sign(text: str) -> str:
    """The text behind its leading sign."""
    found = _LEADING_SIGN.match(text)
    return text[found.end() :].lstrip() if found else text


def _plain(word: str) -> str:
    word = word.strip().casefold().replace("_", " ").replace("-", " ")
    return " ".join(_EDGES.sub("", word).split())
