"""The words of progress files, in nine languages: headings, labels, marks, units and columns.

The vocabulary is taken from real progress files; each pattern says by its name what it finds.
"""

from __future__ import annotations

import re

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
    r"(?:session|会话|會話|세션|セッション|сессия)\s*(?:#|№|no\.?\s*)?(?:(\d{1,6})|(?-i:([A-Z])))\b"
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
    r"|sections|chapters|steps|sprints|funcionalidades|tareas|tarefas|tâches|fonctionnalités|aufgaben"
)
_GAP = r"[\s*_`):=—–-]{0,6}"
_NOUN = rf"{_GAP}(?:(?:total|of the|the|active|planned|core|all)\s+)?(?:{_NOUNS})\b"
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
    r"(?!\W{1,3}(?:passing|complete|completed|done|green|stable|working|implemented|verified|at)\b)"
)
LEFT_LABEL = _any(
    rf"\b(?:remaining|pending|outstanding|left|open)(?:\s+(?:{_NOUNS}))?\W{{0,4}}$",
    r"(?:剩余|未完成|待办|남은|残り|осталось)[^,;，；]{0,10}[:：]\s*$",
)
WHOLE_LABEL = _any(
    rf"\W*(?:completed?|remaining|done|finished|passing|total|overall|all)(?:\s+(?:{_NOUNS}))?"
    r"\W*(?:\d{1,3}(?:\.\d+)?\s?%\W*)?$"
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
    r"\b(?:pruebas?|testes|prüfungen)\b|quality_checks|测试|테스트|テスト|тест|覆盖率|回归|검증|감사|Layer",
)
INDEX = _any(
    r"(?:\b(?:iterations?|iter|attempts?|steps?|pages?|loops?|calls?|rounds?|turns?|tr(?:y|ies)"
    r"|part|phase|batch|session|day|week|sprint|cycle|level|stage|chunk|restarts?|feature|task"
    r"|item|milestone|line|port|version|chapter|slide|figure|on|by|since|until|dated?|as of|ratio)"
    r"|第|단계)\s*(?:#|no\.?)?\s*$"
)
NOT_NOW = _any(
    r"\b(?:was|were|from|previously|prev(?:ious)?|before|baseline"
    r"|start(?:ed|ing|s)?(?:\s+(?:session|at|with|from))?|initial(?:ly)?|vs\.?|last session|began"
    r"|beginning|previous session|target(?:ing)?|goals?|aim(?:ing)?(?: for)?|expected|projected|need)"
    r"\s*[:：]?\s*\**\s*$",
    r"(?:之前|이전|以前|было|с)\s*[:：]?\s*$",
)
PROGRESS_LABEL = _any(
    r"\W*(?:(?:overall|current|total|project|feature)\s+)?(?:progress|completion|进度|進度|진행률|прогресс|progreso)\W*$"
)
TOPIC = _any(
    r"progres|avance|complet|\bdone\b|finish|\bstatus\b|overall|\btotal\b|\btally\b|implement|\bclosed\b",
    r"shipped|\bpassing\b|\bended?\b|\bnow\b|\bfeatures\b|\btasks\b|\bitems\b",
    r"\b(?:milestones|phases|stories|requirements|tickets|epics|subtasks|to-?dos)\b",
    r"进度|進度|完成|总|總|功能|任务|진행률|진행도|진척|완료|전체|進捗|完了",
    r"прогресс|выполнен|готов|заверш|всего|итого|fortschritt|erledigt|terminé|completad|conclu",
)
_FIGURE = r"\W{0,6}[:：]\W{0,6}(\d{1,6})\b(?!\s*(?:tests?|%|/|\.\d))"
TOTAL_LINE = _any(
    r"\W*(?:total(?:\s+(?:number of\s+)?(?:features|tasks|items|stories|steps))?"
    r"|(?:features|tasks|items|stories)\s+(?:total|created|planned|defined)|(?:总|總)(?:功能|任务|任務)?数?|전체\s?(?:기능|작업)?"
    rf"|всего(?:\s+задач)?){_FIGURE}"
)
DONE_LINE = _any(
    r"\W*(?:(?:features|tasks|items|stories|steps)\s+)?"
    r"(?:completed?|passing|passed|done|finished|implemented|已完成|完成|완료|выполнено|готово)"
    rf"(?:\s+(?:features|tasks|items|stories|steps))?{_FIGURE}"
)
LEFT_LINE = _any(
    r"\W*(?:(?:features|tasks|items|stories|steps)\s+)?"
    r"(?:remaining|remain|pending|not started|to ?do|open|failing|left|incomplete"
    r"|未开始|未完成|待完成|剩余|待办|미완료|남은 (?:작업|기능)|残り|未着手|осталось|не начато)"
    rf"(?:\s+(?:features|tasks|items|stories|steps))?{_FIGURE}"
)
UNDERWAY_LINE = _any(
    rf"\W*(?:(?:features|tasks)\s+)?(?:in[ -]progress|进行中|진행\s?중|進行中|в работе){_FIGURE}"
)
LEFT_IN_LINE = _any(
    r"[,;|/，；]\W*(?:remaining|pending|not started|open|left|failing|剩余|未完成|待办|осталось)"
    r"\W{0,4}[:：]\W{0,4}(\d{1,6})\b"
)
ALL_DONE = _any(
    r"\ball (\d{1,5}) (?:features|tasks|stories|user stories|requirements|milestones|items)"
    r"(?: (?:are|were|have been|now|remain|successfully|fully)){0,3}"
    r" (?:complete|completed|done|implemented|passing|finished|verified)\b"
)
SCOPE = _any(
    r"\b(?:this|last|previous|each|per|today'?s?|next) (?:session|sprint|phase|batch|run|iteration)"
    r"|\bassigned\b|\bsession (?:total|progress)\b|\bP[0-4]\b"
    r"|\b(?:phase|sprint|batch|stage|part|module|epic|milestone)\s#?\d|\bregression\b[^/]{0,40}\d\s?/"
)
COARSE_NOUN = _any(
    rf"{_GAP}(?:phases|milestones|sprints|epics|sections|chapters|stages|weeks|modules|categories)\b",
    rf"{_GAP}(?:个)?(?:阶段|里程碑)|{_GAP}단계",
)
COARSE_LABEL = _any(
    r"\b(?:phases|milestones|sprints|epics|sections|chapters|stages|modules|categories)\W{0,6}$"
)
# --- lists and tables with states ---

