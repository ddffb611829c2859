namespace MobileQuant.Evaluation.Reporting;

/// <summary>How reports look. Series differ by color and by dashes; colors are those that color-blind readers tell apart.</summary>
internal static class ReportStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css = """
        :root {
          --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #d5d9de; --grid: #e7eaee; --tint: #f4f6f8; --link: #0a58ca;
          --c0: #0062b8; --c1: #c2410c; --c2: #00795a; --c3: #9d3d8f; --c4: #8a6100; --c5: #00708f; --c6: #b4233c; --c7: #5b5bd6;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #14181d; --ink: #e6e9ec; --soft: #a3acb6; --rule: #3a424b; --grid: #262d35; --tint: #1c2228; --link: #7ab7ff;
            --c0: #63b3ff; --c1: #ff9a5c; --c2: #4fd1a5; --c3: #e191d6; --c4: #e5b94a; --c5: #5ccde8; --c6: #ff8095; --c7: #a9a9ff;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
        header, main { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
        header { padding-top: 1.5rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
        p { margin: .4rem 0 .8rem; color: var(--soft); max-width: 48rem; overflow-wrap: anywhere; }
        p.note { color: var(--ink); border-left: 3px solid var(--c1); padding-left: .7rem; }
        a { color: var(--link); }
        nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .95rem; }
        main { padding-bottom: 4rem; }
        .scroll { overflow-x: auto; }
        .scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .3rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
        th { vertical-align: bottom; font-weight: 600; background: var(--tint); }
        td { max-width: 34rem; }
        td:not(.short, .number) { overflow-wrap: anywhere; min-width: 9rem; }
        .short { white-space: nowrap; }
        .number { text-align: right; white-space: nowrap; }
        th.number { white-space: normal; min-width: 5rem; }
        summary { cursor: pointer; padding: .4rem 0; color: var(--link); }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: .75rem; margin: .6rem 0; }
        figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .4rem; grid-column: 1 / -1; min-width: 0; max-width: 50rem; }
        figure:has(.small) { grid-column: auto; max-width: none; }
        .chart { display: block; width: 100%; min-width: 30rem; max-width: 48rem; height: auto; font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
        .chart.small { min-width: 20rem; max-width: none; }
        .chart text { fill: var(--ink); }
        .chart .chart-title { font-size: 15px; font-weight: 600; }
        .chart .group { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
        .chart .tick, .chart .label { fill: var(--soft); font-size: 12px; }
        .chart .value { font-variant-numeric: tabular-nums; }
        .grid { stroke: var(--grid); }
        .axis { stroke: var(--soft); }
        .stem { stroke: var(--grid); }
        .line { fill: none; stroke-width: 2; }
        .bar { stroke-width: 3; opacity: .55; }
        .line.c1 { stroke-dasharray: 7 4; } .line.c2 { stroke-dasharray: 2 3; } .line.c3 { stroke-dasharray: 10 3 2 3; }
        .line.c4 { stroke-dasharray: 5 2; } .line.c5 { stroke-dasharray: 1 4; } .line.c6 { stroke-dasharray: 12 4; } .line.c7 { stroke-dasharray: 4 2 1 2; }
        .line.c0, .bar.c0, .ring.c0 { stroke: var(--c0); } .dot.c0 { fill: var(--c0); }
        .line.c1, .bar.c1, .ring.c1 { stroke: var(--c1); } .dot.c1 { fill: var(--c1); }
        .line.c2 { stroke: var(--c2); } .dot.c2 { fill: var(--c2); }
        .line.c3 { stroke: var(--c3); } .dot.c3 { fill: var(--c3); }
        .line.c4 { stroke: var(--c4); } .dot.c4 { fill: var(--c4); }
        .line.c5 { stroke: var(--c5); } .dot.c5 { fill: var(--c5); }
        .line.c6 { stroke: var(--c6); } .dot.c6 { fill: var(--c6); }
        .line.c7 { stroke: var(--c7); } .dot.c7 { fill: var(--c7); }
        .dot.cloud { fill: var(--soft); opacity: .6; }
        .ring { fill: none; stroke-width: 2; }
        @media print { details > * { display: block; } .scroll { overflow: visible; } }
        """;
}
