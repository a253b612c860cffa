import Glibc
import Options

/// The terminal while `top` has it: another screen without a cursor, keys as they are pressed. What was
/// there before comes back with `deinit`.
struct TopScreen: ~Copyable {
    private var before = termios()

    /// Takes the terminal; nil when there is none.
    init?() {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1,
            tcgetattr(STDIN_FILENO, &before) == 0
        else { return nil }
        var raw = before
        // Ctrl-C comes as a byte like any other key, so that there is one way out.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        Self.write("\u{1b}[?1049h\u{1b}[?25l")
    }

    deinit {
        Self.write("\u{1b}[?25h\u{1b}[?1049l")
        var before = before
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    /// Shows what fits of some lines.
    func show(_ lines: [String]) {
        let (rows, columns) = size
        var text = "\u{1b}[H"
        for line in lines.prefix(rows) {
            text += line.prefix(columns) + "\u{1b}[K"
            // No newline behind the last row: it would scroll the first one away.
            text += "\r\n"
        }
        text.removeLast()
        Self.write(text + "\u{1b}[J")
    }

    /// Waits for so many milliseconds; true when the user wants to leave. The window may change
    /// meanwhile: then it returns at once.
    func waitForKey(_ milliseconds: Int) -> Bool {
        let (start, shape) = (TopSample.now(), size)
        repeat {
            if Interrupt.isPending { return true }
            let left = milliseconds - (TopSample.now() - start)
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let pause = Int32(min(max(left, 0), Int(Limits.keyPause)))
            guard poll(&input, 1, pause) > 0 else { continue }
            var key: UInt8 = 0
            let controlC: UInt8 = 3
            if read(STDIN_FILENO, &key, 1) <= 0 { return true }
            if key == UInt8(ascii: "q") || key == controlC { return true }
        } while TopSample.now() - start < milliseconds && size == shape
        return false
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
