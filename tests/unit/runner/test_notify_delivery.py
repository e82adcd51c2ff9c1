"""Services that are slow, broken or hostile, and senders that are killed: each case against a real server."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.unit.runner.notify_scene import START, Post, Reply, Service, hook, serving
from tui.runner.notify.channels import NotifyChannel
from tui.runner.notify.http_services import HttpPost, post
from tui.runner.notify.outbox import NotifyEvent


def delivered(base: Path, *replies: Reply, total: float = 5.0) -> tuple[Post, Service, NotifyEvent]:
    """One event, worked on until it is settled, its service closed again."""
    with serving(*replies) as service:
        mail = Post(base, hook(service), total=total)
        event = mail.leave()
        mail.drain()
        return mail, service, event


@pytest.mark.parametrize("status", [200, 204])
def test_what_is_taken_is_sent_once(tmp_path: Path, status: int) -> None:
    mail, service, event = delivered(tmp_path, Reply(status))
    assert len(service.taken) == 1
    body = service.taken[0].json
    assert (body["id"], body["event"], body["may_repeat"]) == (event.id, "stall", False)
    assert "trading-bot: stalled\nit is silent\n" in body["text"]
    assert event.id in body["text"]
    assert mail.state(event) == "sent"
    (entry,) = mail.notified()
    assert (entry["event"], entry["channel"], entry["state"]) == ("stall", "hook", "sent")
    assert entry["id"] == event.id


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry-After": "7"}, b"", 7.0),
        ({"Retry-After": "2.5"}, b"", 2.5),
        ({"Retry-After": "5000"}, b'{"retry_after": 5}', 5.0),
        ({"Retry-After": "3"}, b'{"retry_after": 3000}', 3.0),
        ({"Retry-After-Ms": "1500"}, b"", 1.5),
        ({"Retry-After": "1500ms"}, b"", 1.5),
        ({"Retry-After": "99999999999"}, b"", 600.0),
        ({"Retry-After": "inf"}, b"", 600.0),
        ({"Retry-After": "1e300"}, b"", 600.0),
        ({"Retry-After": "-5"}, b"", 7.5),
        ({"Retry-After": "soon"}, b'{"retry_after": "x"}', 7.5),
        ({"Retry-After": "nan"}, b'{"retry_after": true}', 7.5),
        ({}, b"[1, 2", 7.5),
        ({}, b'{"retry_after": Infinity}', 7.5),
    ],
)
def test_a_busy_service_gets_the_pause_it_asks_for(
    tmp_path: Path, headers: dict[str, str], body: bytes, wait: float
) -> None:
    with serving(Reply(429, headers, body), Reply()) as service:
        mail = Post(tmp_path, hook(service))
        event = mail.leave()
        mail.work()
        mail.work(wait - 0.5)
        assert len(service.taken) == 1, "it came back too early"
        mail.work(1.2)
        assert len(service.taken) == 2
        assert mail.state(event) == "sent"
        assert service.taken[1].json["may_repeat"] is False


def test_a_pause_may_be_asked_for_as_a_date(tmp_path: Path) -> None:
    # The date is compared with the machine's clock, as that is what the service knows.
    date = format_datetime(datetime.fromtimestamp(time.time() + 60, UTC), usegmt=True)
    with serving(Reply(429, {"Retry-After": date}), Reply()) as service:
        mail = Post(tmp_path, hook(service))
        mail.leave()
        mail.work()
        mail.work(50)
        assert len(service.taken) == 1
        mail.work(15)
        assert len(service.taken) == 2


def test_the_pause_holds_for_everything_to_that_service(tmp_path: Path) -> None:
    with serving(Reply(429, {"Retry-After": "100"}), Reply()) as service:
        mail = Post(tmp_path, hook(service))
        mail.leave("stall")
        mail.work()
        mail.leave("needs_you", "a login")
        mail.work(50)
        assert len(service.taken) == 1
        mail.drain()
        assert [one.json["event"] for one in service.taken[1:]] == ["needs_you", "stall"]


def test_a_service_that_stays_busy_is_given_up(tmp_path: Path) -> None:
    mail, service, event = delivered(tmp_path, Reply(429, {"Retry-After": "1"}))
    assert len(service.taken) == 6
    assert mail.state(event) == "failed"
    assert mail.notified()[0]["why"] == "HTTP 429: too many messages"


def test_nothing_is_tried_for_more_than_an_hour(tmp_path: Path) -> None:
    mail, service, event = delivered(tmp_path, Reply(429, {"Retry-After": "5000"}))
    assert mail.state(event) == "failed"
    assert len(service.taken) <= 6
    assert mail.clock.now - START <= 3700


@pytest.mark.parametrize("trick", ["", "reset", "silence", "drip"])
def test_what_may_have_arrived_is_repeated_once_and_says_so(tmp_path: Path, trick: str) -> None:
    began = time.monotonic()
    mail, service, event = delivered(tmp_path, Reply(500, trick=trick), total=0.6)
    assert [one.json["may_repeat"] for one in service.taken] == [False, True]
    assert "(may repeat)" in service.taken[1].json["text"]
    assert mail.state(event) == "unsure"
    assert mail.notified()[0]["state"] == "unsure"
    assert time.monotonic() - began < 6


def test_unavailable_then_taken(tmp_path: Path) -> None:
    mail, service, event = delivered(tmp_path, Reply(503), Reply(200))
    assert len(service.taken) == 2
    assert mail.state(event) == "sent"


def test_a_repeat_that_is_refused_leaves_it_unsure(tmp_path: Path) -> None:
    mail, _, event = delivered(tmp_path, Reply(500), Reply(404))
    assert mail.state(event) == "unsure"


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413])
def test_a_refusal_is_final(tmp_path: Path, status: int) -> None:
    mail, service, event = delivered(tmp_path, Reply(status))
    assert len(service.taken) == 1
    assert mail.state(event) == "failed"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(tmp_path: Path, status: int) -> None:
    with serving() as other:
        location = other.url("/elsewhere")
        mail, service, event = delivered(tmp_path, Reply(status, {"Location": location}))
        assert other.taken == []
    assert len(service.taken) == 1
    assert mail.state(event) == "failed"


def test_a_huge_reply_is_not_read(tmp_path: Path) -> None:
    began = time.monotonic()
    mail, _, event = delivered(tmp_path, Reply(200, body=b"x" * 10_000_000))
    assert mail.state(event) == "sent"
    assert time.monotonic() - began < 5


def test_an_unknown_host_is_tried_again_and_given_up(tmp_path: Path) -> None:
    mail = Post(tmp_path, NotifyChannel("hook", "json", "https://nowhere.invalid/abc"))
    event = mail.leave()
    mail.drain(step=300)
    assert mail.state(event) == "failed"
    (entry,) = mail.notified()
    assert entry["tries"] == 6
    assert "invalid" not in str(entry)


def test_a_closed_port_is_tried_again(tmp_path: Path) -> None:
    with serving() as service:
        channel = hook(service)
    mail = Post(tmp_path, channel)
    event = mail.leave()
    mail.work()
    assert mail.state(event) == "pending"
    mail.drain(step=300)
    assert mail.state(event) == "failed"


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/hook", "not https"),
        ("https://10.0.0.1/hook", "private"),
        ("https://192.168.1.1/hook", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::ffff:10.0.0.1]/hook", "private"),
        ("https://[64:ff9b::a00:1]/hook", "private"),
        ("https://[fd00::1]/hook", "private"),
        ("https://0.0.0.0/hook", "private"),
        ("https://100.64.1.1/hook", "private"),
        ("ftp://example.org/hook", "neither"),
        ("https://[broken/hook", "understood"),
        ("https://host:port/hook", "understood"),
    ],
)
def test_addresses_that_are_refused(url: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    outcome = post(HttpPost(url, b"{}", {}), total=2)
    assert outcome.result == "refused"
    assert why in outcome.why
    assert "hook" not in outcome.why


def test_inner_addresses_are_refused_behind_a_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    for url in ("https://10.0.0.1/hook", "https://intranet/hook", "https://x.internal/hook"):
        assert post(HttpPost(url, b"{}", {}), total=2).result == "refused"
    assert post(HttpPost("https://example.org/", b"{}", {}), total=2).result == "unreached"


# --- TLS ---


@contextmanager
def secure_service(base: Path) -> Iterator[tuple[int, Path, list[bytes]]]:
    """A server whose certificate only those trust who are told to."""
    key, certificate = base / "key.pem", base / "certificate.pem"
    words = f"req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 1"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    try:
        subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], certificate, bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_tls_with_and_without_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with secure_service(tmp_path) as (port, certificate, bodies):
        order = HttpPost(f"https://localhost:{port}/hook", b"hello", {})
        refused = post(order, total=5)
        assert (refused.result, refused.why) == ("refused", "its certificate is not trusted")
        assert bodies == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert post(order, total=5).result == "sent"
        assert bodies == [b"hello"]


def test_tls_to_a_server_that_speaks_none_sends_nothing() -> None:
    with serving() as service:
        order = HttpPost(f"https://127.0.0.1:{service.port}/hook", b"hello", {})
        assert post(order, total=3).result == "unreached"
        assert service.taken == []


# --- crashes, restarts and bursts ---


def test_a_crash_between_post_and_record_repeats_once(tmp_path: Path) -> None:
    with serving(Reply(trick="silence"), Reply()) as service:
        mail = Post(tmp_path, hook(service))
        event = mail.leave()
        mail.sender.round()
        while not service.taken:
            time.sleep(0.01)
        assert mail.state(event) == "sending", "the record comes before the bytes"
        mail.outbox = type(mail.outbox)(mail.folder.path)
        mail.another()  # the first one is as good as dead: its attempt is never recorded
        mail.drain()
        assert [one.json["may_repeat"] for one in service.taken] == [False, True]
        assert service.taken[1].json["id"] == event.id
        assert mail.state(event) == "sent"


def test_a_second_crash_in_the_same_place_leaves_it_unsure(tmp_path: Path) -> None:
    with serving(Reply(trick="silence"), Reply(trick="silence")) as service:
        mail = Post(tmp_path, hook(service))
        event = mail.leave()
        for number in (1, 2):
            mail.clock.now += 60
            mail.another().round()
            mail.clock.now += 60
            mail.sender.round()
            while len(service.taken) < number:
                time.sleep(0.01)
        mail.another()
        mail.drain()
        assert len(service.taken) == 2
        assert mail.state(event) == "unsure"


def test_a_restart_with_a_hundred_waiting_sends_few_and_loses_none(tmp_path: Path) -> None:
    kinds = ["start", "checkpoint", "stall", "limit", "restart", "finished", "needs_you"]
    with serving() as service:
        mail = Post(tmp_path, hook(service))
        events = [mail.leave(kinds[n % 7], f"text {n}.") for n in range(100)]
        mail.another()
        mail.drain(step=2)
        assert len(service.taken) == 7
        assert {one.json["event"] for one in service.taken} == set(kinds)
        assert {mail.state(event) for event in events} == {"sent"}
        told = " ".join(one.json["text"] for one in service.taken)
        assert all(f"text {n}." in told for n in range(100))
        assert service.taken[0].json["event"] in ("finished", "needs_you"), "urgent ones go first"
        mail.another()
        mail.drain()
        assert len(service.taken) == 7, "a later start sends nothing twice"


def test_a_burst_becomes_two_messages(tmp_path: Path) -> None:
    with serving() as service:
        mail = Post(tmp_path, hook(service))
        first = mail.leave("stall", "the first")
        mail.work()
        events = [mail.leave("stall", f"more {n}") for n in range(199)]
        for _ in range(50):
            mail.work(1)
        assert len(service.taken) == 1
        mail.work(15)
        assert len(service.taken) == 2
        assert "199 times: " in service.taken[1].json["text"]
        assert len(service.taken[1].json["text"]) <= 1900
        assert {mail.state(one) for one in [first, *events]} == {"sent"}


def test_a_chatty_night_does_not_use_up_the_call_for_help(tmp_path: Path) -> None:
    with serving() as service:
        mail = Post(tmp_path, hook(service), most=8)
        for number in range(12):
            mail.leave("checkpoint", f"number {number}")
            mail.work(61)
        assert len(service.taken) == 6
        mail.leave("needs_you", "a login")
        mail.work(5)
        mail.leave("finished", "it is over")
        mail.work(5)
        mail.leave("finished", "over again")
        mail.work(70)
        assert [one.json["event"] for one in service.taken[6:]] == ["needs_you", "finished"]
        states = [entry["state"] for entry in mail.notified()]
        assert states.count("skipped") == 7


def test_one_that_hangs_keeps_nothing_from_the_others(tmp_path: Path) -> None:
    with serving(Reply(trick="silence")) as slow, serving() as quick:
        mail = Post(tmp_path, hook(slow, "slow"), hook(quick, "quick"))
        event = mail.leave()
        mail.sender.round()
        while mail.state(event, "quick") != "sent":
            time.sleep(0.01)
        assert mail.state(event, "slow") == "sending"


def test_a_full_disk_does_not_silence_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as service:
        mail = Post(tmp_path, hook(service))
        event = mail.leave()

        def full(*args: object) -> int:
            raise OSError(28, "no space left")

        mail.sender._read_outbox()
        monkeypatch.setattr(os, "fsync", full)
        mail.drain()
        assert len(service.taken) == 1
        assert mail.state(event) == "pending"
