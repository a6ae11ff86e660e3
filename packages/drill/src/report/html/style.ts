/** The look of the page, in light and in dark. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1c2024; --soft: #5d6670;
  --line: #e2e4e7; --good: #18794e; --bad: #c62a2f; --odd: #946800; --outage: #c62a2f22;
  --fault: #c62a2f; --l0: #3e63dd; --l1: #e5744b; --l2: #2b9a66; --l3: #8e4ec6; --l4: #d6409f;
  --l5: #0797b9; --l6: #978365; }
@media (prefers-color-scheme: dark) { :root { --page: #141618; --card: #1b1e21; --ink: #e8eaed;
  --soft: #9ba3ab; --line: #2d3237; --good: #4cc38a; --bad: #ff6369; --odd: #f1a10d;
  --outage: #ff636930; --fault: #ff6369; --l0: #6e8efb; --l1: #f08a63; --l2: #4cc38a; --l3: #b07ae0;
  --l4: #ec6bbd; --l5: #35b9d6; --l6: #b9a486; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1220px; margin: 0 auto; padding: 28px 24px 60px; }
header { display: flex; gap: 18px; align-items: center; flex-wrap: wrap; }
h1 { font-size: 25px; margin: 0; } h2 { font-size: 17px; margin: 34px 0 10px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.badge { font-weight: 700; font-size: 17px; padding: 4px 16px; border-radius: 6px; }
.badge.PASS { background: #18794e; color: #fff; } .badge.FAIL { background: #c62a2f; color: #fff; }
.badge.UNKNOWN { background: #946800; color: #fff; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px;
  margin: 22px 0 4px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.tile b { display: block; font-size: 25px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile.bad b { color: var(--bad); } .tile span { color: var(--soft); font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px;
  overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 13px; color: var(--soft); }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } td.n, th.n { text-align: right; padding-right: 18px; }
td.PASS { color: var(--good); font-weight: 600; } td.FAIL { color: var(--bad); font-weight: 600; } 
td.UNKNOWN { color: var(--odd); font-weight: 600; } .none { color: var(--soft); }
.grade { display: inline-block; width: 28px; text-align: center; border-radius: 5px; color: #fff;
  font-weight: 700; } .gA { background: #18794e; } .gB { background: #3d7a2b; }
.gC { background: #946800; } .gD { background: #b4501f; } .gF { background: #c62a2f; }
.findings { margin: 4px 0 2px; padding-left: 18px; font-size: 13px; }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; }
ul.advice { margin: 0; padding-left: 16px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 13px; margin-bottom: 8px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 6px; }
svg { width: 100%; min-width: 820px; height: auto; display: block; font: 12px system-ui, "DejaVu Sans", sans-serif; }
svg .title { fill: var(--ink); font-weight: 600; } svg .tick { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .mark { stroke: var(--soft); }
svg .unavailable { fill: var(--outage); } svg .fault { fill: var(--fault); }
svg .connect { fill: var(--l2); } svg .disconnect { fill: var(--bad); }
svg .active { fill: var(--l2); } svg .standby { fill: var(--l6); opacity: .45; }
svg .gone { fill: var(--bad); opacity: .3; }
svg .epoch { fill: #fff; font-weight: 700; }
${[0, 1, 2, 3, 4, 5, 6].map((lane) => `svg .lane${lane} { fill: var(--l${lane}); opacity: .85; }`).join('\n')}
@media print { .card, .tile { break-inside: avoid; } }
`;
