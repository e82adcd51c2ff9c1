"""The meaning of headings in progress files, in nine languages.

People and agents write headings in every way (`##`, rulers, `【…】`, bold lines, bare words) and
language; the vocabulary here is taken from real progress files.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from tui.feeds.progress.lines import without_markup
from tui.system.lazy_pattern import lazy


def _any(*alternatives: str) -> re.Pattern[str]:
    return lazy("|".join(alternatives), re.IGNORECASE)


# --- headings, matched from the beginning of a title without its decoration ---

APPENDED = _any(
    r"(?:watchdog termination|auto-resume event|context compaction|recovery check)\b",
    r"(?:(?:external )?agent session|session end)\b",
)
BLOCKERS = _any(
    r"(?:(?:current|known|open|active|remaining)\s+)?"
    r"(?:blockers?|blocked|blocking issues?|impediments?)"
    r"(?:\s*$|\s*[/&+,(（:]|\s+(?:and|or|items?|tasks?|features?|on|by|issues?|list)\b)",
    r"(?:当前|目前)?(?:阻塞|阻碍|障碍|卡点)(?:项|问题|事项|点|因素)?(?:$|/)",
    r"블로커|차단(?:\s*사항)?$|장애물",
    r"ブロッカー|阻害要因|障害$",
    r"блокер|блокиров|препятстви",
    r"bloque(?:os|adores|ios)?$|blocages?$|hindernisse$",
)
IN_PROGRESS = _any(
    r"(?:currently\s+|now\s+)?in[ -]?progress(?:\s+(?:tasks?|items?|features?|work|now))?$",
    r"current(?:ly)?\s+(?:sprint\s+)?"
    r"(?:focus|tasks?|work|features?|stor(?:y|ies)|items?|working on)$",
    r"active\s+(?:features?|tasks?|work|stor(?:y|ies))$",
    r"(?:currently\s+)?working on(?:\s+now)?$|doing$|wip$|work in progress$",
    r"ongoing(?:\s+(?:work|tasks?))?$",
    r"(?:当前|目前|正在)?(?:正在)?进行中?(?:的)?(?:任务|工作|功能|项)?$",
    r"當前任務$|当前(?:任务|工作|焦点|重点)$|正在处理",
    r"진행\s*중(?:인)?(?:\s*(?:작업|항목|기능))?$|현재\s*작업$",
    r"進行中(?:の?(?:タスク|作業))?$|作業中$|対応中$",
    r"в работе$|в процессе$|выполняется$|текущ(?:ая задача|ие задачи)$",
    r"in arbeit$|en (?:curso|progreso|cours)$|em andamento$",
)
GOAL = _any(
    r"(?:(?:current|session|project|overall|main|primary|the)\s+)*(?:goals?|objectives?)$",
    r"(?:当前|任务|项目|本次|会话|總體|总体)?目[标標]$|(?:현재\s*|세션\s*)?목표$",
    r"ゴール$|目的$|(?:текущая\s+)?цел[ьи]$|ziele?$|objetivos?$|objectifs?$",
)
SESSION = _any(r"\bsession\b|会话|會話|세션|セッション|сесси")
SESSION_NUMBER = _any(
    r"(?:session|会话|會話|세션|セッション|сессия)\s*(?:#|№|no\.?\s*)?(\d{1,6})\b"
)
OPENS_SESSION = _any(r"\W*(?:session|会话|會話|세션|セッション|сессия|20\d\d\D)")
REPEATS = _any(r"session|20\d\d-\d\d|会话|세션|セッション|run\b|day\b")
# --- labels of a line, casefolded ---

DATE_LABELS = frozenset(("date", "datum", "fecha", "дата", "日期", "日付", "날짜"))
SESSION_LABELS = frozenset(("session", "session id", "session-id", "会话", "세션", "セッション"))
STARTED_LABELS = frozenset(
    ("started", "started at", "start", "start time", "session start", "session started")
) | frozenset(("开始时间", "開始時間", "開始", "시작", "начало", "начато"))
# --- marks of a task that is neither done nor untouched ---

UNDERWAY = _any(
    r"[(\[（*_]\s*(?:in[ -]progress|wip|ongoing|currently working)\b",
    r"[(\[（*_]\s*(?:进行中|진행\s?중|作業中|в работе)",
    r"[–—:-]\s+(?:in[ -]progress|wip|ongoing)\W?$|^\W*[🚧🔄]|[🚧🔄]$",
    r"(?:←|<-+|<=+|◀)\s*(?:in[ -]progress|wip|current(?:ly here)?|now|here)\b.{0,20}$",
)
UNDERWAY_LOUD = lazy(r"\bIN[_ -]PROGRESS\b")
UNDERWAY_CELL = _any(r"\W*(?:in[ _-]progress|wip|ongoing|进行中|진행\s?중|進行中|в работе)\W*$")
BLOCKED = lazy(r"[(\[（*_]\s*(?:[Bb]locked)\b|\bBLOCKED\b|[⛔🚫]")
NOTHING = _any(
    r"[(\[]?\s*(?:none|nothing|nil|n/?a|not applicable|tbd"
    r"|no(?:\s+(?:current|known|active|open|major|external))?"
    r"\s+(?:blockers?|blocking|impediments?|issues?|tasks?|items?|work)"
    r"|无|無|没有|暂无|なし|特になし|없음|нет|keine|aucune?|ningun[oa]?|nessuno|nenhum)"
    r"(?:\s+(?:currently|yet|at (?:this|the) (?:time|moment|point)|so far|known|identified"
    r"|right now|at present|remaining|for now|reported|found|today|this session|left"
    r"|in progress|active))*"
    r"\s*(?:$|[.,;:!)\]—–\-。（(✅🎉])"
)
# --- around a fraction ---

_NOUNS = (
    r"features?|tasks?|items?|(?:user\s)?stor(?:y|ies)|to-?dos?|subtasks?|phases|milestones?"
    r"|requirements?|tickets?|epics?|issues|goals|objectives|deliverables?|components|modules"
    r"|sections|chapters|steps|sprints"
)
_GAP = r"[\s*_`):=—–-]{0,6}"
_NOUN = rf"{_GAP}(?:total\s+|of the\s+|the\s+)?(?:{_NOUNS})\b"
NOUN = _any(
    _NOUN,
    rf"{_GAP}(?:个|項|项)?(?:功能|任务|任務|模块|特性|需求)|{_GAP}(?:項目|项)",
    rf"{_GAP}(?:개\s?)?(?:기능|작업|항목|태스크)|{_GAP}(?:個の?)?(?:タスク|機能)",
    rf"{_GAP}(?:задач|функц)",
)
DONE_WORD = _any(
    rf"{_GAP}(?:done|completed?|finished|implemented|closed|shipped|passing)\b",
    rf"{_GAP}(?:已?完成|완료|完了|готов|выполнен|заверш)",
)
LEFT_WORD = _any(
    rf"{_GAP}(?:(?:{_NOUNS})\s+)?(?:are\s+|still\s+)?"
    r"(?:remaining|remain|left|to go|open|pending|outstanding)\b"
)
OTHER_NOUN = _any(
    rf"{_GAP}(?:[\w-]+\s+){{0,2}}?(?:tests?|test ?cases?|cases|specs?|assert\w*|checks?|criteria"
    r"|gates?|frames?|goldens?|lines?|files?|bytes?|[kmg]b|ms|s|sec\w*|min\w*|hours?|hrs?|days?"
    r"|tokens?|calls?|requests?|attempts?|retries|tries|restarts?|iterations?|loops?|chunks?"
    r"|agents?|workers?|cores?|commits?|layers?|points?|errors?|warnings?|rows?|users?|suites?"
    r"|runs?|passed|pass|failed|fail|ok|green|scenarios?|probes?)\b",
    r"\s?(?:个?测试|用例|단계|청크|테스트|케이스|チャンク|テスト|тест)",
)
OTHER_TOPIC = _any(
    r"\b(?:tests?|pytest|jest|vitest|unittest|suites?|specs?|coverage|lint\w*|typecheck|checks?"
    r"|criteria|gates?|goldens?|frames?|score|rating|grade|quality|confidence|health|memory|cpu"
    r"|disk|battery|budget|tokens?|retr(?:y|ies)|ratchets?|lighthouse|assertions?|daemons?)\b",
    r"quality_checks|测试|테스트|テスト|тест|覆盖率|回归|검증|감사|Layer",
)
INDEX = _any(
    r"(?:\b(?:iterations?|iter|attempts?|steps?|pages?|loops?|calls?|rounds?|turns?|tr(?:y|ies)"
    r"|part|phase|batch|session|day|week|sprint|cycle|level|stage|chunk|restarts?|feature|task"
    r"|item|milestone|line|port|version|chapter|slide|figure)|第|단계)\s*(?:#|no\.?)?\s*$"
)
PAST = _any(
    r"\b(?:was|were|from|previously|prev(?:ious)?|before|baseline"
    r"|start(?:ed|ing|s)?(?:\s+(?:session|at|with|from))?|initial(?:ly)?|vs\.?|last session|began"
    r"|beginning|previous session)\s*[:：]?\s*\**\s*$",
    r"(?:之前|이전|以前|было|с)\s*[:：]?\s*$",
)
TOPIC = _any(
    r"progress|complet|\bdone\b|finish|\bstatus\b|overall|\btotal\b|\btally\b|implement|\bclosed\b",
    r"shipped|\bpassing\b|\bended?\b|\bnow\b|\bfeatures\b|\btasks\b|\bitems\b",
    r"\b(?:milestones|phases|stories|requirements|tickets|epics|subtasks|to-?dos)\b",
    r"进度|進度|完成|总|總|功能|任务|진행률|진행도|진척|완료|전체|進捗|完了",
    r"прогресс|выполнен|готов|заверш|всего|итого|fortschritt|erledigt|terminé|completad|conclu",
)
_FIGURE = r"\W{0,6}[:：]\W{0,6}(\d{1,6})\b(?!\s*(?:tests?|%|/|\.\d))"
TOTAL_LINE = _any(
    r"\W*(?:total(?:\s+(?:number of\s+)?(?:features|tasks|items|stories|steps))?"
    r"|(?:features|tasks|items)\s+total|(?:总|總)(?:功能|任务|任務)?数?|전체\s?(?:기능|작업)?"
    rf"|всего(?:\s+задач)?){_FIGURE}"
)
DONE_LINE = _any(
    r"\W*(?:completed?|passing|done|finished|implemented|已完成|完成|완료|выполнено|готово)"
    rf"(?:\s+(?:features|tasks|items|stories|steps))?{_FIGURE}"
)
BOLD_LEVEL = 7


class HeadingRole(Enum):
    """What the lines under a heading are."""

    PLAIN = "plain"
    GOAL = "goal"
    BLOCKERS = "blockers"
    IN_PROGRESS = "in progress"
    APPENDED = "appended"
    """Added below the task list by a watchdog or hook; neither ends nor begins a section."""


class Heading(NamedTuple):
    """A heading as written: `level` 1 to 6, or 7 for a line that only looks like one."""

    level: int
    title: str
    role: HeadingRole
    raw: str


class SessionKey(NamedTuple):
    """Date (with time) and number of a session of the log, as far as its heading has them."""

    date: str
    number: int


_ROLES = {
    HeadingRole.APPENDED: APPENDED,
    HeadingRole.BLOCKERS: BLOCKERS,
    HeadingRole.IN_PROGRESS: IN_PROGRESS,
    HeadingRole.GOAL: GOAL,
}
_DECORATION = "=-~*─━═"
_BRACKETED = lazy(r"\s*(?:【([^【】]{1,100})】|\[([^\[\]]{2,100})\])\s*$")
_BOLD_LINE = lazy(r"\s*(?:\*\*|__)([^*]{2,80}?)(?:\*\*|__)\s*[:：]?\s*$")
_RULER = lazy(r"\s*([=\-_*~─━═])\1{2,}\s*$")
_LIST_OR_TABLE = lazy(r"\s*(?:[-*+•|>]|\d{1,4}[.)]\s|\[.?\])")
_LIST = lazy(r"(?:[-*+•]|\d{1,4}[.)])\s")
_METADATA = lazy(
    r"(?:session(?: id)?|started|goal|priority|source|created|status|estimated effort|completed"
    r"|research date|based on|execution mode|date|updated|last updated|model|owner|author|branch)"
    r"\s*:",
    re.I,
)
_EDGES = lazy(r"^[\W\d_]+|[\s:：!.\-–—]+$")
_TAIL = lazy(r"\s*[(（\[][^()（）\[\]]{0,80}[)）\]]\s*$")
_DATE = lazy(
    r"(?<!\d)(20\d\d)[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})(?!\d)日?"
    r"(?:[T ,]{1,2}(\d{1,2}:\d\d(?::\d\d)?))?"
)


def role_of(title: str) -> HeadingRole:
    """The role a heading with this title gives to the lines under it."""
    if len(title) > 120:
        return HeadingRole.PLAIN
    bare = _EDGES.sub("", title)
    # Without numbering, decoration, status glyph or trailing parenthesis.
    bare = _EDGES.sub("", _TAIL.sub("", bare) or bare).strip()
    return next((role for role, words in _ROLES.items() if words.match(bare)), HeadingRole.PLAIN)


def is_ruler(line: str) -> bool:
    """Whether a line is a horizontal rule of any character."""
    return _RULER.match(line) is not None


def heading_of(line: str, before: str, after: str) -> Heading | None:
    """The heading that `line` is, standing between the lines `before` and `after`."""
    text = line.strip()
    if not text:
        return None
    head = text[0]
    if head == "#":
        return _atx_heading(text)
    if head in _DECORATION and (title := _between_decoration(text)):
        return _heading(2, title)
    if head in "【[" and (found := _BRACKETED.match(text)):
        return _heading(3 if found[2] else 2, found[1] or found[2])
    if head in "*_" and (found := _BOLD_LINE.match(text)):
        return _heading(BOLD_LEVEL, found[1])
    if after and after[0] in _DECORATION and _is_setext(line, before, after):
        return _heading(1 if after[0] in "=═━" else 2, text)
    return _unmarked_heading(line, before, after)


def session_key(title: str) -> SessionKey | None:
    """Date and number of the session that a heading opens; None when it opens none."""
    date = date_in(title)
    number = SESSION_NUMBER.search(title)
    if not date and not number and not (SESSION.match(title) and ":" in title):
        return None
    return SessionKey(date, int(number[1]) if number else -1)


def date_in(text: str) -> str:
    """The first date of a line as `YYYY-MM-DD` with its time if it has one, or empty."""
    found = _DATE.search(text)
    if found is None:
        return ""
    day = f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    return f"{day} {found[4].zfill(5)}" if found[4] else day


def _heading(level: int, raw: str) -> Heading:
    return Heading(level, without_markup(raw, 200), role_of(raw), raw)


def _atx_heading(text: str) -> Heading | None:
    rest = text.lstrip("#")
    level = len(text) - len(rest)
    title = rest.rstrip("# \t").strip()
    if level > 6 or not title or not rest[0].isspace():
        return None
    return None if level == 1 and _METADATA.match(title) else _heading(level, title)


def _between_decoration(text: str) -> str:
    """`title` of a line such as `=== title ===` or `--- title ---`, or empty."""
    glyph = text[0]
    inner = text.strip(glyph)
    lead, trail = text.find(inner), len(text) - text.find(inner) - len(inner)
    if not inner or lead < 2 or trail < 2 or not (inner[0].isspace() and inner[-1].isspace()):
        return ""
    return inner.strip()[:200]


def _is_setext(line: str, before: str, after: str) -> bool:
    if not is_ruler(after) or (before.strip() and not is_ruler(before)):
        return False
    text = line.strip()
    if len(text) > 100 or _LIST_OR_TABLE.match(line):
        return False
    return after.lstrip()[0] in "=═━" or not text.endswith((".", "。", ":"))


def _unmarked_heading(line: str, before: str, after: str) -> Heading | None:
    """A title without markup: it ends in a colon, is a known one, or stands alone above a list."""
    text = line.rstrip()
    if not text or len(text) > 40 or text[0] in " \t-*+•|>[`" or text[0].isdigit():
        return None
    role = role_of(text)
    alone = not before.strip() or _LIST_OR_TABLE.match(before) or before[0] == "#"
    above_list = not before.strip() and _LIST.match(after) and text[-1].isalnum()
    known = role not in (HeadingRole.PLAIN, HeadingRole.APPENDED)
    if known or above_list or (text[-1] in ":：" and (alone or is_ruler(before))):
        return Heading(BOLD_LEVEL, without_markup(text.rstrip(":："), 60), role, text)
    return None
