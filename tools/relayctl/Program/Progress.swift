import Glibc
import System

/// How far a long command is, for whoever waits: a bar that redraws itself on a terminal, a line
/// now and then in a log, a JSON object a line for a script. Always on standard error, because
/// standard output is the command's answer.
struct Progress {
    /// What is counted.
    enum Unit {
        case pieces
        case bytes
    }

    private enum Style {
        case bar
        case lines
        case json
    }

    private let label: String
    /// Nil when nobody knows how much there is, as of a pipe.
    private let total: Int?
    private let unit: Unit
    private let style: Style
    private let started: Int
    private var lastShown: Int
    private var speed = Speed()

    /// Begins the clock. Counted are pieces of whatever the label names, or bytes.
    init(_ label: String, total: Int?, unit: Unit = .pieces, json: Bool) {
        self.label = label
        self.total = total.map { max(1, $0) }
        self.unit = unit
        style = json ? .json : isatty(STDERR_FILENO) == 1 ? .bar : .lines
        started = Self.now()
        lastShown = started
    }

    /// Says how many are done, if it is time to say something again.
    mutating func update(_ done: Int) {
        let now = Self.now()
        let interval = style == .bar ? Limits.redrawInterval : Limits.progressInterval
        guard now - lastShown >= interval else { return }
        lastShown = now
        speed.note(done, at: now - started)
        show(done, at: now)
    }

    /// Says that everything is done; the last state always shows.
    mutating func finish(_ done: Int) {
        let now = Self.now()
        // The last rate is that of the whole, and what is left is nothing.
        speed = Speed()
        show(done, at: now)
        if style == .bar { Self.write("\n") }
    }

    /// Gives the line back to the terminal before something else is written.
    func interrupt() {
        if style == .bar { Self.write("\r\u{1b}[K") }
    }

    /// Milliseconds since the command began.
    var elapsed: Int { Self.now() - started }

    private func show(_ done: Int, at now: Int) {
        let rate = speed.perSecond ?? done * 1000 / max(1, now - started)
        let left = total.flatMap { rate > 0 ? max(0, $0 - done) / rate : nil }
        switch style {
        case .json: Self.write(json(done, rate, left) + "\n")
        case .lines:
            var line = "\(label): \(unit.text(done))"
            if let total { line += " of \(unit.text(total)) (\(done * 100 / total) %)" }
            line += ", \(unit.text(rate))/s"
            if let left { line += ", \(left) s left" }
            Self.write(line + "\n")
        case .bar:
            var line = "\r\(label) "
            if let total {
                let width = Limits.barColumns
                let filled = min(width, done * width / total)
                line += String(repeating: "█", count: filled)
                line += String(repeating: "░", count: width - filled)
                line += " \(unit.text(done))/\(unit.text(total))"
            } else {
                line += unit.text(done)
            }
            line += "  \(unit.text(rate))/s"
            if let left { line += "  \(left) s left" }
            // Erase to the end: the line before may have been longer.
            Self.write(line + "\u{1b}[K")
        }
    }

    private func json(_ done: Int, _ rate: Int, _ left: Int?) -> String {
        var line = #"{"progress":"\#(label)","done":\#(done)"#
        if let total { line += #","total":\#(total)"# }
        line += #","unit":"\#(unit == .bytes ? "bytes" : "pieces")","perSecond":\#(rate)"#
        if let left { line += #","secondsLeft":\#(left)"# }
        return line + "}"
    }

    private static func now() -> Int { Int(SystemClock.monotonic.milliseconds) }

    /// Writes to standard error, whatever becomes of it.
    static func write(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes in
            // SAFETY: `bytes` is alive inside this closure, and write(2) does not keep the pointer.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}

/// The rate of the last seconds, which says more of what is left than that of the whole: a copy
/// that has left the page cache goes on at the disk's pace.
struct Speed {
    private var marks: [(done: Int, at: Int)] = [(0, 0)]

    /// Notes how many were done after so many milliseconds.
    mutating func note(_ done: Int, at milliseconds: Int) {
        marks.append((done, milliseconds))
        while marks.count > 2, milliseconds - marks[1].at >= Limits.speedWindow {
            marks.removeFirst()
        }
    }

    /// Nil before there is anything to tell.
    var perSecond: Int? {
        guard let last = marks.last, marks.count > 1, last.at > marks[0].at else { return nil }
        return (last.done - marks[0].done) * 1000 / (last.at - marks[0].at)
    }
}

extension Progress.Unit {
    /// A number of pieces as it is, of bytes in the largest binary unit: `1536 MiB` is `1.5 GiB`.
    func text(_ number: Int) -> String {
        guard self == .bytes, number >= 1024 else {
            return self == .bytes ? "\(number) B" : "\(number)"
        }
        let units = ["KiB", "MiB", "GiB", "TiB"]
        var (value, index) = (number * 10 / 1024, 0)
        while value >= 10_240, index < units.count - 1 {
            value /= 1024
            index += 1
        }
        return "\(value / 10).\(value % 10) \(units[index])"
    }
}
