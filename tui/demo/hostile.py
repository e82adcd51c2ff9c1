"""Text that attacks a terminal or a markup parser; one example of each family, for tests."""

from __future__ import annotations

ESC = "\x1b"
ST = ESC + "\\"
BEL = "\x07"

TERMINAL: dict[str, str] = {
    "osc0-title": f"{ESC}]0;pwned{BEL}",
    "osc2-title": f"{ESC}]2;pwned{ST}",
    "osc4-palette": f"{ESC}]4;1;rgb:ff/00/00{BEL}",
    "osc7-cwd": f"{ESC}]7;file://host/etc{BEL}",
    "osc8-link": f"{ESC}]8;;http://127.0.0.1:9/x{ST}click{ESC}]8;;{ST}",
    "osc9-notify": f"{ESC}]9;look here{BEL}",
    "osc10-query": f"{ESC}]10;?{BEL}",
    "osc50-font": f"{ESC}]50;huge{BEL}",
    "osc52-write": f"{ESC}]52;c;cHduZWQ={BEL}",
    "osc52-read": f"{ESC}]52;c;?{BEL}",
    "osc133-prompt": f"{ESC}]133;A{BEL}",
    "osc777-notify": f"{ESC}]777;notify;a;b{BEL}",
    "osc1337-file": f"{ESC}]1337;File=inline=1:AAAA{BEL}",
    "ed-clear": f"{ESC}[2J",
    "el-erase": f"{ESC}[2K",
    "cup-home": f"{ESC}[1;1H",
    "scroll-region": f"{ESC}[5;6r",
    "dsr": f"{ESC}[6n",
    "da1": f"{ESC}[c",
    "da2": f"{ESC}[>c",
    "da3": f"{ESC}[=c",
    "title-report": f"{ESC}[21t",
    "alt-screen": f"{ESC}[?1049h",
    "mouse-paste": f"{ESC}[?2004h{ESC}[?1000h",
    "decrqss": f'{ESC}P$q"p{ST}',
    "sixel": f"{ESC}Pq#0;2;0;0;0~{ST}",
    "tmux-passthrough": f"{ESC}Ptmux;{ESC}{ESC}]52;c;cHduZWQ={BEL}{ST}",
    "apc": f"{ESC}_Gf=24;AAAA{ST}",
    "pm": f"{ESC}^private{ST}",
    "sos": f"{ESC}Xstring{ST}",
    "ris": f"{ESC}c",
    "shift-out": "\x0echarset\x0f",
    "c1-csi": "\x9b2J\x9b6n",
    "c1-osc": "\x9d0;pwned\x9c",
    "nested-esc": f"{ESC}{ESC}[2J{ESC}]{ESC}]52;c;cHduZWQ={BEL}",
    "bidi-zero-width": "safe\u202etxt.exe\u202c\u200b\u2066\u2069\ufeff\U000e0041",
    "controls": "a\rb\x08c\x0bd\x0ce\x7ff\x00g\u2028h\u2029i\x85j",
}

MARKUP: tuple[str, ...] = (
    "[/]",
    "[/",
    "[/foo]",
    "[bold]",
    "[bold red on blink]x[/]",
    "[link=http://127.0.0.1:9]y[/link]",
    "[@click=app.quit]press me[/]",
    "[@click=app.bell()]bell",
    "[ERROR] failed at [/usr/bin/x]",
    "[on red]background[/on red]",
    "[#ff0000]colour",
    "[$error]token[/$error]",
    "[[double]]",
    "\\[escaped]",
    "[]",
    "[=]",
    "[a=b c=d]",
    ":boom: :smile:",
    "{curly} %s %(x)s ${HOME} $(id) `id`",
    "<b>html</b><script>alert(1)</script>",
)

NAMES: tuple[str, ...] = (
    "esc\x1b[2J.txt",
    "osc\x1b]0;pwned\x07.txt",
    "new\nline.txt",
    "tab\there.txt",
    "bidi\u202etxt.py",
    "[bold]markup[-foo].txt",
    "-rf",
    "$(touch pwned).txt",
)
