import Glibc
import Testing

/// What a client may send and what RFC 9113 or RFC 7541 says to it.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// GOAWAY with this code, then the end of the connection (RFC 9113 §5.4.1).
        case connectionError(UInt32)
        /// RST_STREAM of stream 3 with this code; the connection goes on (RFC 9113 §5.4.2).
        case streamError(UInt32)
        /// Stream 3 is answered with this status; the connection goes on.
        case answered(UInt8)
        /// Nothing is said to it; the connection goes on.
        case ignored
    }

    /// 404 by its index in the static table.
    static let missing: UInt8 = 0x8D

    let section: String
    let title: String
    let outcome: Outcome
    /// Sent first; its answer on stream 3 is awaited to the end.
    var before: [UInt8] = []
    let bytes: [UInt8]

    init(
        _ section: String, _ title: String, _ outcome: Outcome, before: [UInt8] = [],
        _ bytes: [UInt8]
    ) {
        self.section = section
        self.title = title
        self.outcome = outcome
        self.before = before
        self.bytes = bytes
    }

    var testDescription: String { "§\(section) \(title)" }

    /// Where a server listens that the cases are for, in place of one in this process: a relayd, say,
    /// as `tools/torture protocol` has it. It knows none of the paths: what the sample server answers
    /// with 200, it answers with 404.
    private static let givenSocket = getenv("RELAY_CONFORMANCE_SOCKET").map { String(cString: $0) }

    /// One for all cases: each has a connection of its own.
    // SAFETY: made once, used by connecting to its path only.
    nonisolated(unsafe) private static let server = Result { try SampleServer() }

    /// Sends the case's bytes behind a request that is in order, in one write, and looks at what comes:
    /// whatever the case is, that request is answered.
    func run() throws {
        let client = try RawConnection(Self.givenSocket ?? Self.server.get().path)
        if !before.isEmpty {
            client.write(before)
            try #require(client.awaitsEnd(of: 3), "\(self): no answer to what comes first")
        }
        client.write(RawConnection.get("/missing", stream: before.isEmpty ? 1 : 5) + bytes)
        switch outcome {
        case .connectionError(let code): try expectConnectionError(client, code)
        case .streamError(let code):
            let frame = try expectGoesOn(client) { $0.type == 3 && $0.stream == 3 }
            #expect(frame?.errorCode == code, "\(self)")
        case .answered(let status):
            let frame = try expectGoesOn(client) { $0.type == 1 && $0.stream == 3 }
            let expected = Self.givenSocket == nil ? status : Self.missing
            #expect(frame?.status == expected, "\(self)")
        case .ignored: _ = try expectGoesOn(client) { _ in false }
        }
    }

    private var witness: UInt32 { before.isEmpty ? 1 : 5 }

    private func expectConnectionError(_ client: RawConnection, _ code: UInt32) throws {
        var goAway: RawConnection.Frame?
        var answered = false
        while let frame = client.next() {
            if frame.type == RawConnection.goAway, goAway == nil { goAway = frame }
            if frame.type == 0, frame.stream == witness, frame.flags & 1 == 1 { answered = true }
        }
        #expect(goAway?.errorCode == code, "\(self)")
        #expect(goAway.map { $0.payload.count > 8 } ?? false, "\(self): GOAWAY says why")
        #expect(goAway?.lastStream ?? 0 >= witness, "\(self)")
        #expect(answered, "\(self): what was accepted is answered")
        #expect(client.isClosed(timeout: 3_000), "\(self)")
    }

    /// - Returns: the frame that was looked for.
    private func expectGoesOn(
        _ client: RawConnection, _ isWanted: (RawConnection.Frame) -> Bool
    ) throws -> RawConnection.Frame? {
        client.write(RawConnection.get("/later", stream: 101))
        var found: RawConnection.Frame?
        while let frame = client.next() {
            if frame.type == RawConnection.goAway {
                Issue.record("\(self): GOAWAY \(frame.errorCode) \(frame.debugText)")
            }
            if case .ignored = outcome, frame.type == 3 {
                Issue.record("\(self): RST_STREAM \(frame.errorCode)")
            }
            if found == nil, isWanted(frame) { found = frame }
            if frame.stream == 101, frame.type == 0, frame.flags & 1 == 1 { return found }
        }
        Issue.record("\(self): the connection does not go on")
        return found
    }
}