STATE_HEADING = _any(
    r"\b(?:state|status|progress|statistics|stats|summary|overview|breakdown|completion)\b",
    r"状态|狀態|进度|進度|统计|概览|상태|현황|진행|状況|進捗|статус|прогресс|состояние",
)
STATE_COLUMN = _any(
    r"\W*(?:(?:current |task |feature )?(?:status|state)|progress|done\??|passes|completion|complete\??)\W*$",
    r"\W*(?:当前)?(?:状态|狀態|进度|進度|完成情况|完成状态|完成)\W*$|\W*(?:상태|진행\s?상태|진행률|진행\s?상황)\W*$",
    r"\W*(?:ステータス|状態|状況|進捗)\W*$|\W*(?:статус|состояние|готовность|прогресс)\W*$",
    r"\W*(?:estado|estatus|statut|état|stand|stato|situação)\W*$",
)
TASK_COLUMN = _any(
    r"\W*(?:(?:user )?stor(?:y|ies)|features?|tasks?|todos?|items?|requirements?|tickets?|issues?"
    r"|deliverables?|titles?|work(?: item)?|subtasks?)(?:\s+(?:name|title|description))?\W*$",
    r"\W*(?:功能|任务|任務|功能名称|任务名称|需求|事项|功能点|标题|工作项|项目|项|名称|내용|기능|작업|항목|과제|할\s?일|기능명|작업명)\W*$",
    r"\W*(?:タスク|機能|項目|作業|作業内容|機能名|タスク名)\W*$|\W*(?:задача|задачи|функция|функционал|название|пункт)\W*$",
    r"\W*(?:tarea|funcionalidad|tâche|fonctionnalité|aufgabe|tarefa|funzione)\W*$",
)
DONE_COLUMN = _any(
    r"\W*(?:done|completed?|passing|implemented|finished|progress|已?完成|进度|완료|完了|готово|выполнено|hecho)\W*$"
)
DATED_COLUMN = _any(
    r"\W*(?:date|time|when|iteration|loop|round|week|#|no\.?|日期|날짜|дата|日付|fecha)\W*$"
)
TOTAL_COLUMN = _any(r"\W*(?:total|all|features|tasks|count|总数|總數|总计|전체|合計|всего)\W*$")
COARSE_COLUMN = _any(
    r"\W*(?:phases?|milestones?|sprints?|epics?|categor(?:y|ies)|modules?|areas?|sections?|weeks?"
    r"|components?|stages?|steps?|parts?|groups?)(?:\s+name)?\W*$",
    r"\W*(?:阶段|里程碑|模块|類別|类别|分类|步骤|단계|모듈|카테고리|分類|フェーズ|モジュール|этап|фаза|модуль|раздел)\W*$",
)
SIDE_COLUMN = _any(
    r"\W*(?:id|#|no\.?|nr\.?|number|key|code|ref|priority|prio|date|updated|owner|assignee|notes?|comments?"
    r"|details?|remarks?|files?|commit|branch|estimate|effort|count|size|depends on|dependencies)\W*$",
    r"\W*(?:编号|序号|優先|优先级|日期|备注|说明|负责人|文件|提交|번호|우선순위|날짜|비고|담당|番号|優先度|日付|備考|担当"
    r"|№|номер|приоритет|дата|примечани[ея])\W*$|^\W*$",
)
PROOF_COLUMN = _any(
    r"\W*(?:tests?|test ?cases?|suites?|checks?|verifications?|criteri(?:on|a)|gates?|metrics?|commands?"
    r"|endpoints?|files?|urls?|routes?|env(?:ironment)?|services?|servers?|tools?|packages?|测试|用例|检查项"
    r"|テスト|테스트|검증|тест)\b"
)
SUM_ROW = _any(r"\W*(?:total|sum|overall|合计|总计|總計|합계|合計|итого|всего|summe|gesamt)\W*$")
TASKS_HEADING = _any(
    r"\b(?:features?|tasks?|todos?|to-dos?|stor(?:y|ies)|milestones?|phases?|roadmap|backlog|plan"
    r"|requirements?|deliverables?)\b",
    r"功能|任务|任務|计划|里程碑|需求|기능|작업|할\s?일|계획|タスク|機能|задач|функци|план",
)
PLAN_HEADING = _any(
    r"\W*(?:(?:overall|project|current|all|the)\s+)?(?:features?|tasks?|to-?dos?|stories|milestones?|phases?"
    r"|roadmap|backlog|(?:task|feature|phase|milestone) (?:list|status|overview|progress)|plan)\W*$",
    r"\W*(?:功能|任务|任務)(?:列表|清单|状态|进度|概览)?\W*$|\W*(?:기능|작업)\s?(?:목록|현황|상태)?\W*$",
    r"\W*(?:タスク|機能)(?:一覧|リスト|状況)?\W*$|\W*(?:задачи|функции|план)\W*$",
)
PROOFS = _any(
    r"\b(?:test(?:s|ing)?|verification|validation|regression|quality|qa|evidence|acceptance|browser)\s+"
    r"(?:evidence|results?|performed|check(?:s|list)?|criteria|steps?|summary|status|details|completed"
    r"|report|run|gates?)\b",
    r"^\W*(?:verification|evidence|test(?:s|ing)?|validation|acceptance criteria|criteria|definition of done"
    r"|how to (?:test|verify)|(?:session |startup |shutdown )?(?:checklist|protocol)"
    r"|legend|conventions|rules)\W*$",
    r"^\W*(?:验证|测试|验收)(?:结果|标准|清单|步骤|情况|证据)?\W*$|검증\s?결과|테스트\s?결과",
    r"テスト結果|результаты тест",
)
DONE_HEADING = _any(
    r"\W*(?:(?:what (?:was|i|we) )?(?:completed|done|finished|accomplish\w*)|achievements)\b",
    r"\W*(?:已完成|完成(?:的|了)|本次完成)|\W*(?:완료|완료된)|\W*(?:完了|済み)|\W*(?:выполнен|сделано|готово)",
)
ITEM = lazy(r"(?:[-*+•]|\d{1,4}[.)])\s+\S")
NOTHING_LEFT = _any(
    r"\b(?:none|nothing|n/a|all (?:\w+ ){0,2}(?:complete|completed|done|finished|passing))\b|无|없음|なし|нет"
)
AHEAD = _any(
    r"\W*(?:(?:immediate|suggested|recommended|future|high|priority|task|feature|work|remaining)\s+)*"
    r"(?:next(?:\s+(?:steps?|session|tasks?|priority|priorities|up|actions?))?|queue|backlog|to-?dos?|up next"
    r"|remaining(?:\s+(?:work|tasks?|features?|items))?|pending(?:\s+(?:tasks?|features?|items))?|upcoming)"
    r"(?:\b|$)|\W*priority (?:queue|list|order)\b|\W*(?:task|work) (?:queue|list)\b",
    r"\W*(?:下一步|后续|待办|待处理|接下来|计划)|\W*(?:다음\s?(?:단계|작업)|할\s?일)|\W*(?:次の|残り|今後)",
    r"\W*(?:следующ|дальнейш|очередь|что дальше)|\W*(?:nächste|próxim|prochain)",
)
