"""A socket of tmux stays behind when its server ends; nobody is told anything through it."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from tui.runner.notify.channels import has_tmux_server


def test_a_socket_without_a_server_is_nobody() -> None:
    with tempfile.TemporaryDirectory(prefix="tm") as short:  # a socket's path must be short
        path = Path(short) / "s"
        environ = {"TMUX": f"{path},1,0"}
        assert not has_tmux_server(environ)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            assert not has_tmux_server(environ), "bound, but nobody listens"
            server.listen()
            assert has_tmux_server(environ)
        assert path.exists()
        assert not has_tmux_server(environ)
