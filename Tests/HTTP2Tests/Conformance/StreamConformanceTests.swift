import Testing

/// RFC 9113 §5, and what §6 says of settings and windows.
@Suite("A stream") struct StreamConformanceTests {
    @Test("takes what its state allows.", arguments: Self.statesCases)
    func states(_ test: ConformanceCase) throws { try test.run() }

    @Test("is opened in order.", arguments: Self.identifiersCases)
    func identifiers(_ test: ConformanceCase) throws { try test.run() }

    @Test("goes on under any settings that are in order.", arguments: Self.settingsCases)
    func settings(_ test: ConformanceCase) throws { try test.run() }

    @Test("has a window that its client keeps within bounds.", arguments: Self.windowsCases)
    func windows(_ test: ConformanceCase) throws { try test.run() }

    @Test("may have its fields in nine frames.", arguments: Self.continuationsCases)
    func continuations(_ test: ConformanceCase) throws { try test.run() }

    static let priority = RawConnection.frame(2, stream: 3, [0, 0, 0, 0, 15])

    static let statesCases: [ConformanceCase] = [
        .init("5.1", "idle: DATA", .protocolError, Frames.data([1])),
        .init("5.1", "idle: RST_STREAM", .protocolError, Frames.reset),
        .init("5.1", "idle: WINDOW_UPDATE", .protocolError, Frames.windowUpdate(1)),
        .init("5.1", "idle: CONTINUATION", .protocolError, Frames.continuation([0x82])),
        .init("5.1", "idle: PRIORITY", .ignored, priority),
        .init(
            "5.1", "open: PRIORITY, WINDOW_UPDATE", .ok,
            Frames.open + priority + Frames.windowUpdate(1) + Frames.data([1])),
        .init("5.1", "open: RST_STREAM", .ignored, Frames.open + Frames.reset),
        .init("5.1", "half-closed (remote): DATA", .streamClosed, Frames.later + Frames.data([1])),
        .init("5.1", "half-closed (remote): HEADERS", .streamClosed, Frames.later + Frames.get),
        .init(
            "5.1", "half-closed (remote): CONTINUATION", .protocolError,
            Frames.later + Frames.continuation([0x82])),
        .init("5.1", "half-closed (remote): PRIORITY", .ignored, Frames.later + priority),
        .init(
            "5.1", "half-closed (remote): WINDOW_UPDATE", .ignored,
            Frames.later + Frames.windowUpdate(1)),
        .init("5.1", "half-closed (remote): RST_STREAM", .ignored, Frames.later + Frames.reset),
        .init(
            "5.1", "closed by RST_STREAM: DATA", .streamError(5),
            Frames.open + Frames.reset + Frames.data([1])),
        .init(
            "5.1", "closed by RST_STREAM: HEADERS", .streamClosed,
            Frames.open + Frames.reset + Frames.headers(FieldSection.get)),
        .init(
            "5.1", "closed by RST_STREAM: CONTINUATION", .protocolError,
            Frames.open + Frames.reset + Frames.continuation([0x82])),
        .init(
            "5.1", "closed by RST_STREAM: RST_STREAM", .ignored,
            Frames.open + Frames.reset + Frames.reset),
        .init("6.1", "closed: DATA", .streamError(5), before: Frames.get, Frames.data([1])),
        .init("6.1", "closed: empty DATA", .streamError(5), before: Frames.get, Frames.data([])),
        .init("5.1", "closed: HEADERS", .streamClosed, before: Frames.get, Frames.get),
        .init(
            "5.1", "closed: CONTINUATION", .protocolError, before: Frames.get,
            Frames.continuation([0x82])),
        .init("5.1", "closed: PRIORITY", .ignored, before: Frames.get, priority),
        .init(
            "5.1", "closed: WINDOW_UPDATE", .ignored, before: Frames.get,
            Frames.windowUpdate(1)),
        .init("5.1", "closed: RST_STREAM", .ignored, before: Frames.get, Frames.reset),
        .init(
            "5.1", "reset by the server: trailers on their way", .malformed,
            Frames.headers([0x83, 0x86], flags: Frames.endHeaders)
                + Frames.headers(FieldSection.literal("a", "b"))),
        .init(
            "5.1", "reset by the server: DATA on its way", .malformed,
            Frames.headers([0x83, 0x86], flags: Frames.endHeaders) + Frames.data([1])),
        .init(
            "7", "reset with an unknown code", .ignored,
            Frames.open + RawConnection.frame(3, stream: 3, Frames.word(0xFFFF_FFFF))),
        .init(
            "5.3.1", "PRIORITY that depends on itself", .protocolError,
            RawConnection.frame(2, stream: 3, [0, 0, 0, 3, 15])),
        .init(
            "5.3.1", "HEADERS that depend on themselves", .protocolError,
            Frames.headers([0, 0, 0, 3, 15] + FieldSection.get, flags: 0x25)),
        .init(
            "8.1", "ended by an empty DATA frame", .notFound,
            Frames.headers(FieldSection.get, flags: Frames.endHeaders) + Frames.data([])),
        .init(
            "8.1", "ended by trailers", .notFound,
            Frames.headers(FieldSection.get, flags: Frames.endHeaders)
                + Frames.headers(FieldSection.literal("a", "b"))),
    ]

    static let identifiersCases: [ConformanceCase] = [
        .init("5.1.1", "an even one", .protocolError, Frames.headers(FieldSection.get, stream: 2)),
        .init(
            "5.1.1", "one that was passed over", .protocolError,
            Frames.headers(FieldSection.get, stream: 7)
                + Frames.headers(FieldSection.get, stream: 5)),
        .init(
            "5.1.1", "the first one that was passed over", .protocolError,
            Frames.headers(FieldSection.get, stream: 99)
                + Frames.headers(FieldSection.get, stream: 3)),
        .init(
            "5.1.1", "one behind a gap", .notFound,
            Frames.get + Frames.headers(FieldSection.get, stream: 77)),
        .init("5.1.1", "the one that is open", .malformed, Frames.open + Frames.open),
    ]

