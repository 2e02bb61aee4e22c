"""How the page looks: light or dark as the reader's screen, narrow enough to read, and usable on a telephone."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --soft: #5b6472; --line: #e3e6eb; --fill: #f6f7f9;
  --blue: #1f6fb2; --orange: #d9730d; --green: #1a7f4b; --red: #b3372f; --warn: #fff6e5; --right: #e2f3ea;
  --wrong: #fbe9e7; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e3e7ee; --soft: #9aa4b2; --line: #2d3440;
  --fill: #1e242e; --blue: #5fa8e6; --orange: #ef9a4a; --green: #62cf97; --red: #f08a80; --warn: #33291a;
  --right: #173526; --wrong: #40211f; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 0 0 10px; padding-top: 20px; border-top: 1px solid var(--line); }
h3 { font-size: 15px; margin: 18px 0 8px; }
section { margin-top: 30px; }
p { margin: 8px 0; }
.path, .note { color: var(--soft); overflow-wrap: anywhere; }
.note { font-size: 13px; max-width: 75ch; }
.warning { background: var(--warn); border-left: 3px solid var(--orange); padding: 8px 12px; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 16px 0 0; font-size: 14px; }
a { color: var(--blue); text-decoration: none; }
a:hover { text-decoration: underline; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 10px; margin-top: 20px; }
.tile { background: var(--fill); border-radius: 8px; padding: 12px 14px; }
.tile .what { color: var(--soft); font-size: 13px; }
.tile .value { font-size: 22px; font-weight: 600; overflow-wrap: anywhere; }
.tile .more { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 6px 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; font-size: 13px; }
.n { text-align: right; }
.wide { font-size: 14px; }
.wide th, .wide td { padding-right: 11px; }
.facts td:first-child { color: var(--soft); }
.facts td { white-space: normal; overflow-wrap: anywhere; }
.facts thead { display: none; }
tbody tr:hover { background: var(--fill); }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--blue); overflow-wrap: anywhere; }
pre { background: var(--fill); border-radius: 8px; padding: 12px 14px; overflow-x: auto;
  font-size: 13px; line-height: 1.45; }
img { max-width: 100%; display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 10px 20px; }
.chart { width: 100%; max-width: 400px; }
.keys span { margin-right: 16px; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 14px; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 12px; font-size: 14px; overflow: hidden; }
.card .name { overflow-wrap: anywhere; margin-bottom: 6px; }
.card .metric { color: var(--soft); }
.card figure { margin: 0; }
.card img { width: 100%; height: 96px; border-radius: 4px; background: #000; }
.axis { display: grid; grid-template-columns: repeat(3, 1fr); }
.axis :nth-child(2) { text-align: center; }
.axis :nth-child(3) { text-align: right; }
figcaption { color: var(--soft); font-size: 12px; }
audio { width: 100%; height: 36px; margin: 6px 0; }
.score { display: flex; align-items: center; gap: 6px; }
.score .bar { display: inline-block; height: 8px; min-width: 1px; background: var(--blue); border-radius: 2px; }
.pill { display: inline-block; border-radius: 10px; padding: 0 8px; margin: 1px 4px 1px 0; background: var(--fill);
  overflow-wrap: anywhere; }
.pill.right { background: var(--right); color: var(--green); }
.pill.wrong { background: var(--wrong); color: var(--red); }
.columns { display: flex; flex-wrap: wrap; gap: 10px 34px; align-items: flex-start; }
.columns > div { flex: 1 1 300px; min-width: 0; }
.diagram { width: 340px; max-width: 100%; flex: none; }
svg text { fill: var(--soft); font-family: inherit !important; }
.interval { position: relative; width: 110px; height: 1px; background: var(--line); }
.interval span { position: absolute; border-radius: 4px; background: var(--blue); }
.interval .range { top: -1px; height: 3px; opacity: .4; }
.interval .dot { top: -3px; width: 7px; height: 7px; margin-left: -3px; }
@media (max-width: 560px) { main { padding: 18px 12px 40px; } h1 { font-size: 21px; } }
@media print { audio, nav { display: none; } details > * { display: block; } }
"""
