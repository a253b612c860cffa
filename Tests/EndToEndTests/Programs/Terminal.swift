import Glibc
import TestSupport
import Testing

/// A real terminal with a program in it.
final class Terminal {
    let process: ChildProcess
    /// Everything that it was sent so far.
    private(set) var output = ""
    private let master: Int32
    /// Held open, so that the end of the program is not the end of the terminal.
    private let slave: Int32
    private var bytes: [UInt8] = []

    /// Starts a command of the shell, whose terminal this is.
    init(_ command: String, rows: Int = 24, columns: Int = 80) throws {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(master >= 0)
        // What grantpt, unlockpt and ptsname do, which Glibc's module lacks.
        let (unlock, name): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
        var number: Int32 = 0
        // SAFETY: the kernel reads and writes the number during the calls.
        withUnsafeMutablePointer(to: &number) {
            _ = ioctl(master, unlock, $0)
            _ = ioctl(master, name, $0)
        }
        let path = "/dev/pts/\(number)"
        self.master = master
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        Self.resize(master, rows, columns)
        // The first terminal that the leader of a session opens becomes its own.
        process = ChildProcess(
            "setsid", ["sh", "-c", "exec <\(path) >\(path) 2>&1; exec \(command)"])
    }

    deinit {
        process.signal(SIGKILL)
        close(master)
        close(slave)
    }

    /// What the last complete screen shows, row by row.
    var rows: [String] {
        guard let end = output.range(before: "\u{1b}[J", last: true),
            let start = output[..<end].range(before: "\u{1b}[H", last: true)
        else { return [] }
        return output[start..<end].dropFirst(3).split(
            separator: "\u{1b}[K", omittingEmptySubsequences: false
        ).dropLast().map { $0.filter { $0 != "\r\n" && $0 != "\r" && $0 != "\n" } }
    }

    /// The last complete screen as one text.
    var screen: String { rows.joined(separator: "\n") }

    /// Types.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// Changes the window.
    func resize(rows: Int, columns: Int) { Self.resize(master, rows, columns) }

    /// Reads on until a condition holds; false if that does not come to pass within a minute.
    func wait(until condition: () -> Bool) -> Bool {
        var silent = 0
        while !condition() {
            var ready = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 100) > 0 else {
                silent += 1
                if silent > 600 { return false }
                continue
            }
            var room = [UInt8](repeating: 0, count: 65_536)
            let count = read(master, &room, room.count)
            if count <= 0 { return condition() }
            // What was sent long ago is of no use to anybody.
            bytes = Array((bytes + room[..<count]).suffix(65_536))
            output = String(decoding: bytes, as: UTF8.self)
        }
        return true
    }

    /// Waits until a text has been sent.
    func wait(for text: String) -> Bool { wait { output.has(text) } }

    /// Forgets what was sent so far.
    func clear() { (output, bytes) = ("", []) }

    private static func resize(_ master: Int32, _ rows: Int, _ columns: Int) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        // SAFETY: the kernel reads the struct during the call.
        withUnsafeMutablePointer(to: &size) { _ = ioctl(master, UInt(TIOCSWINSZ), $0) }
    }
}

extension StringProtocol {
    /// Whether a text stands in this one, by its bytes.
    func has(_ text: String) -> Bool { range(before: text, last: false) != nil }

    /// Where a text begins, the first or the last time.
    func range(before text: String, last: Bool) -> Index? {
        let (all, wanted) = (Array(utf8), Array(text.utf8))
        guard all.count >= wanted.count else { return nil }
        let places = 0...(all.count - wanted.count)
        func fits(_ place: Int) -> Bool {
            all[place] == wanted[0] && all[place..<place + wanted.count].elementsEqual(wanted)
        }
        let place = last ? places.last(where: fits) : places.first(where: fits)
        return place.map { utf8.index(startIndex, offsetBy: $0) }
    }
}
