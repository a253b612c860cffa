import Glibc

/// A process that holds a lock on a file (flock), as `/proc/locks` tells it.
public struct LockHolder: Equatable, Sendable, CustomStringConvertible {
    /// Its process id.
    public let pid: Int32
    /// What it runs, as `ps` shows it; nil if that is not told.
    public let program: String?

    /// One of those who have a file locked; nil if nobody has, or it is not told: the holder may be of
    /// another namespace or, on a network's file system, of another machine.
    ///
    /// - Parameter own: a process that is not meant.
    public init?(of descriptor: Int32, besides own: Int32? = nil) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        let device = UInt64(status.st_dev)
        // makedev(3): what `/proc/locks` names by two hexadecimal numbers.
        let major = device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000
        let minor = device & 0xFF | device >> 12 & 0xFFFF_FF00
        for line in Self.lines(of: "/proc/locks") {
            // 3: FLOCK  ADVISORY  WRITE 12719 fe:00:16367641 0 EOF
            let words = line.split(separator: " ")
            guard words.count > 5, words[1] == "FLOCK", let pid = Int32(words[4]), pid > 0,
                pid != own
            else { continue }
            let place = words[5].split(separator: ":")
            let numbers = place.prefix(2).map { UInt64($0, radix: 16) }
            guard place.count == 3, numbers == [major, minor],
                UInt64(place[2]) == UInt64(status.st_ino)
            else { continue }
            self.pid = pid
            program = Self.lines(of: "/proc/\(pid)/comm").first
            return
        }
        return nil
    }

    /// For a sentence: `relayd (process 4711)`.
    public var description: String { "\(program ?? "another program") (process \(pid))" }

    private static func lines(of path: String) -> [String] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var line: UnsafeMutablePointer<CChar>?
        var room = 0
        // SAFETY: allocated by getline, which ends it with a zero; freed once.
        defer { free(line) }
        while getline(&line, &room, file) > 0, let line {
            lines.append(String(String(cString: line).prefix { $0 != "\n" }))
        }
        return lines
    }
}
