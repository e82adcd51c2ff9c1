"""Twelve texts that careless transports interpret instead of carrying them."""

from __future__ import annotations

TWELVE: dict[str, str] = {
    "newline": "first line\nsecond line\n\nfourth",
    "control key's name": "C-c",
    "Enter's name": "Enter",
    "leading dash": "-rf --help -t %0",
    "semicolon": "one ; kill-server ;",
    "format": "say #{pane_pid} #(touch pwned) #[fg=red] %H $(touch pwned) `touch pwned`",
    "64 KiB": "x" * 65_536,
    "escape": "before \x1b[2J\x1b]0;pwned\x07 after",
    "end of bracketed paste": "before \x1b[201~\rtouch pwned\r after",
    "emoji": "look at 👩‍💻 and 🇩🇪 and é, please",
    "NUL": "before \0 after",
    "CRLF": "first line\r\nsecond line\r\n",
}
"""By name, as the transports meet them."""
