"""Which calls change code without naming it: editors of MCP servers, generators, programs nobody knows.

A program counts as one that only reads if the table says so; any other may have changed code.
"""

from __future__ import annotations

from functools import lru_cache

from tui.model.cli_commands import EDITING
from tui.model.events import ToolCall
from tui.night.evidence.shell_parser import split_commands
from tui.night.evidence.test_runners.calls import bare
from tui.system.lazy_pattern import AnyWord, HintedPattern, lazy

_EDITS = lazy(
    r"(?:edit|write|replace|insert|create|delete|remove|move|rename|patch|apply|update|modify|append"
    r"|overwrite|save)"
    r"(?:_\w+)*?_?(?:files?|blocks?|symbols?(?:_body)?|text|code|lines?|content|diff|patch|edits?"
    r"|regex|notebook|cell"
    r"|function|class|method|workspace|refactoring|in_file\w*|(?:before|after)_symbol)(?:_\w+)?\Z"
    r"|(?:str_replace|insert|edit|write|patch|apply_patch|multi_edit|search_replace|rename_refactoring)\Z"
)
_REMOTE = frozenset(
    "github gitlab bitbucket notion slack linear jira atlassian confluence memory gmail drive"
    " calendar figma sentry airtable trello asana discord supabase postgres sqlite mysql mongodb redis"
    " stripe hubspot obsidian todoist".split()
)
"""Servers whose files and blocks are not of this machine's project."""
_READING_WORDS = """
    ls cat bat head tail less more grep egrep fgrep rg ag ack find fd awk gawk jq yq wc sort uniq cut tr
    diff cmp comm
    echo printf pwd cd pushd popd which type command whereis date sleep wait true false test [ [[ : env
    export set
    unset source . du df ps top htop kill pkill curl wget ping dig nc ssh scp jobs fg bg trap return exit read
    tree stat file md5sum sha1sum sha256sum shasum xxd od hexdump strings nl tac rev column paste join fold man
    history whoami id uname hostname ulimit lsof netstat ss time basename dirname realpath readlink seq yes tput
    mkdir touch chmod chown rm mv cp ln tee dd truncate rmdir mktemp sync xargs sed perl patch rsync tar
    unzip zip gzip
    gunzip zcat git gh glab hub pip pip3 pipx uv npm npx pnpm yarn bun bunx deno brew apt apt-get apk dnf
    yum conda mamba
    poetry pdm rye pixi hatch nix nix-shell nix-env nix-build docker docker-compose podman kubectl helm
    terraform tofu aws
    gcloud az go cargo rustc rustup javac java gcc g++ clang cc ld cmake ninja meson mvn mvnw gradle gradlew
    sbt dotnet
    swift swiftc xcodebuild flutter dart mix elixir erl rebar3 stack cabal ghc zig tsc tsx eslint tslint
    oxlint stylelint
    biome prettier ruff black isort flake8 pylint mypy pyright bandit shellcheck hadolint yamllint markdownlint
    golangci-lint staticcheck rubocop bundle gem composer phpstan psalm psql sqlite3 mysql redis-cli mongosh
    pytest py.test tox nox coverage jest vitest mocha ava tap playwright cypress rspec bats phpunit pest
    ctest behave
    prove busted robot make just task systemctl journalctl service crontab tmux screen script watch timeout
    nohup open
    xdg-open pbcopy code vim vi nano claude overnight-tui python python3 node ruby php Rscript R julia sh
    bash zsh if
    then else fi for do done while case esac function local declare typeset alias eval exec let shift break
    continue
    gofmt goimports rustfmt clang-format protoc buf sqlc
"""
_KNOWN = frozenset(_READING_WORDS.split())
_RUNS_A_FILE = lazy(
    r"(?:\S*/)?(?:python[\d.]*|node|ruby|php|perl|Rscript|julia|tsx|ts-node|deno\s+run|bun(?:\s+run)?"
    r"|go\s+run|cargo\s+run|sh|bash|zsh"
    r"|source|\.)\s+(?:-(?!c\b|e\b|m\b|V\b|-version|-check|-help|h\b)\S+\s+)*(?![-<|&;]|\S*activate\b"
    r"|\S*\.(?:env|bashrc|profile|nvm)\b)\S"
)
_RUNS_A_TASK = lazy(
    r"(?:npm|pnpm|yarn|bun)\s+(?:\S+\s+)*?run(?:-script)?\s+(?!(?:build|test|lint|typecheck|type-check"
    r"|types|check|dev|start"
    r"|serve|preview|watch|coverage|ci|verify|e2e|storybook)(?:\s|:|-|$))\S"
    r"|(?:make|just|task)\s+(?!-|(?:build|test|tests|lint|typecheck|check|run|start|dev|clean|install"
    r"|all|ci|verify|help|docs"
    r"|coverage|deps|setup|up|down|logs)(?:\s|:|-|$))\w"
    r"|(?:\./|scripts/|bin/|tools/)\S"
)
_FIXES = lazy(
    r"\s--?(?:fix|write|in-place|apply|fix-only|update-snapshot|updateSnapshot|snapshot-update"
    r"|unsafe-fixes|autocorrect\S*)\b"
    r"|\b(?:gofmt|goimports|shfmt|swiftformat)\s.*-w\b|\bclang-format\s.*-i\b|\bcargo\s+(?:fmt"
    r"|fix)(?!.*--check)"
    r"|\b(?:rustfmt|phpcbf|swift-format|spotlessApply|spotless:apply|ktlintFormat)\b"
    r"|\bterraform\s+fmt\b|\bmix\s+format\b"
    r"|\bdotnet\s+format\b|\bphp-cs-fixer\s+fix\b|\bruff\s+format\b(?!.*--(?:check|diff))"
    r"|\brubocop\s.*-[aA]\b|\byq\s.*-i\b"
)
_GENERATES = HintedPattern(
    "gen|format|fmt|fix|migrat|convert|refactor|rewrite|codemod|transform|regen|scaffold|proto"
    "|jscodeshift|revision"
    "|make:|ast-grep|comby|rename|2to3|pyupgrade",
    r"^(?:\S*/)?(?:python[\d.]*|node|ruby|php|perl|tsx|ts-node|deno\s+run|bun(?:\s+run)?|go\s+run|sh"
    r"|bash)\s+(?:-\S+\s+)*"
    r"[^\s-]*(?:\bgen(?:erate)?|_gen|codegen|codemod|format|\bfix|_fix|migrat|convert|refactor|rewrite"
    r"|transform|regen|scaffold"
    r"|rename)\w*\.\w+|^\./\S*(?:gen(?:erate)?|codegen|codemod|format|fix|migrat|regen"
    r"|refactor)\w*(?:\.\w+)?(?:\s|$)"
    r"|^(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:[\w-]+:)?(?:generate|gen|codegen|regen|codemod|proto"
    r"|protos)(?:[:-]\S+)?(?:\s|$)"
    r"|^(?:make|just|task)\s+(?:generate|gen|codegen|regen|proto|protos)(?:[:-]\S+)?(?:\s|$)"
    r"|^go\s+generate\b|^(?:buf|sqlc)\s+generate\b|^protoc\s|\bmakemigrations\b|^alembic\s+revision\b"
    r"|^(?:bin/)?rails\s+(?:g|generate)\s|^php\s+artisan\s+make:|^openapi-generator|^jscodeshift\s"
    r"|^(?:sg|ast-grep)\s.*-U\b"
    r"|^comby\s.*-i\b|^2to3\s.*-w\b|^pyupgrade\s|^dotnet\s+ef\s+migrations\s+add\b|^graphql-codegen\b",
)
_QUOTED = lazy(r"""'[^']*'|"(?:[^"\\]|\\.)*\"""")
_SCRIPT = lazy(
    r"(?:^|[\s;&|(/])(?:python|node|ruby|perl|php|deno|bun|sh|bash)[\d.]*(?:\s+-\w*)*\s*$"
)
_WRITES = AnyWord("write", "'w'", '"w"', "unlink", "rename", "replace(", "save(", "dump(")
_LONGEST = 4_000


