/// Pieces of a page.
enum HTML {
    /// Text that means nothing to a browser.
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A table; the first column stands left, numbers stand right.
    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        var text = "<div class=\"scroll\"><table><thead><tr>"
        for head in heads { text += "<th>\(escape(head))</th>" }
        text += "</tr></thead>\n<tbody>\n"
        for row in rows {
            text += "<tr>" + row.map { "<td>\(escape($0))</td>" }.joined() + "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    /// Colours that can be told apart by everybody, on light and on dark.
    private static let colours = """
        :root { color-scheme: light dark; --ink: #1a1d21; --soft: #5d6670; --line: #dfe3e8;
          --paper: #fff; --card: #f6f7f9; --c0: #0b62c4; --c1: #c2410c; --c2: #14804a;
          --c3: #8b3fc4; --c4: #a16207; --c5: #0e7490; --bad: #b42318; --good: #14804a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #9aa4af;
          --line: #343a42; --paper: #14171b; --card: #1d2126; --c0: #6cb0ff; --c1: #ff9a62;
          --c2: #5fd39a; --c3: #cf9cff; --c4: #e5c34d; --c5: #5fd3e8; --bad: #ff8a7e;
          --good: #5fd39a; } }
        """

    /// What charts are drawn with.
    private static let chart = """
        .grid { stroke: var(--line); stroke-width: 1; }
        .label { fill: var(--soft); font-size: 12px; } .name { fill: var(--ink); font-size: 12px; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
        .s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
        .dashed { stroke-dasharray: 6 4; opacity: 0.75; } .dot { fill: none; stroke-width: 2; }
        .limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 2 3; }
        .limit-name { fill: var(--bad); font-size: 12px; } .band { fill: var(--line); opacity: 0.5; }
        .hover rect { fill: transparent; } .hover line { stroke: var(--ink); opacity: 0; }
        .hover:hover line { opacity: 0.5; }
        """

    /// The styles of a chart that is a file of its own.
    static let pictureStyle = """
        \(colours)
        \(chart)
        svg { font-family: system-ui, "DejaVu Sans", sans-serif; } .paper { fill: var(--paper); }

        """

    /// The style sheet of a page.
    static let style = """
        \(colours)
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
        main { max-width: 960px; margin: 0 auto; padding: 32px 20px 64px; }
        h1 { font-size: 22px; margin: 0 0 4px; letter-spacing: -0.01em; }
        h2 { font-size: 17px; margin: 40px 0 12px; }
        p { margin: 4px 0; } .soft { color: var(--soft); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr));
          gap: 12px; margin: 24px 0 0; }
        .tile { background: var(--card); border-radius: 10px; padding: 14px 16px; }
        .tile b { display: block; font-size: 22px; font-weight: 600;
          font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); font-size: 13px; }
        .warning { border-left: 4px solid var(--bad); background: var(--card); padding: 12px 16px;
          border-radius: 4px; margin: 20px 0; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
          font-size: 14px; }
        th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line);
          white-space: nowrap; } th { color: var(--soft); font-weight: 500; }
        th:first-child, td:first-child { text-align: left; }
        svg { width: 100%; height: auto; display: block; } .narrow { display: none; }
        details { margin: 12px 0; } summary { cursor: pointer; }
        \(chart)
        .kept { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
        .unjudged { color: var(--soft); } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
        p { overflow-wrap: anywhere; }
        @media (max-width: 640px) { .wide { display: none; } .narrow { display: block; }
          main { padding: 20px 20px 40px; } }

        """
}
