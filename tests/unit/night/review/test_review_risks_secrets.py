"""Secrets in added lines are found and never shown; what only looks like one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.risk_scene import change, risks
from tui.system.credentials.find import cut_credentials

# Put together here, so that no scanner of this source takes them for keys.
R36 = "a9Bq7Zt2Lm4Xc8Vn1Kd6Rf3Hs5Gj0Pw2YeQu"
TOKENS = {
    "AWS": "AKIA" + "Q7ZT2LM4XC8VN1KD",
    "GitHub": "ghp_" + R36,
    "GitHub fine": "github_pat_" + R36 + R36[:10],
    "GitLab": "glpat-" + R36[:20],
    "Slack": "xoxb-" + "71829304-" + R36[:24],
    "Google": "AIza" + R36[:35],
    "Stripe": "sk_live_" + R36[:24],
    "OpenAI": "sk-proj-" + R36,
    "Anthropic": "sk-ant-api03-" + R36,
    "npm": "npm_" + R36,
    "JWT": f"eyJ{R36[:20]}.eyJ{R36[:20]}.{R36[:30]}",
    "Discord": "https://discord.com/api/webhooks/1829304718293/" + R36 + R36,
    "address": "postgres://app:" + R36[:14] + "@db.internal/x",
    "bearer": "Authorization: Bearer " + R36,
    "password": 'password = "' + R36[:18] + '"',
    "api key": '"api_key": "' + R36[:22] + '",',
}


def found(path: str, line: str, before: str = "") -> list[str]:
    made = risks(change(path, f"x\n{before}", f"x\n{before}{line}\n"))
    return [risk.severity for risk in made.values() if risk.kind == "secret"]


@pytest.mark.parametrize("kind", TOKENS)
def test_known_shapes_are_found_and_not_shown(kind: str) -> None:
    line = TOKENS[kind] if "=" in TOKENS[kind] or ":" in TOKENS[kind] else f'KEY = "{TOKENS[kind]}"'
    (risk,) = risks(change("src/app.py", "x\n", f"x\n{line}\n")).values()
    assert risk.kind == "secret"
    assert risk.severity in ("high", "medium")
    assert risk.hunk is not None
    shown = risk.what + "".join(risk.hunk.lines)
    secret = line.split("://app:")[-1] if kind == "address" else TOKENS[kind]
    for part in (secret.strip('",').rpartition('"')[2][6:], R36[4:14]):
        assert part not in shown
    assert "redacted" in "".join(risk.hunk.lines)


def test_a_private_key_is_found_by_its_body() -> None:
    body = "\n".join(R36 + R36[:28] for _ in range(3))
    kind = "PRIVATE KEY"
    key = f"-----BEGIN RSA {kind}-----\n{body}\n-----END RSA {kind}-----\n"
    (risk,) = risks(change("deploy/id_rsa", None, key)).values()
    assert risk.severity == "high"
    assert risk.hunk is not None
    assert R36[:10] not in "".join(risk.hunk.lines)
    assert found("src/a.py", f'MARK = "-----BEGIN {kind}-----"') == []


@pytest.mark.parametrize(
    "line",
    [
        'password = "changeme"',
        'password = "xxxxxxxxxxxxxxxx"',
        'API_KEY = "your-api-key-here-12345"',
        'api_key = os.environ["API_KEY"]',
        "token: ${{ secrets.GITHUB_TOKEN }}",
        'token = "${TOKEN}"',
        'secret = "{{ vault_secret }}"',
        'aws_access_key_id = "' + "AKIA" + "IOSFODNN7" + 'EXAMPLE"',
        'token = "ghp_' + "x" * 36 + '"',
        'key = "sk-ant-api03-' + "placeholder-" * 3 + '"',
        'token_url = "https://auth.internal/oauth/token2"',
        'password_field = "user_password_input_1"',
        "password = getpass.getpass()",
        'token = "eyJ..."',
        'headers = {"Authorization": f"Bearer {self.access_token_of_1}"}',
        "Authorization: Bearer $ACCESS_TOKEN_OF_THE_SERVICE_1",
        "the bearer authentication-scheme-of-rfc-6750",
        "tokens = 128000",
        'integrity = "sha512-' + R36 * 2 + '"',
        'secret_name = "projects/one/secrets/db-main"',
        "postgres://user:password@localhost/db",
        "https://user:$TOKEN@host.example/x",
        "sk-this-is-a-css-class-name-for-a-skeleton",
        "SECRET_KEY_BASE = Rails.application.secrets.secret_key_base",
    ],
)
def test_stand_ins_are_no_secrets(line: str) -> None:
    assert found("src/app.py", line) == []
    assert found("config/app.yml", line) == []


def test_named_values_of_tests_and_documents_are_left_alone() -> None:
    assert found("tests/test_app.py", TOKENS["password"]) == []
    assert found("README.md", TOKENS["password"]) == []
    assert found("tests/test_app.py", TOKENS["GitHub"]) == ["medium"]


def test_bare_values_count_in_settings_files_only() -> None:
    line = "DB_PASSWORD=" + R36[:20]
    assert found(".env", line) == ["high"]
    assert found("Dockerfile", "ENV " + line) == ["high"]
    assert found("run.sh", "export " + line) == ["high"]
    assert found("run.sh", "export DB_PASSWORD=$(cat /run/secrets/db_password_one)") == []
    assert found("src/app.py", line) == []


def test_a_documented_example_beside_its_secret_in_source_is_told() -> None:
    name = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    secret = "wJalrXUtnFEMI/" + "K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    text = f'KEY_ID = "{name}"\nSECRET = "{secret}"\n'
    (risk,) = risks(change("app/upload.py", None, text)).values()
    assert (risk.kind, risk.severity) == ("secret", "medium")
    assert risks(change("docs/upload.md", None, text)) == {}


def test_what_stood_there_before_is_no_news() -> None:
    line = f'KEY = "{TOKENS["GitHub"]}"\n'
    assert risks(change("a.py", line + "x = 1\n", "x = 1\n"), change("b.py", None, line)) == {}


def test_a_secret_taken_back_stays_in_the_history() -> None:
    step = change("a.py", None, f'KEY = "{TOKENS["GitHub"]}"\n', commit="d" * 40)
    (risk,) = risks(steps=(step,)).values()
    assert "history" in risk.what
    assert risk.commit == "d" * 40


def test_hunks_of_other_risks_hide_secrets_too() -> None:
    before = "def test_a():\n    assert f() == 1\n"
    after = f'def test_a():\n    f("{TOKENS["GitHub"]}")\n'
    made = risks(change("tests/test_a.py", before, after))
    assert {kind for kind, _ in made} == {"test_weakened", "secret"}
    for risk in made.values():
        assert risk.hunk is not None
        assert R36 not in "".join(risk.hunk.lines)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_redaction_takes_any_text(text: str) -> None:
    assert isinstance(cut_credentials(text), str)
    assert TOKENS["GitHub"] not in cut_credentials(f"{text} {TOKENS['GitHub']} {text}")
