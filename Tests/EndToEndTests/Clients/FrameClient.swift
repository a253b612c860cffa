import Glibc

@testable import HTTP2

/// A client that sends GETs as ready-made frames and of the answers looks at frame headers and
/// statuses only: cheap enough to ask a hundred thousand times from a debug build, able to ask
/// and then read nothing.
final class FrameClient {
    /// How many answers of each status have begun.
    struct Statuses: Equatable {
        var ok = 0
        var notModified = 0
        var others = 0
    }

    private(set) var statuses = Statuses()
    /// How many answers have come to their end.
    private(set) var answers = 0
    /// Bytes of DATA that have come, and how many of them at the end of the answer to the newest request.
    private(set) var bytes = 0
    private(set) var bytesBeforeNewest: Int?
    private let socket: Int32
    private let key: String
    private var nextStream: UInt32 = 1
    private var isKeyIndexed = false
    /// DATA bytes since the last WINDOW_UPDATE.
    private var unacknowledged = 0

    // Where the parser stands: bytes of a frame header gathered, of a payload left to skip.
    private var header = InlineArray<9, UInt8>(repeating: 0)
    private var headerCount = 0
    private var payloadLeft = 0
    private var awaitsStatus = false

    private static let bufferBytes = 256 * 1024
    // SAFETY: freed in deinit.
    private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: bufferBytes)

    /// Window of the connection before any WINDOW_UPDATE (RFC 9113 §6.9.2), and the largest.
    private static let initialWindow = 65_535
    private static let largestWindow = 0x7FFF_FFFF
    /// DATA bytes after which the connection's window is opened again.
    private static let windowStep = 1 << 29

    /// Connects.
    ///
    /// - Parameter window: bytes that the server may send per stream (0: none at all).
    init(_ path: String, key: String, window: Int = FrameClient.largestWindow) throws {
        self.key = key
        socket = try UnixSocket.connect(path)
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        bytes += RawFrames.frame(4, [0, 2, 0, 0, 0, 0] + [0, 4] + RawFrames.word(window))
        bytes += RawFrames.frame(4, flags: 1, [])
        bytes += RawFrames.frame(8, RawFrames.word(Self.largestWindow - Self.initialWindow))
        try RawFrames.write(to: socket, bytes)
    }

    deinit {
        close(socket)
        buffer.deallocate()
    }

    /// Asks without waiting for any answer.
    ///
    /// - Parameter tag: an entity tag for `If-None-Match`.
    func ask(_ paths: [String], tag: String? = nil) throws {
        try RawFrames.write(to: socket, paths.flatMap { request($0, tag: tag) })
    }

    /// Asks for each path in turn until there were `count` answers, `streams` at a time.
    func get(_ paths: [String], count: Int, streams: Int = 64, tag: String? = nil) throws {
        var asked = 0
        while asked < count {
            let batch = min(streams, count - asked)
            try ask((0..<batch).map { paths[(asked + $0) % paths.count] }, tag: tag)
            asked += batch
            try read(until: answers + batch)
        }
    }

    /// Reads until there were `count` answers in all.
    func read(until count: Int) throws {
        while answers < count {
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 30_000) == 1 else {
                throw TransportError.timedOut("answer \(answers + 1)")
            }
            let received = recv(socket, buffer, Self.bufferBytes, 0)
            guard received > 0 else { throw TransportError.connectionClosed("by the server") }
            parse(received)
            if unacknowledged > Self.windowStep {
                try RawFrames.write(to: socket, RawFrames.frame(8, RawFrames.word(unacknowledged)))
                unacknowledged = 0
            }
        }
    }

    // MARK: Frames

    private func parse(_ count: Int) {
        var position = 0
        while position < count {
            if headerCount < 9 {
                header[headerCount] = buffer[position]
                headerCount += 1
                position += 1
                if headerCount == 9 { frameBegins() }
                continue
            }
            if awaitsStatus {
                noteStatus(buffer[position])
                awaitsStatus = false
            }
            let skipped = min(payloadLeft, count - position)
            position += skipped
            payloadLeft -= skipped
            if payloadLeft == 0 { headerCount = 0 }
        }
    }

    private func frameBegins() {
        payloadLeft = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        let type = header[3]
        if type == 0 {
            unacknowledged += payloadLeft
            bytes += payloadLeft
        }
        // An answer has one HEADERS frame: trailers do not come.
        awaitsStatus = type == 1 && payloadLeft > 0
        if type <= 1, header[4] & 1 == 1 {
            answers += 1
            let stream = (5...8).reduce(UInt32(0)) { $0 << 8 | UInt32(header[$1]) }
            if stream == nextStream - 2 { bytesBeforeNewest = bytes }
        }
        if payloadLeft == 0 { headerCount = 0 }
    }

    /// A status is one byte of the static table, ahead of all other fields (RFC 7541 §A).
    private func noteStatus(_ field: UInt8) {
        switch field {
        case 0x88: statuses.ok += 1
        case 0x8B: statuses.notModified += 1
        default: statuses.others += 1
        }
    }

    private func request(_ path: String, tag: String?) -> [UInt8] {
        // :method GET and :scheme http from the static table, :path and :authority literally.
        var block: [UInt8] =
            [0x82, 0x86, 0x04] + RawFrames.text(path) + [0x01] + RawFrames.text("localhost")
        if isKeyIndexed {
            block.append(0xBE)
        } else {
            block += [0x57] + RawFrames.text("Bearer \(key)")
            isKeyIndexed = true
        }
        // if-none-match is 41 in the static table, written with a prefix of four bits.
        if let tag { block += [0x0F, 41 - 15] + RawFrames.text(tag) }
        defer { nextStream += 2 }
        return RawFrames.frame(1, flags: 5, stream: nextStream, block)
    }
}
