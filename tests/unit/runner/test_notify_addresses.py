"""Where a message may go: what the person named goes far, what a project's file named stays outside."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runner.notify_scene import Post, serving, until
from tests.unit.runner.test_notify_channels import MESSAGE, NO_TMUX, configured
from tests.unit.runner.test_notify_delivery import secure_service
from tui.runner.notify import http_services
from tui.runner.notify.channels import (
    NotifyChannel,
    channel_problems,
    configured_channels,
    is_public_address,
)
from tui.runner.notify.http_services import HttpPost, SendOptions, post, send
from tui.settings.units import Secret


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Every question is answered by the next list of addresses, the last one for ever; the questions."""
    asked: list[str] = []

    def ask(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
        *("224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:168.63.129.16", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:db8::1"),
    ],
)  # fmt: skip
def test_these_are_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_these_are(address: str) -> None:
    assert is_public_address(address)


def test_this_machine_is_reached_only_by_what_the_person_named() -> None:
    with serving() as service:
        order = HttpPost(service.url(), b"{}", {})
        refused = post(order, total=3, of_project=True)
        assert refused.result == "refused"
        assert "allow_private_addresses in your own settings" in refused.why
        assert service.taken == []
        assert post(order, total=3).result == "sent"
        assert post(order, total=3, of_project=True, private=True).result == "sent"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"],
)
def test_no_way_of_writing_it_helps(host: str) -> None:
    url = f"https://{host}:9/hook"
    assert post(HttpPost(url, b"{}", {}), total=2, of_project=True).result == "refused"


def test_a_name_is_asked_for_once_and_that_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving(monkeypatch, ["1.2.3.4"], ["127.0.0.1"])
    connected: list[Any] = []

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            connected.append(address)
            raise OSError

    monkeypatch.setattr(socket, "socket", Socket)
    order = HttpPost("https://rebinding.example/hook", b"{}", {})
    assert post(order, total=2, of_project=True).result == "unreached"
    assert asked == ["rebinding.example"]
    assert connected == [("1.2.3.4", 443)]


def test_one_private_address_among_several_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["1.2.3.4", "169.254.169.254"])
    assert post(HttpPost("https://two.example/", b"{}", {}), total=2).result == "refused"


@contextmanager
def proxy() -> Iterator[tuple[int, list[str]]]:
    """A proxy that tunnels to this machine whatever it is asked for; what it was asked for."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode().split()[1])
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", int(asked[-1].rpartition(":")[2]))) as to:
                back = threading.Thread(target=pump, args=(to, self.connection), daemon=True)
                back.start()
                pump(self.connection, to)
                back.join()

    def pump(source: socket.socket, to: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                to.sendall(data)
        except OSError:
            return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()
        thread.join()


def test_a_proxy_is_given_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the name would be looked up again, in the proxy's own network."""
    with secure_service(tmp_path) as (port, certificate, bodies), proxy() as (at, asked):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{at}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setattr(http_services, "is_this_machine", lambda host: False)
        monkeypatch.setattr(http_services, "_is_private_name", lambda host: False)
        monkeypatch.setattr(
            http_services, "_resolve", lambda *_: [(2, 1, 6, "", ("1.2.3.4", port))]
        )
        order = HttpPost(f"https://localhost:{port}/hook", b"hello", {})
        assert post(order, total=5, of_project=True).result == "sent"
        assert post(order, total=5).result == "sent"
        assert asked == [f"1.2.3.4:{port}", f"localhost:{port}"]
        assert bodies == [b"hello", b"hello"]


def test_a_name_that_is_private_here_is_refused_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    resolving(monkeypatch, ["10.0.0.1"])
    order = HttpPost("https://looks.public.example/hook", b"{}", {})
    assert post(order, total=2, of_project=True).result == "refused"


def test_channels_know_who_named_them() -> None:
    theirs, mine = Secret("https://a.example/x", of_project=True), Secret("https://b.example/x")
    found = configured_channels(configured(slack_webhook=mine, urls=(theirs, mine)), NO_TMUX)
    assert [one.of_project for one in found] == [False, True, False]


def test_apprise_is_used_only_for_what_the_person_named() -> None:
    theirs = NotifyChannel("mailto", "apprise", "mailto://me:pw@example.org", of_project=True)
    outcome = send(theirs, MESSAGE, SendOptions(total=1))
    assert outcome.result == "refused"
    assert "your own settings" in outcome.why
    settings = configured(urls=(Secret(theirs.url, of_project=True),))
    assert "your own settings" in channel_problems(settings)[0]


def test_the_journal_says_why_it_was_not_sent(tmp_path: Path) -> None:
    with serving() as service:
        mail = Post(tmp_path, NotifyChannel("hook", "json", service.url(), of_project=True))
        event = mail.leave()
        mail.drain()
        until(lambda: mail.state(event) == "failed")
        (entry,) = mail.notified()
        assert "private address" in entry["why"]
        assert service.taken == []
