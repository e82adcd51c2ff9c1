"""The style of the page: a calm report, light and dark, for screens, phones and paper."""

from __future__ import annotations

from typing import Final

from tui.night.review.strip_style import DARK, LIGHT
from tui.night.review.strip_style import STYLE as STRIP

CSS: Final = (
    f":root{{color-scheme:light dark;{LIGHT};--raised:#f5f7f9;--add:#e4f3ea;--cut:#fbe9e7;"
    "--warn-paper:#fbf1dc;--dim-paper:#eceff2;--link:#23567d}"
    f"@media (prefers-color-scheme:dark){{:root{{{DARK};--raised:#1b2027;--add:#17302a;"
    "--cut:#3a201f;--warn-paper:#352c18;--dim-paper:#262d35;--link:#8cc4ec}}"
    """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:61rem;padding:2.5rem 1.25rem 3rem;background:var(--paper);
color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",
sans-serif;overflow-wrap:anywhere}
h1,h2{line-height:1.25;font-weight:650;text-wrap:balance}
h1{font-size:1.75rem;margin:.1rem 0 .35rem}
h2{font-size:1.15rem;margin:2.4rem 0 .7rem;padding-top:.9rem;border-top:1px solid var(--line)}
p,ul,ol,dl,table,pre{margin:.6rem 0}
ul,ol{padding-left:1.35rem}
li{margin:.28rem 0}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",
"DejaVu Sans Mono",monospace}
code{color:var(--soft)}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.over{margin:0;color:var(--soft);font-size:.9rem}
.verdict{display:inline-flex;gap:.5rem;align-items:center;margin:.6rem 0;padding:.4rem .9rem;
border-radius:.5rem;border:1.5px solid currentColor;font-weight:650;font-size:1.08rem}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--soft)}
.person{color:var(--person)}
.verdict.good{background:var(--add)}.verdict.bad{background:var(--cut)}
.verdict.warn{background:var(--warn-paper)}
.reasons{font-size:1.04rem}
.badge{display:inline-block;padding:0 .45em;border-radius:.35em;font-size:.86em;line-height:1.55;
font-weight:600;white-space:nowrap}
.badge.good{background:var(--add)}.badge.bad{background:var(--cut)}
.badge.warn{background:var(--warn-paper)}.badge.dim{background:var(--dim-paper)}
.facts{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:1px;margin:1.4rem 0;
background:var(--line);border:1px solid var(--line);border-radius:.5rem;overflow:hidden}
.facts div{background:var(--raised);padding:.7rem .9rem}
.facts dt{color:var(--soft);font-size:.84rem}
.facts dd{margin:.1rem 0 0;font-size:.94rem}
nav{font-size:.9rem}
nav li{margin:0}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0}
.strip svg{display:block;max-width:100%;height:auto}
.strip .slim{display:none}
.tables{display:flex;flex-wrap:wrap;gap:0 2.5rem;align-items:flex-start}
table{border-collapse:collapse;width:100%;font-size:.93rem}
table.short{width:auto;min-width:22rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.42rem .9rem .42rem 0;
border-top:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-weight:600;font-size:.84rem;border-top:0}
tbody th{font-weight:500}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.number+:not(.number){padding-left:1.2rem}
.more{color:var(--soft);font-style:italic}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
details{margin:.7rem 0}
summary{cursor:pointer;padding:.2rem 0}
section.folded>details>summary{font-size:1.15rem;font-weight:650}
section.folded{margin-top:1.6rem;padding-top:1rem;border-top:1px solid var(--line)}
section.folded h2{display:inline;margin:0;padding:0;border:0}
pre{background:var(--raised);border:1px solid var(--line);border-radius:.4rem;padding:.6rem 0;
overflow-x:auto;tab-size:4}
pre code{display:block;min-width:max-content;color:var(--ink)}
pre span,pre ins,pre del{display:block;padding:0 .9rem;text-decoration:none;min-height:1.5em}
pre ins{background:var(--add)}pre del{background:var(--cut)}
pre .where{color:var(--soft)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);
font-size:.84rem}
footer ul{list-style:none;padding:0}
@media (max-width:44rem){
body{padding:1.4rem 1rem 2rem}
h1{font-size:1.45rem}
.facts{grid-template-columns:minmax(0,1fr)}
.facts div{display:grid;grid-template-columns:5.2rem minmax(0,1fr);padding:.5rem .8rem}
.facts dt{padding-top:.1rem}.facts dd{margin:0}
.strip .broad{display:none}.strip .slim{display:block}
table.short{width:100%}
table.short{min-width:0}
table.long,table.long caption,table.long tbody{display:block}
table.long thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}
table.long tr{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;padding:.55rem 0;
border-top:1px solid var(--line)}
table.long th,table.long td{display:grid;grid-template-columns:5.6rem minmax(0,1fr);
grid-column:1/-1;border:0;padding:.08rem 0;text-align:left;white-space:normal}
table.long th{display:block;font-weight:600;padding-bottom:.2rem}
table.long td.number{grid-column:auto}
table.long .number+:not(.number){padding-left:0}
table.long td::before{content:attr(data-label);color:var(--soft);font-size:.86rem}
pre code{min-width:0;white-space:pre-wrap}
pre span,pre ins,pre del{padding-left:1.9rem;text-indent:-1.1rem}
}
@media print{
body{max-width:none;padding:0;font-size:10.5pt}
nav{display:none}
tr,li,.facts div,details.hunk{break-inside:avoid}
h2{break-after:avoid}
}
"""
).replace("\n", "") + STRIP
"""One style sheet; the page fetches none."""
