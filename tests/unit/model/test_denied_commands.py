"""Which commands no unattended session may run, by their words alone."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.permissions.denied_commands import (
    DeniedKind,
    denied_command,
    denied_commands,
    denied_unless,
    is_secret_path,
    is_wide,
)

K = DeniedKind
DENIED = {
    "git push": K.PUSH,
    "git push --force origin main": K.PUSH,
    "git -C sub push": K.PUSH,
    "git -c a.b=c --no-pager push origin": K.PUSH,
    "git --git-dir=.git push": K.PUSH,
    "git --git-dir .git push": K.PUSH,
    "/usr/bin/git push": K.PUSH,
    "GIT push": K.PUSH,
    "git reset --hard HEAD~1": K.DESTRUCTIVE,
    "git reset -q --hard": K.DESTRUCTIVE,
    "git clean -fdx": K.DESTRUCTIVE,
    "git checkout -f": K.DESTRUCTIVE,
    "git checkout .": K.DESTRUCTIVE,
    "git checkout -- .": K.DESTRUCTIVE,
    "git restore .": K.DESTRUCTIVE,
    "git restore --staged --worktree .": K.DESTRUCTIVE,
    "git stash drop": K.DESTRUCTIVE,
    "git branch -D old": K.DESTRUCTIVE,
    "git branch -d --force old": K.DESTRUCTIVE,
    "git commit --no-verify -m x": K.CHECKS,
    "git commit -anm x": K.CHECKS,
    "curl -s https://example.org": K.NETWORK,
    "wget x": K.NETWORK,
    "rsync -a a/ host:b": K.NETWORK,
    "openssl s_client -connect x": K.NETWORK,
    "npm publish": K.PUBLISH,
    "npm --prefix sub publish": K.PUBLISH,
    "npx npm publish": K.PUBLISH,
    "cargo +nightly publish": K.PUBLISH,
    "cargo --manifest-path x/Cargo.toml publish": K.PUBLISH,
    "python -m twine upload dist/x": K.PUBLISH,
    "uv run twine upload x": K.PUBLISH,
    "python3 setup.py upload": K.PUBLISH,
    "./gradlew publish": K.PUBLISH,
    "docker push x": K.PUBLISH,
    "docker --context a push x": K.PUBLISH,
    "gh release create v1": K.PUBLISH,
    "kubectl apply -f x": K.PUBLISH,
    "sudo -n true": K.PRIVILEGE,
    "su": K.PRIVILEGE,
    "docker run --privileged x": K.PRIVILEGE,
    "apt-get install -y x": K.PRIVILEGE,
    "rm -rf /": K.DESTRUCTIVE,
    "rm -rf /nonexistent": K.DESTRUCTIVE,
    "rm -rf ~": K.DESTRUCTIVE,
    "rm -rf ~/x": K.DESTRUCTIVE,
    "rm -rf ~user": K.DESTRUCTIVE,
    "rm -rf $HOME/x": K.DESTRUCTIVE,
    "rm -rf '*'": K.DESTRUCTIVE,
    "rm -rf './x/*'": K.DESTRUCTIVE,
    "rm -r .": K.DESTRUCTIVE,
    "rm -rf ..": K.DESTRUCTIVE,
    "mkfs.ext4 /dev/sda": K.DESTRUCTIVE,
    "dd if=/dev/zero of=/dev/sda": K.DESTRUCTIVE,
    "find . -name x -delete": K.DESTRUCTIVE,
    "chmod -R 777 /": K.DESTRUCTIVE,
    "env": K.CREDENTIALS,
    "printenv TOKEN": K.CREDENTIALS,
    "gpg --export-secret-keys": K.CREDENTIALS,
}
FREE = """
    git status ;; git commit -m push ;; git commit -am 'push it' ;; git commit -m 'no --hard feelings'
    ;; git log --oneline ;; git reset HEAD x ;; git restore --staged . ;; git restore a.py ;; git
    checkout -b push ;; git stash list ;; git branch -d merged ;; git rm --cached -r . ;; git config
    user.name x ;; npm run publish-docs ;; npm test ;; cargo test publish ;; python3 -m pytest ;; pytest
    -k push ;; rm -rf build ;; rm -f a.o ;; rm build/x.o ;; rm -rf src/a/b ;; dd if=a of=b ;; rsync -a
    a/ b/ ;; env CI=1 pytest ;; ./service start ;; scripts/curl x ;; ./gradlew test ;; chmod +x run.sh
    ;; docker build . ;; make push ;; echo curl ;; openssl version
"""


@pytest.mark.parametrize(("command", "kind"), DENIED.items(), ids=DENIED)
def test_denied(command: str, kind: DeniedKind) -> None:
    found = denied_command(shlex.split(command))
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("command", FREE.split(";;"))
def test_not_denied(command: str) -> None:
    assert denied_command(shlex.split(command)) is None


def test_a_rule_of_a_person_lifts_what_it_names_and_no_more() -> None:
    def lifted(rule: str, command: str) -> bool:
        return denied_command(shlex.split(command), denied_unless([rule])) is None

    assert lifted("Bash(git push:*)", "git push")
    assert lifted("Bash(git push origin:*)", "git push origin")
    assert lifted("Bash(curl:*)", "curl x")
    assert not lifted("Bash(git push:*)", "git clean")
    assert not lifted("Bash(git:*)", "git push")
    assert not lifted("Bash", "git push")
    assert not lifted("Bash(*)", "git push")
    assert not lifted("Read(git push)", "git push")


def test_every_entry_denies_its_own_words() -> None:
    for entry in denied_commands():
        signs = [sign.replace("<wide>", "/").replace("*", "x") for sign in entry.signs]
        words = [word.replace("*", "x") for word in entry.words]
        assert denied_command([*words, *signs]) is not None, entry
        assert entry.kind.words
        assert entry.text


@given(st.lists(st.text(max_size=6), max_size=6))
def test_any_words_are_judged(words: list[str]) -> None:
    denied_command(words)
    for word in words:
        is_wide(word)
        is_secret_path(word)


@given(st.sampled_from(["-v", "--verbose", "--color=always"]), st.sampled_from([1, 2, 3]))
def test_an_option_in_between_hides_nothing(option: str, at: int) -> None:
    words = ["git", "reset", "--hard", "HEAD"]
    assert denied_command([*words[:at], option, *words[at:]]) is not None


def test_secret_paths() -> None:
    secret = "~/.ssh/id_rsa /home/x/.aws/credentials .env sub/.env ~/.netrc /etc/shadow"
    for path in secret.split():
        assert is_secret_path(path), path
    for path in ("", "a.py", ".env.example", "docs/shadow", "src/ssh/x", "tests/.envrc"):
        assert not is_secret_path(path), path
