"""SQL and its like that deletes: on the command line, in a here-document, piped in, in a known file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.review import Severity
from tui.night.review.risks.commands.invocations import Invocation
from tui.night.review.risks.commands.night_facts import Effect, NightFacts
from tui.system.lazy_pattern import lazy

_CLIENTS = frozenset(
    "psql mysql mariadb sqlite3 sqlite duckdb clickhouse-client clickhouse cockroach sqlcmd usql "
    "pgcli mycli litecli bq snowsql snow"
    " sqlplus db2 isql osql trino presto beeline hive spark-sql impala-shell turso d1 wrangler "
    "influx cqlsh surreal monetdb mclient".split()
)
_MONGO = frozenset({"mongosh", "mongo"})
_TEST_NAME = lazy(
    r"(?:^|[^a-z])(?:tests?|testing|tmp|temp|scratch|ci|spec|sandbox|fixtures?|throwaway)(?:[^a-z]|$)"
    r"|:memory:|/tmp/|test\.db",
    re.IGNORECASE,
)
_LITERAL = lazy(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_DROP = lazy(
    r"\bDROP\s+(TABLE|DATABASE|SCHEMA|USER|ROLE|TABLESPACE|KEYSPACE|COLLECTION|STREAM|OWNED\s+BY"
    r"|MATERIALIZED\s+VIEW)\s+(?:IF\s+EXISTS\s+)?([\w.\"`$\[\]-]+)",
    re.IGNORECASE,
)
_TRUNCATE = lazy(
    r"(?:^|;|\n)\s*TRUNCATE\s+(?:TABLE\s+)?(?:ONLY\s+)?([\w.\"`$\[\]-]+)", re.IGNORECASE
)
_DELETE = lazy(r"\bDELETE\s+FROM\s+([\w.\"`$\[\]-]+)([^;]*)", re.IGNORECASE)
_UPDATE = lazy(r"\bUPDATE\s+([\w.\"`$\[\]-]+)\s+SET\s([^;]*)", re.IGNORECASE)
_COLUMN = lazy(
    r"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?([\w.\"`$\[\]-]+)\s+DROP\s+(?:COLUMN\s+)?(?!CONSTRAINT"
    r"|INDEX|DEFAULT|PRIMARY|FOREIGN|NOT)",
    re.IGNORECASE,
)
_ONLY_SOME = lazy(
    r"\bWHERE\b(?!\s+(?:1\s*=\s*1|true|1)\s*(?:;|$))|\bLIMIT\b|\bUSING\b", re.IGNORECASE
)
_UNDONE = lazy(r"\bROLLBACK\s*;?\s*$", re.IGNORECASE)
_MADE_HERE = lazy(
    r"\bCREATE\s+(?:TEMP(?:ORARY)?\s+)?(?:TABLE|DATABASE|SCHEMA)\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.\"`]+)",
    re.IGNORECASE,
)
_MONGO_DROP = lazy(
    r"dropDatabase\(|\.drop\(\)|deleteMany\(\s*(?:\{\s*\})?\s*\)|\.remove\(\s*\{\s*\}\s*\)"
    r"|dropCollection\(|dropUser\(|dropAllUsersFromDatabase"
)


class SqlLoss:
    """What a text in SQL deletes."""

    def __init__(self, severity: Severity, words: str, name: str) -> None:
        self.severity, self.words, self.name = severity, words, name


# complexity: one test for each statement that deletes
def sql_loss(text: str) -> SqlLoss | None:
    """The worst that a text in SQL deletes; None where it deletes nothing, or only what it made."""
    text = _LITERAL.sub(" '' ", text)
    if _UNDONE.search(text.strip()):
        return None
    made = {name.strip('"`').lower() for name in _MADE_HERE.findall(text)}
    for pattern, words in ((_DROP, "drops"), (_TRUNCATE, "deletes all rows of")):
        for found in pattern.finditer(text):
            name = _bare(found[found.lastindex or 0])
            if not _TEST_NAME.search(name):
                kind = f"the {found[1].lower()} " if pattern is _DROP else ""
                weight: Severity = "medium" if name.lower() in made else "high"
                return SqlLoss(weight, f"{words} {kind}{name}", name)
    for found in _DELETE.finditer(text):
        name = _bare(found[1])
        if not _ONLY_SOME.search(found[2]) and not _TEST_NAME.search(name):
            return SqlLoss("high", f"deletes all rows of {name}", name)
    rows: tuple[tuple[re.Pattern[str], str, Severity], ...] = (
        (_COLUMN, "drops a column of", "high"),
        (_UPDATE, "changes every row of", "medium"),
    )
    for pattern, words, severity in rows:
        for found in pattern.finditer(text):
            rest = found[2] if pattern is _UPDATE else ""
            if not (_ONLY_SOME.search(rest) or _TEST_NAME.search(found[1])):
                return SqlLoss(severity, f"{words} {_bare(found[1])}", _bare(found[1]))
    return None


def _bare(name: str) -> str:
    return name.strip('"`[];')[:60]


def find_data_loss(made: Invocation, facts: NightFacts) -> Iterator[Effect]:
    """What a client of a database deletes."""
    is_mongo = made.name in _MONGO
    if not is_mongo and made.name not in _CLIENTS:
        return
    where = " ".join((*made.args, *made.call.variables))
    if not is_mongo:
        where = " ".join(arg for arg in made.args if " " not in arg) + " ".join(made.call.variables)
    if _TEST_NAME.search(where):
        return
    for text in _given(made, facts):
        if is_mongo:
            if _MONGO_DROP.search(text):
                yield Effect(
                    "destructive", "", "high", "deletes all of a collection or database", "database"
                )
                return
            continue
        loss = sql_loss(text)
        if loss is not None:
            yield Effect("destructive", "", loss.severity, loss.words, "database")
            return


def _given(made: Invocation, facts: NightFacts) -> Iterator[str]:
    """The texts that a client is given to run."""
    yield from (arg for arg in made.args if " " in arg or "(" in arg or ";" in arg)
    if made.document:
        yield made.document
    for earlier in made.before:
        yield from earlier.args if earlier.name in ("echo", "printf") else ()
        if earlier.document:
            yield earlier.document
        if earlier.name == "cat":
            yield from (
                facts.documents.get(facts.key(path, made.folder), "") for path in earlier.plain
            )
    for path in (
        *made.inputs,
        *made.plain,
        *(a.removeprefix("--file=") for a in made.args),
    ):
        if path.endswith((".sql", ".js", ".ddl", ".txt")):
            yield facts.documents.get(facts.key(path, made.folder), "")