def is_editor_call(use: ToolCall) -> bool:
    """Whether a call changes a file by its input, whichever server's tool it is."""
    if use.name in EDITING:
        return True
    if use.change.written or use.change.removed:
        return True
    return use.name[:5] == "mcp__" and _edits(use.name)


@lru_cache(maxsize=256)
def _edits(name: str) -> bool:
    server, _, tool = name[5:].rpartition("__")
    if any(word in _REMOTE for word in server.lower().replace("-", "_").split("_")):
        return False
    return _EDITS.match(tool.lower()) is not None


@lru_cache(maxsize=512)
def generates_code(command: str) -> bool:
    """Whether a command says by its name that it writes code: a generator, a migration, a rewrite."""
    command = command[:_LONGEST]
    if not _GENERATES.hints.is_in(command):
        return False
    return any(_GENERATES.search(bare(part)) is not None for part in split_commands(command))


@lru_cache(maxsize=512)
def may_change_code(command: str) -> bool:
    """Whether nobody can say that a command left the code alone: it runs what the table does not have."""
    command, here, document = command[:_LONGEST].partition("<<")
    if here and _SCRIPT.search(command) is not None and _WRITES.is_in(document):
        return True
    if "sh -c" not in command and ("'" in command or '"' in command):
        command = _QUOTED.sub("''", command)
    return any(_is_unknown(part) for part in split_commands(command) if part)


def _is_unknown(segment: str) -> bool:
    word = segment.lstrip("( {!").split(None, 1)[:1]
    if not word:
        return False
    if word[0] not in _KNOWN or "=" in word[0]:
        segment = bare(segment)
        word = segment.split(None, 1)[:1]
        if not word or word[0][0] in "#)}'\"\\<>&-$0123456789":
            return False
        if word[0].rpartition("/")[2] not in _KNOWN:
            return True
    return _may_write(segment)


def _may_write(segment: str) -> bool:
    """Whether a known program may write code all the same: it runs a file or a task, or was told to fix."""
    if _RUNS_A_FILE.match(segment) is not None or _RUNS_A_TASK.match(segment) is not None:
        return True
    return ("-" in segment and _FIXES.search(segment) is not None) or _FIXES.search(
        segment
    ) is not None
