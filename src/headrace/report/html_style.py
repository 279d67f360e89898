"""How the page of a run report looks: on a screen by day and by night, on a telephone, and on paper."""

from __future__ import annotations

STYLE = """\
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6b7b; --line: #dbe2e9; --paper: #fff; --shade: #f4f7f9;
  --good: #1a7f4b; --warn: #9a6200; --bad: #b3261e; --bar: #7fb2d9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaf0; --soft: #9aa8b6; --line: #313c47; --paper: #14191f; --shade: #1d242c;
    --good: #5fd39a; --warn: #f0b95a; --bad: #ff8a80; --bar: #3f6f96; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header { display: flex; gap: 1rem; align-items: flex-start; }
h1 { font-size: 1.45rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h1 .to { color: var(--soft); font-weight: 400; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .6rem; }
h3 { font-size: .95rem; margin: 1.4rem 0 .3rem; }
.mark { flex: none; width: 2.2rem; height: 2.2rem; margin: .1rem 0 0; border-radius: 50%; text-align: center;
  font: 700 1.2rem/2.2rem system-ui, sans-serif; color: var(--paper); }
header.good .mark { background: var(--good); } header.good .verdict { color: var(--good); }
header.warn .mark { background: var(--warn); } header.warn .verdict { color: var(--warn); }
header.bad .mark { background: var(--bad); } header.bad .verdict { color: var(--bad); }
.verdict { margin: .1rem 0; font-weight: 600; }
.when { margin: 0; color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; margin: 1.6rem 0 0; }
.figures div { background: var(--shade); border-radius: .5rem; padding: .6rem .8rem; display: flex;
  flex-direction: column-reverse; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
table.tables { width: auto; min-width: 24rem; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 400; font-size: .85rem; }
tbody th { font-weight: 600; }
th.child { font-weight: 400; padding-left: 1.2rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.nil { color: var(--soft); }
.bar { width: 16%; min-width: 5rem; vertical-align: middle; }
.bar i { display: block; height: .55rem; border-radius: .3rem; background: var(--bar); min-width: 1px; }
td.good { color: var(--good); } td.warn, li.warn { color: var(--warn); } td.bad, li.bad { color: var(--bad); }
.said { padding-left: 1.2rem; margin: 0; } .said li { margin: .25rem 0; overflow-wrap: anywhere; }
.said li.none::marker { color: var(--soft); }
th.end { min-width: 13rem; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
pre { background: var(--shade); border-radius: .5rem; padding: .6rem .8rem; overflow-x: auto;
  font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: .2rem 0 1rem; }
section > p { margin: .6rem 0 .2rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 44rem) { .figures { grid-template-columns: repeat(2, 1fr); } .bar { display: none; } }
@media print { main { padding: 0; } .figures div, pre { border: 1px solid var(--line); } }
"""
