import Glibc

/// How far a long command is, for whoever waits: a bar that redraws itself on a terminal, a line
/// now and then in a log, a JSON object a line for a script. Always on standard error, because
/// standard output is the command's answer.
struct Progress {
    private enum Style {
        case bar
        case lines
        case json
    }

    private let label: String
    private let total: Int
    private let style: Style
    private let started: Int
    private var lastShown: Int

    init(_ label: String, total: Int, json: Bool) {
        self.label = label
        self.total = max(1, total)
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
        show(done, at: now)
    }

    /// Says that everything is done; the last state always shows.
    mutating func finish(_ done: Int) {
        let now = Self.now()
        show(done, at: now)
        if style == .bar { Self.write("\n") }
    }

    /// Milliseconds since the command began.
    var elapsed: Int { Self.now() - started }

    private func show(_ done: Int, at now: Int) {
        let milliseconds = max(1, now - started)
        let rate = done * 1000 / milliseconds
        let left = rate > 0 ? max(0, total - done) / rate : 0
        switch style {
        case .json:
            Self.write(
                #"{"progress":"\#(label)","done":\#(done),"total":\#(total),"#
                    + #""perSecond":\#(rate),"secondsLeft":\#(left)}"# + "\n")
        case .lines:
            let percent = done * 100 / total
            Self.write("\(label): \(done) of \(total) (\(percent) %), \(rate)/s, \(left) s left\n")
        case .bar:
            let width = 30
            let filled = min(width, done * width / total)
            let bar =
                String(repeating: "█", count: filled)
                + String(repeating: "░", count: width - filled)
            // Carriage return, then erase to the end: the line before may have been longer.
            Self.write("\r\(label) \(bar) \(done)/\(total)  \(rate)/s  \(left) s left\u{1b}[K")
        }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private static func write(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes in
            // SAFETY: `bytes` is alive inside this closure, and write(2) does not keep the pointer.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