    static let settingsCases: [ConformanceCase] = [
        .init("6.5.2", "ENABLE_PUSH of 2", .protocolError, Frames.settings(2, 2)),
        .init("6.5.2", "ENABLE_PUSH of 0", .notFound, Frames.settings(2, 0) + Frames.get),
        .init("6.5.2", "ENABLE_PUSH of 1", .notFound, Frames.settings(2, 1) + Frames.get),
        .init(
            "6.5.2", "INITIAL_WINDOW_SIZE of 2^31", .flowControlError,
            Frames.settings(4, 0x8000_0000)),
        .init(
            "6.5.2", "INITIAL_WINDOW_SIZE of 2^31-1", .notFound,
            Frames.settings(4, 0x7FFF_FFFF) + Frames.get),
        .init("6.5.2", "MAX_FRAME_SIZE of 16 383", .protocolError, Frames.settings(5, 16_383)),
        .init("6.5.2", "MAX_FRAME_SIZE of 2^24", .protocolError, Frames.settings(5, 1 << 24)),
        .init(
            "6.5.2", "MAX_FRAME_SIZE of 2^24-1", .notFound,
            Frames.settings(5, (1 << 24) - 1) + Frames.get),
        .init("6.5.2", "HEADER_TABLE_SIZE of 0", .notFound, Frames.settings(1, 0) + Frames.get),
        .init(
            "6.5.2", "HEADER_TABLE_SIZE of 2^32-1", .ignored,
            Frames.settings(1, .max) + Frames.get),
        .init(
            "6.5.2", "MAX_CONCURRENT_STREAMS of 0", .notFound,
            Frames.settings(3, 0) + Frames.get),
        .init(
            "6.5.2", "MAX_HEADER_LIST_SIZE of 1 MiB", .notFound,
            Frames.settings(6, 1 << 20) + Frames.get),
        .init("6.5.2", "an unknown setting", .notFound, Frames.settings(0xFF, .max) + Frames.get),
        .init("6.5.3", "a second answer to ours", .protocolError, RawConnection.frame(4, flags: 1)),
        .init(
            "6.5.3", "the last of two values", .notFound,
            RawConnection.frame(4, [0, 4, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0]) + Frames.get),
        .init(
            "6.5", "32 settings", .ignored,
            RawConnection.frame(4, (0..<32).flatMap { [1, UInt8($0), 0, 0, 0, 0] })),
        .init(
            "10.5", "33 settings", .connectionError(11),
            RawConnection.frame(4, (0..<33).flatMap { [1, UInt8($0), 0, 0, 0, 0] })),
    ]

    static let largest: UInt32 = 0x7FFF_FFFF

    static let windowsCases: [ConformanceCase] = [
        .init(
            "6.9", "an increment of 0 for the connection", .protocolError,
            Frames.windowUpdate(0, stream: 0)),
        .init(
            "6.9", "an increment of 0 for the stream", .protocolError,
            Frames.open + Frames.windowUpdate(0)),
        .init(
            "6.9.1", "an increment past 2^31-1 for the connection", .flowControlError,
            Frames.windowUpdate(largest, stream: 0)),
        .init(
            "6.9.1", "two increments past 2^31-1 for the connection", .flowControlError,
            Frames.windowUpdate(largest - 65_535, stream: 0) + Frames.windowUpdate(1, stream: 0)),
        .init(
            "6.9.1", "an increment past 2^31-1 for the stream", .streamError(3),
            Frames.open + Frames.windowUpdate(largest)),
        .init(
            "6.9.1", "the largest window for both", .ok,
            Frames.open + Frames.windowUpdate(largest - 65_535, stream: 0)
                + Frames.windowUpdate(largest - 65_535) + Frames.data([1])),
        .init(
            "6.9.2", "settings that push a stream past 2^31-1", .flowControlError,
            Frames.open + Frames.windowUpdate(largest - 65_535) + Frames.settings(4, 65_536)),
        .init(
            "6.9.2", "settings that fill a stream up to 2^31-1", .ok,
            Frames.open + Frames.windowUpdate(largest - 70_000) + Frames.settings(4, 70_000)
                + Frames.data([1])),
        .init(
            "6.9.2", "settings that take a stream below 0 and back", .ok,
            Frames.open + Frames.settings(4, 0) + Frames.settings(4, 65_535) + Frames.data([1])),
    ]

    static let continuationsCases: [ConformanceCase] = [
        .init(
            "6.10", "one CONTINUATION", .notFound,
            Frames.headers([0x82, 0x86], flags: Frames.endStream)
                + Frames.continuation(FieldSection.path("/missing"))),
        .init(
            "6.10", "a field cut in two", .notFound,
            Frames.headers(Array(FieldSection.get.prefix(6)), flags: Frames.endStream)
                + Frames.continuation(Array(FieldSection.get.dropFirst(6)))),
        .init(
            "6.10", "empty CONTINUATIONs", .notFound,
            Frames.headers([], flags: Frames.endStream) + Frames.continuation([], flags: 0)
                + Frames.continuation(FieldSection.get)),
        .init("6.10", "eight CONTINUATIONs", .notFound, parts(8)),
        .init("10.5", "nine CONTINUATIONs", .connectionError(11), parts(9)),
    ]

    static func parts(_ count: Int) -> [UInt8] {
        Frames.headers(FieldSection.get, flags: Frames.endStream)
            + (1..<count).flatMap { _ in Frames.continuation([], flags: 0) }
            + Frames.continuation([])
    }
}
