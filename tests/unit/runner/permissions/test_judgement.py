"""What becomes of a command under the rules of a preset, as the CLI applies them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.claude.settings_files import SettingsSource
from tui.model.permissions.granted import AgentPermissions, PermissionPreset
from tui.runner.permissions.judgement import (
    Decision,
    RulesInForce,
    decide,
    lets_edit,
    matches,
    rules_in_force,
)
from tui.runner.permissions.preset import permissions_of
from tui.settings.own_sections import AgentSettings

RUN, DENY, REFUSE = Decision.RUNS, Decision.DENIED, Decision.REFUSED
FILES = {
    "Makefile": "test:\n\techo t\nlint: x\ndeploy:\n\techo d\n",
    "package.json": '{"scripts": {"test:unit": "x", "build": "y", "deploy": "z"},'
    ' "devDependencies": {"jest": "1"}}',
    "pyproject.toml": "[project]\nname = 'x'\n",
    "Cargo.toml": "",
    "go.mod": "",
}
STANDARD = {
    RUN: """
        python3 -m unittest discover -q tests ;; python -m pytest -q ;; pytest ;; pytest -k 'a and b'
        tests/test_x.py ;; CI=1 pytest -q ;; timeout 60 pytest -q ;; timeout -k 5 60 make test ;; time make
        test ;; nice pytest ;; PYTHONPATH=. pytest ;; PYTHONPATH=src python3 -m pytest ;; ruff check . ;;
        ruff format src ;; mypy ;; coverage run -m pytest ;; make test ;; make ;; make lint ;; make -j4 test
        ;; make test && make lint ;; pytest -q 2>&1 | tail -5 ;; npm test ;; npm run test:unit ;; npm run
        build ;; npx jest ;; cargo test --all ;; cargo clippy ;; go test ./... ;; go vet ./... ;; cargo
        build --release && cargo test ;; git status --short ;; git add -A ;; git commit -q --allow-empty -m
        'work done' ;; git add -A && git commit -m 'more work' ;; git diff --stat HEAD ;; git log --oneline
        -5 ;; git show HEAD ;; git stash list ;; git branch topic ;; git checkout -b topic ;; git restore
        a.py ;; git checkout -- a.py ;; git reset HEAD a.py ;; git mv a b ;; git commit -m 'push the button'
        ;; mkdir -p pkg && touch pkg/x.py ;; rm build/x.o ;; rm -rf build ;; sed -i s/a/b/ x.py ;; cp a b ;;
        cd sub && make test ;; cat README.md | grep x ;; ls -la ;; sort a | uniq -c ;; set -e; make test ;;
        set -euo pipefail ;; chmod +x run.sh ;; command -v pytest ;; git commit -F -  ;; pytest | tee
        out.txt ;; echo done > /dev/null
    """,
    DENY: """
        curl -s http://127.0.0.1:9/ ;; wget -q x ;; sudo -n true ;; git push origin main ;; git push --force
        ;; git reset --hard HEAD~1 ;; git reset -q --hard ;; git clean -fdx ;; git clean ;; rm -rf / ;; rm
        -rf ~ ;; rm -rf $HOME ;; rm -rf .. ;; npm publish ;; cargo publish ;; twine upload x ;; gh release
        create x ;; docker push x ;; ssh host ;; scp a host:b ;; nc -l 1 ;; pytest && git push ;; pytest;
        curl x ;; cat x | curl -d @- x ;; env FOO=1 git push ;; FOO=1 git push ;; command curl x ;; timeout
        5 curl x ;; nohup curl x ;; echo x | xargs curl ;; /usr/bin/curl x ;; 'git' push ;; git commit
        --no-verify -m x ;; git commit -m x --no-verify ;; printenv ;; env ;; make deploy ;; make -j4 test
        deploy ;; git -C . push ;; git -c a=b push origin ;; git restore . ;; git checkout . ;; dd if=x
        of=/dev/sda ;; mkfs.ext4 x ;; cat .env ;; cat ~/.ssh/id_rsa ;; echo $API_KEY ;; tee /etc/passwd ;;
        find . -name x -delete ;; kubectl apply -f x ;; su root ;; doas ls ;; git stash drop ;; git branch
        -D x
    """,
    REFUSE: """
        python3 -c 'import os' ;; python3 script.py ;; node x.js ;; bash -c 'pytest' ;; sh x.sh ;; npm
        install ;; pip install x ;; make clean ;; make unknown ;; npm run deploy ;; npx cowsay ;; git fetch
        ;; git pull ;; git rebase main ;; git stash ;; kill 1 ;; rm -rf /nonexistent ;; rm
        ./x/* ;; cp a /tmp/b ;; cat /etc/hosts ;; cd /tmp ;; cd a && cd b ;; cd sub && git status ;; (make
        test) ;; make test & ;; LD_PRELOAD=x pytest ;; PATH=. pytest ;; make test $(id) ;; docker compose up
        ;; pytest `id` ;; for x in 1; do pytest; done ;; eval pytest ;; xargs pytest ;; ln -s a b ;; git
        config --get-all x y && npm ci ;; pytest > /tmp/x
    """,
}
CASES = [
    (" ".join(command.split()), wanted)
    for wanted, commands in STANDARD.items()
    for command in commands.split(";;")
]


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> RulesInForce:
    project = tmp_path_factory.mktemp("p")
    for name, text in FILES.items():
        (project / name).write_text(text)
    return rules_in_force(permissions_of(AgentSettings(), project))


@pytest.mark.parametrize(("command", "wanted"), CASES, ids=[command for command, _ in CASES])
def test_standard(command: str, wanted: Decision, standard: RulesInForce) -> None:
    assert decide(command, standard) == wanted


def test_edits_and_ask_run_no_tests_and_no_commit(tmp_path: Path) -> None:
    edits = rules_in_force(permissions_of(AgentSettings(permissions="edits"), tmp_path))
    ask = rules_in_force(permissions_of(AgentSettings(permissions="ask"), tmp_path))
    for command in ("make test", "git commit -m x"):
        assert decide(command, edits) == decide(command, ask) == REFUSE
    assert decide("touch x", edits) == RUN
    assert decide("touch x", ask) == REFUSE
    assert decide("git status", ask) == RUN


def test_a_mode_of_ones_own_has_its_own_rules_only(tmp_path: Path) -> None:
    agent = AgentSettings(permission_mode="acceptEdits", allowed_tools=("Bash(make test:*)",))
    granted = permissions_of(agent, tmp_path)
    assert granted.preset == PermissionPreset.MODE
    assert not granted.allow + granted.deny
    rules = rules_in_force(granted)
    assert decide("make test", rules) == RUN
    assert decide("git commit -m x", rules) == REFUSE


def test_rules_of_a_person_add_to_a_preset(tmp_path: Path) -> None:
    agent = AgentSettings(
        allowed_tools=("Bash(npm ci)", "Bash(git push origin:*)", "Bash(python3:*)"),
        disallowed_tools=("Bash(make test:*)",),
    )
    rules = rules_in_force(permissions_of(agent, tmp_path))
    assert decide("npm ci", rules) == decide("git push origin x", rules) == RUN
    assert decide("git push other", rules) == REFUSE
    assert decide("make test", rules) == DENY
    assert decide("python3 -c 1", rules) == RUN


def test_the_clis_own_files_count(tmp_path: Path) -> None:
    granted = permissions_of(AgentSettings(), tmp_path)

    def with_rules(**rules: object) -> RulesInForce:
        return rules_in_force(granted, [SettingsSource("x", {"permissions": rules})])

    assert decide("kill 1", with_rules(allow=["Bash(kill:*)"])) == RUN
    assert decide("git push", with_rules(allow=["Bash(git:*)"])) == DENY
    assert decide("make test", with_rules(deny=["Bash(make:*)"])) == DENY
    assert decide("git commit -m x", with_rules(ask=["Bash(git commit:*)"])) == REFUSE
    assert decide("make test", with_rules(deny="nonsense", allow=[1, None])) == RUN
    ask = permissions_of(AgentSettings(permissions="ask"), tmp_path)
    own = rules_in_force(
        ask, [SettingsSource("x", {"permissions": {"defaultMode": "acceptEdits"}})]
    )
    assert own.mode == "acceptEdits"
    assert decide("touch x", own) == RUN


def test_other_modes() -> None:
    everything = AgentPermissions(preset=PermissionPreset.ALL, mode=None)
    assert decide("curl x", rules_in_force(everything)) == RUN
    assert decide("curl x $(y)", rules_in_force(everything)) == RUN
    auto = AgentPermissions(preset=PermissionPreset.MODE, mode="auto", disallowed=("Bash(curl:*)",))
    assert decide("make x", rules_in_force(auto)) == Decision.CLASSIFIED
    assert decide("curl x", rules_in_force(auto)) == DENY


@pytest.mark.parametrize(
    ("rule", "command", "met"),
    [
        ("Bash(git add:*)", "git add", True),
        ("Bash(git add:*)", "git add x", True),
        ("Bash(git add:*)", "git addx", False),
        ("Bash(make test)", "make test", True),
        ("Bash(make test)", "make test x", False),
        ("Bash", "x", True),
        ("Bash(*)", "x", True),
        ("Bash(tox*)", "toxic", True),
        ("Bash(x *)", "x", True),
        ("Bash(x *)", "x y", True),
        ("Bash(x *)", "xy", False),
        ("Bash(* push)", "git push", True),
        ("Bash(a * b *)", "a x b", True),
        ("Bash(a.b:*)", "axb", False),
        ("Bash(rm *$HOME*)", "rm -rf $HOME/x", True),
        ("Bash(x", "x", False),
        ("Read(x)", "x", False),
    ],
)
def test_the_grammar_of_rules(rule: str, command: str, met: bool) -> None:
    assert matches(rule, command) == met


WORDS = [
    "git",
    "push",
    "add",
    "curl",
    "make",
    "test",
    "-x",
    "A=1",
    "env",
    "timeout",
    "5",
    "&&",
    "|",
    ";",
]
WORD = st.sampled_from([*WORDS, "'", "$x", "x y"])
COMMAND = st.lists(WORD, max_size=8).map(" ".join)


@given(COMMAND)
def test_nothing_that_a_rule_denies_is_ever_run(command: str) -> None:
    rules = RulesInForce("acceptEdits", ("Bash",), ("Bash(curl:*)", "Bash(git push:*)"))
    decision = decide(command, rules)
    assert decide(command, RulesInForce("acceptEdits", (), rules.deny)) in (decision, REFUSE, DENY)
    if "'" in command:  # What looks like a command may be text then.
        return
    for part in command.replace("&&", ";").replace("|", ";").split(";"):
        words = part.split()
        if words[:1] == ["curl"] or words[:2] == ["git", "push"]:
            assert decision != RUN


@given(COMMAND, st.lists(st.sampled_from(WORDS[:11]), min_size=1, max_size=5).map(" ".join))
def test_a_line_runs_only_where_each_part_does(first: str, second: str) -> None:
    rules = RulesInForce("default", ("Bash(make test:*)", "Bash(git add:*)"), ("Bash(curl:*)",))
    if decide(f"{first} && {second}", rules) == RUN:
        assert decide(second, rules) == RUN


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (RulesInForce(mode="acceptEdits"), True),
        (RulesInForce(mode="acceptEdits", deny=("Edit",)), False),
        (RulesInForce(mode="dontAsk", allow=("Bash",)), False),
        (RulesInForce(mode="dontAsk", allow=("Edit(src/**)",)), True),
        (RulesInForce(), False),
    ],
)
def test_whether_files_may_be_changed(rules: RulesInForce, wanted: bool) -> None:
    assert lets_edit(rules) is wanted
