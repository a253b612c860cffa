/// Fits lines into a screen.
enum TopLayout {
    /// Breaks lines that are too wide between words, and leaves out what does not fit below. The
    /// footer is always the last row.
    static func fit(_ lines: [String], footer: String, rows: Int, columns: Int) -> [String] {
        let room = max(0, rows - 1)
        var rows = lines.flatMap { broken($0, columns) }
        if rows.count > room {
            rows = Array(rows.prefix(max(0, room - 1)))
            if room > 0 { rows.append(String("… the window is too low for more".prefix(columns))) }
        }
        return rows + [String(footer.prefix(columns))]
    }

    /// One line as rows; those after the first are set in.
    private static func broken(_ line: String, _ columns: Int) -> [String] {
        var rows: [String] = []
        var rest = line[...]
        while rest.count > columns, columns > Limits.narrowestColumns {
            let end = rest.index(rest.startIndex, offsetBy: columns)
            // A row may be full to the last column: then the space is what comes next.
            let cut = rest[...end].lastIndex(of: " ") ?? end
            // What is set in consists of spaces: to break there would gain nothing.
            let isGain = rest[..<cut].contains { $0 != " " }
            rows.append(String(rest[..<(isGain ? cut : end)]))
            let next = rest[(isGain ? cut : end)...].drop { $0 == " " }
            rest = (String(repeating: " ", count: Limits.brokenIndent) + next)[...]
        }
        rows.append(String(rest.prefix(columns)))
        return rows
    }
}
