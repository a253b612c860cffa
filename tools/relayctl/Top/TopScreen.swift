import Glibc
import Options

/// The terminal while `top` has it: another screen without a cursor, keys as they are pressed. What was
/// there before comes back when it ends, and while it is stopped.
final class TopScreen {
    /// What a user asks for.
    enum Key {
        case none
        case quit
        case help
        /// The screen is not what was shown: another size, or back from somewhere else.
        case redraw
    }

    private var before = termios()
    private var shape = (rows: 0, columns: 0)
    private var hasTerminal = false

    /// Takes the terminal; nil when there is none, or none that can be drawn on.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, !Self.isDumb else {
            return nil
        }
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        Self.hold(SIG_BLOCK)
        enter()
    }

    deinit { leave() }

    /// Whether the terminal says that it understands no more than lines.
    static var isDumb: Bool {
        guard let name = getenv("TERM") else { return true }
        return ["", "dumb"].contains(String(cString: name))
    }

    /// Shows what fits of some lines, unless another job has the terminal.
    func show(_ lines: [String]) {
        guard isInForeground else { return }
        shape = size
        let footer = "q ends   h helps"
        var text = "\u{1b}[H"
        for row in TopLayout.fit(lines, footer: footer, rows: shape.rows, columns: shape.columns) {
            text += row + "\u{1b}[K\r\n"
        }
        // No newline behind the last row: it would scroll the first one away.
        text.removeLast()
        Self.write(text + "\u{1b}[J")
    }

    /// Waits for a key for so many milliseconds.
    func key(within milliseconds: Int) -> Key {
        if Interrupt.isPending { return .quit }
        if isStopAsked {
            stop()
            return .redraw
        }
        guard isInForeground else {
            usleep(UInt32(max(milliseconds, Int(Limits.keyPause))) * 1000)
            return .none
        }
        if hasLostTerminal {
            enter()
            return .redraw
        }
        if shape != size { return .redraw }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, Int32(milliseconds)) > 0 else { return .none }
        var key: UInt8 = 0
        let (controlC, controlZ): (UInt8, UInt8) = (3, 26)
        if read(STDIN_FILENO, &key, 1) <= 0 { return .quit }
        switch key {
        case UInt8(ascii: "q"), controlC: return .quit
        case UInt8(ascii: "h"), UInt8(ascii: "?"): return .help
        case controlZ:
            // As the terminal does it: the whole job, whatever else belongs to it.
            kill(0, SIGTSTP)
            return .none
        default: return .none
        }
    }

    // MARK: Ctrl-Z and back

    /// SIGTSTP waits until the terminal has been given back.
    private static func hold(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTSTP)
        pthread_sigmask(how, &signals, nil)
    }

    private var isStopAsked: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return sigismember(&pending, SIGTSTP) == 1
    }

    /// Gives the terminal back and stops; goes on here when the shell says so.
    private func stop() {
        leave()
        Self.hold(SIG_UNBLOCK)
        Self.hold(SIG_BLOCK)
        if isInForeground { enter() }
    }

    private var isInForeground: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    /// Whether a shell has set the terminal to its own ways: after a stop that could not be held.
    private var hasLostTerminal: Bool {
        var now = termios()
        return tcgetattr(STDIN_FILENO, &now) == 0 && now.c_lflag & tcflag_t(ICANON) != 0
    }

    private func enter() {
        hasTerminal = true
        var raw = before
        // Ctrl-C comes as a byte like any other key, so that there is one way out.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        Self.write("\u{1b}[?1049h\u{1b}[?25l")
    }

    private func leave() {
        // A job in the background may not touch the terminal: the shell has set it already.
        guard hasTerminal, isInForeground else { return }
        hasTerminal = false
        Self.write("\u{1b}[?25h\u{1b}[?1049l")
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    private var size: (rows: Int, columns: Int) {
        var window = winsize()
        // SAFETY: the kernel fills the struct during the call.
        let code = withUnsafeMutablePointer(to: &window) {
            ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), UnsafeMutableRawPointer($0))
        }
        guard code == 0, window.ws_row > 0, window.ws_col > 0 else { return (24, 80) }
        return (Int(window.ws_row), Int(window.ws_col))
    }

    private static func write(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes in
            // SAFETY: `bytes` is alive inside this closure, and write(2) does not keep the pointer.
            _ = Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
