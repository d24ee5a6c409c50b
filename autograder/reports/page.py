"""What the HTML reports share: one file each, no script, nothing fetched, light and dark, screen and paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from autograder.reports.text import clean

_CODE = re.compile(r"`([^`\n]+)`")

STYLE = """
:root { color-scheme: light dark; --ink: #1b2230; --soft: #545f70; --line: #d5dae2; --paper: #fff; --tile: #f3f5f9;
  --blue: #1d4ed8; --good: #14692f; --part: #7a4a00; --bad: #b3261e; --alarm: #fde8e6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf2; --soft: #a5afbd; --line: #3a4350; --paper: #12161c;
  --tile: #1c232c; --blue: #8ab0ff; --good: #62d98a; --part: #f0b75c; --bad: #ff9d92; --alarm: #4a1c19; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
p, ul, ol { margin: .5rem 0; }
a { color: var(--blue); }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.alarm { background: var(--alarm); border-left: 4px solid var(--bad); padding: .5rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
td code { overflow-wrap: normal; }
.rows td:last-child:not(.number) { min-width: 12rem; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: inline-block; width: 6rem; height: .6rem; margin-right: .5rem; background: var(--line);
  border-radius: .3rem; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--blue); }
@media screen and (max-width: 40rem) {
  .rows thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .rows, .rows tbody { display: block; }
  .rows tr { display: block; padding: .35rem 0; border-bottom: 1px solid var(--line); }
  .rows td { display: inline-block; border: 0; padding: 0 .75rem 0 0; overflow-wrap: anywhere; }
  .rows td code { overflow-wrap: anywhere; }
  .rows td:last-child:not(.number) { display: block; min-width: 0; }
}
@media print {
  html { font-size: 12px; }
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --tile: #fff; --blue: #1d4ed8;
    --good: #14692f; --part: #7a4a00; --bad: #b3261e; --alarm: #fff; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  tr, h2, h3, svg, .tile { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def document(title: str, body: Sequence[str], style: str = "", warning: str = "") -> bytes:
    """Return a whole page. `title` is plain text, `body` HTML."""
    alarm = f"<p class=alarm><strong>{text(warning)}</strong></p>" if warning else ""
    # A page that fetches nothing says so, so that a message that got through by mistake could not fetch either.
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return "".join(
        (
            "<!doctype html><html lang=en><head><meta charset=utf-8>",
            f'<meta http-equiv=Content-Security-Policy content="{policy}">',
            "<meta name=viewport content='width=device-width, initial-scale=1'>",
            f"<title>{text(title)}</title><style>{STYLE}{style}</style></head><body><main>",
            f"<h1>{text(title)}</h1>{alarm}",
            *body,
            "</main></body></html>\n",
        )
    ).encode()


def text(value: str) -> str:
    """Return text of others as HTML; also good in a quoted attribute."""
    return escape(clean(value), quote=True)


def prose(value: str) -> str:
    """Return a message as HTML: what stands between backticks is code, line breaks stay."""
    return _CODE.sub(r"<code>\1</code>", text(value)).replace("\n", "<br>")


def cell(value: str) -> str:
    """Return a cell of plain text."""
    return rich_cell(text(value))


def rich_cell(content: str) -> str:
    """Return a cell of HTML."""
    return f"<td role=cell>{content}</td>"


def number(value: str) -> str:
    """Return a cell of a number."""
    return f"<td role=cell class=number>{text(value)}</td>"


def bar(share: float) -> str:
    """Return a bar for a share between 0 and 1, with its number beside it."""
    filled = round(100 * min(1.0, max(0.0, share)))
    return f"<span class=bar><i style='width:{filled}%'></i></span>{filled} %"


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table. A head that begins with `#` is over numbers; cells are HTML.

    Roles are spelt out, since on a phone rows are shown as blocks and browsers then take a table for none.
    """
    head = "".join(
        f"<th role=columnheader scope=col class=number>{text(title[1:])}</th>"
        if title.startswith("#")
        else f"<th role=columnheader scope=col>{text(title)}</th>"
        for title in heads
    )
    body = "".join(f"<tr role=row>{''.join(row)}</tr>" for row in rows)
    return scrolled(
        caption,
        f"<table class=rows role=table><thead><tr role=row>{head}</tr></thead><tbody>{body}</tbody></table>",
    )


def scrolled(caption: str, content: str) -> str:
    """Return what may be wider than the screen; the keyboard can scroll it too."""
    return f'<div class=scroll role=region tabindex=0 aria-label="{text(caption)}">{content}</div>'
