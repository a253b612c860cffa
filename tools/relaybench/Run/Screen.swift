import Glibc

/// What is seen while a run goes on: one line that redraws itself on a terminal, a line every few
/// seconds in a log. Always on standard error; standard output is the report.
final class Screen {
    private enum Style {
        case live
        case lines
        case quiet
    }

    private let style: Style
    private var shown = 0
    private var last: Int64 = 0

    init(quiet: Bool) {
        style = quiet ? .quiet : isatty(STDERR_FILENO) == 1 ? .live : .lines
    }

    /// Says something if it is time to.
    ///
    /// - Parameter after: nanoseconds since the measured part began; negative in the warm-up.
    func update(_ board: Board, _ after: Int64, _ workload: Workload) {
        switch style {
        case .quiet: return
        case .live:
            if after - last < Int64(Limits.redraw) * 1_000_000, last != 0 { return }
            last = after
            write("\r" + line(board, after, workload) + "\u{1b}[K")
        case .lines:
            let second = Int(after / 1_000_000_000)
            if after < 0 || second < shown + Limits.lineSeconds { return }
            shown = second
            write(line(board, after, workload) + "\n")
        }
    }

    /// Gives the line back to the terminal.
    func clear() {
        if style == .live { write("\r\u{1b}[K") }
        (shown, last) = (0, 0)
    }

    /// A line of its own, such as a step of a search.
    func say(_ text: String) {
        if style == .live { write("\r\u{1b}[K") }
        if style != .quiet { write(text + "\n") }
    }

    private func line(_ board: Board, _ after: Int64, _ workload: Workload) -> String {
        if after < 0 { return "warming up, \(-after / 1_000_000_000 + 1) s left" }
        let second = after / 1_000_000_000
        var line = "\(second) s"
        if workload.requests == nil, workload.duration > 0 {
            let share = Double(after) / Double(workload.duration)
            line = bar(min(1, share)) + " " + line + " of \(workload.duration / 1_000_000_000) s"
        }
        guard let newest = board.newest else { return line }
        line += "  \(Figure.grouped(newest.requests))/s"
        if newest.requests > 0 {
            line += "  p50 \(Figure.time(Double(newest.p50) / 1_000))"
            line += "  p99 \(Figure.time(Double(newest.p99) / 1_000))"
        } else {
            line += "  no answer for \(Figure.time(Double(newest.waiting) / 1_000))"
        }
        line += "  errors \(Figure.grouped(newest.errors))"
        return line
    }

    private func bar(_ share: Double) -> String {
        let width = 20
        let filled = Int(share * Double(width))
        return String(repeating: "█", count: filled)
            + String(repeating: "░", count: width - filled)
    }

    private func write(_ text: String) {
        var copy = text
        // SAFETY: write(2) does not keep the pointer.
        copy.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
