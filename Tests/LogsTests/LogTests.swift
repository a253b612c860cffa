import CLinux
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Logs

@Suite struct LogTests {
    private let directory = TemporaryDirectory()

    private func events(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            line.split(separator: " ").first { $0.hasPrefix("event=") }.map(String.init) ?? "none"
        }
    }

    @Test("Lines are whole and in order, and all of them are there after the end.")
    func written() throws {
        let path = directory.file("log")
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let log = try Log(to: file, as: .logfmt, forJournal: false)
        for number in 0..<1_000 { log.write(.info, "start", nil, [("number", .number(number))]) }
        log.finish()
        let lines = readText(path).split(separator: "\n")
        #expect(lines.count == 1_000 && log.lines == 1_000 && log.lostLines == 0)
        for (number, line) in lines.enumerated() {
            #expect(line.hasSuffix(" event=start number=\(number)"))
        }
    }

    @Test("Who logs into a pipe that nobody reads is not kept waiting; what was lost is said.")
    func unread() throws {
        var ends: [Int32] = [-1, -1]
        try #require(relay_pipe(&ends) == 0)
        let log = try Log(to: ends[1], as: .logfmt, forJournal: false)
        let text = String(repeating: "x", count: 1_000)
        for _ in 0..<3_000 { log.write(.info, "start", text) }
        // A pipe takes 64 KiB, and 1 MiB waits: of 3 MB two thirds are lost.
        #expect(log.lostLines > 1_500 && log.lostLines < 2_500)
        let reader = PipeReader(ends[0])
        log.write(.info, "end")
        while !reader.text.contains("event=log_lines_lost") { usleep(2_000) }
        log.finish()
        close(ends[1])
        reader.join()
        let names = events(reader.text)
        let count = try #require(reader.text.firstRange(of: "event=log_lines_lost lines="))
        let told = reader.text[count.upperBound...].prefix { $0.isNumber }
        #expect(Int(told) == Int(log.lostLines))
        #expect(names.count == 3_002 - Int(log.lostLines))
        #expect(!names.contains("none"))
    }

    @Test("An end that nobody waits for is over in time.")
    func stuck() throws {
        var ends: [Int32] = [-1, -1]
        try #require(relay_pipe(&ends) == 0)
        let log = try Log(to: ends[1], as: .logfmt, forJournal: false)
        for _ in 0..<3_000 { log.write(.info, "start", String(repeating: "x", count: 100)) }
        log.finish()
        // What the pipe took before it was full.
        #expect(log.lines < 3_000)
        // Lets the thread end.
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
    }

    @Test(
        "After a full disk the next line begins a line of its own, and says how many are missing.")
    func fullDisk() throws {
        // A limit on the size of files fails like a full disk, and can be lifted.
        var before = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        signal(SIGXFSZ, SIG_IGN)
        let path = directory.file("log")
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        // Only this file is as long: a hole at its beginning.
        let start = 1 << 40
        lseek(file, off_t(start - 150), SEEK_SET)
        var small = rlimit(rlim_cur: rlim_t(start), rlim_max: before.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
        let log = try Log(to: file, as: .logfmt, forJournal: false)
        for _ in 0..<10 { log.write(.info, "start", "one of ten lines") }
        while log.lines + log.lostLines < 10 { usleep(2_000) }
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        #expect(log.lostLines > 0)
        log.write(.info, "end")
        log.finish()
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = pread(file, &bytes, bytes.count, off_t(start - 150))
        let names = events(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
        let whole = names.filter { $0 == "event=start" }.count
        #expect(names.contains("event=end"), "\(names)")
        #expect(names.contains("event=log_lines_lost"), "\(names)")
        #expect(whole >= 10 - Int(log.lostLines))
    }

    @Test("Of many of a kind one is told, and at the end how many more there were.")
    func repeated() throws {
        let path = directory.file("log")
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let log = try Log(to: file, as: .logfmt, forJournal: false)
        for number in 0..<5 {
            log.write(.warning, "cut", reason: "resets", every: 3_600_000, "number \(number)")
            log.write(.warning, "cut", reason: "silent", every: 3_600_000, "number \(number)")
        }
        log.write(.warning, "cut", every: 3_600_000, "alone")
        log.finish()
        let lines = readText(path).split(separator: "\n").map { line in
            String(line[line.firstRange(of: "event=")!.lowerBound...])
        }
        #expect(
            Set(lines) == [
                "event=cut reason=resets msg=\"number 0\"",
                "event=cut reason=silent msg=\"number 0\"", "event=cut msg=alone",
                "event=repeated of=cut reason=resets count=4 "
                    + "msg=\"as often again since the last such line\"",
                "event=repeated of=cut reason=silent count=4 "
                    + "msg=\"as often again since the last such line\"",
            ])
        #expect(lines.count == 5)
    }

    @Test(
        "How many more there were is told when the interval is over, though nothing happens then.")
    func interval() throws {
        let path = directory.file("log")
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let log = try Log(to: file, as: .logfmt, forJournal: false)
        for _ in 0..<3 { log.write(.error, "failed", every: 200, "why") }
        for _ in 0..<5_000 where !readText(path).contains("count=2") { usleep(2_000) }
        #expect(events(readText(path)) == ["event=failed", "event=repeated"])
    }
}

/// Reads a pipe to its end, on a thread.
private final class PipeReader: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let thread = Mutex<pthread_t?>(nil)
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<PipeReader>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        let made = thread
        self.thread.withLock { $0 = made }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func join() { if let thread = thread.withLock({ $0 }) { pthread_join(thread, nil) } }

    private func run() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            bytes.withLock { $0 += buffer.prefix(count) }
        }
        close(descriptor)
    }
}