extension ConformanceCase.Outcome {
    static let protocolError = Self.connectionError(1)
    static let flowControlError = Self.connectionError(3)
    static let streamClosed = Self.connectionError(5)
    static let frameSizeError = Self.connectionError(6)
    static let compressionError = Self.connectionError(9)
    static let malformed = Self.streamError(1)
    static let ok = Self.answered(0x88)
    static let notFound = Self.answered(ConformanceCase.missing)
}

extension RawConnection {
    /// Reads until a stream's end has come.
    func awaitsEnd(of stream: UInt32) -> Bool {
        while let frame = next() {
            if frame.stream == stream, frame.type == 3 { return true }
            if frame.stream == stream, frame.type <= 1, frame.flags & 1 == 1 { return true }
        }
        return false
    }
}

extension RawConnection.Frame {
    /// First byte of an answer's fields, behind a dynamic table size update: the status by its index in
    /// the static table (RFC 7541 §A), 0x88 for 200 and 0x8D for 404.
    var status: UInt8? { payload.first { $0 != 0x20 } }

    /// Last stream of a GOAWAY frame.
    var lastStream: UInt32 { payload[0..<4].reduce(0) { $0 << 8 | UInt32($1) } }

    /// Why, in words.
    var debugText: String { String(decoding: payload.dropFirst(8), as: UTF8.self) }
}

/// Field sections written by hand, in literals without indexing (RFC 7541 §6.2.2).
enum FieldSection {
    /// :method GET and :scheme http by their indexes, and a path that answers 404.
    static let get: [UInt8] = [0x82, 0x86] + path("/missing")
    static let post: [UInt8] = [0x83, 0x86] + path("/echo")

    static func path(_ text: String) -> [UInt8] { [0x04, UInt8(text.utf8.count)] + text.utf8 }

    static func literal(_ name: String, _ value: String) -> [UInt8] {
        literal(Array(name.utf8), Array(value.utf8))
    }

    static func literal(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
        [0, UInt8(name.count)] + name + [UInt8(value.count)] + value
    }
}

/// Frames for the cases, on stream 3 unless another is named.
enum Frames {
    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4
    static let padded: UInt8 = 8
    static let priority: UInt8 = 32

    static func headers(
        _ block: [UInt8], flags: UInt8 = endStream | endHeaders, stream: UInt32 = 3
    ) -> [UInt8] {
        RawConnection.frame(1, flags: flags, stream: stream, block)
    }

    static func data(
        _ payload: [UInt8], flags: UInt8 = endStream, stream: UInt32 = 3
    ) -> [UInt8] {
        RawConnection.frame(0, flags: flags, stream: stream, payload)
    }

    /// A POST whose body follows.
    static let open = headers(FieldSection.post, flags: endHeaders)
    static let get = headers(FieldSection.get)
    /// A GET that is answered after a while.
    static let later = headers([0x82, 0x86] + FieldSection.path("/later"))

    static func settings(_ id: UInt8, _ value: UInt32) -> [UInt8] {
        RawConnection.frame(4, [0, id] + word(value))
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func windowUpdate(_ value: UInt32, stream: UInt32 = 3) -> [UInt8] {
        RawConnection.frame(8, stream: stream, word(value))
    }

    static func continuation(
        _ block: [UInt8], flags: UInt8 = endHeaders, stream: UInt32 = 3
    ) -> [UInt8] {
        RawConnection.frame(9, flags: flags, stream: stream, block)
    }

    static let reset = RawConnection.frame(3, stream: 3, word(8))
    static let ping = RawConnection.frame(6, [UInt8](repeating: 7, count: 8))
}
