import Testing

/// RFC 9113 §4 and the lengths and streams of §6's frames.
@Suite("A frame") struct FrameConformanceTests {
    @Test("of unknown type or with what is reserved is ignored.", arguments: Self.ignoredCases)
    func ignored(_ test: ConformanceCase) throws { try test.run() }

    @Test("of a wrong length ends the connection.", arguments: Self.sizesCases)
    func sizes(_ test: ConformanceCase) throws { try test.run() }

    @Test("on a stream that it may not be on ends the connection.", arguments: Self.streamsCases)
    func streams(_ test: ConformanceCase) throws { try test.run() }

    @Test(
        "between the parts of a field section ends the connection.",
        arguments: Self.interleavedCases)
    func interleaved(_ test: ConformanceCase) throws { try test.run() }

    static let eight = [UInt8](repeating: 0, count: 8)

    static let ignoredCases: [ConformanceCase] =
        [10, 11, 12, 17, 127, 128, 255].map { type in
            ConformanceCase("5.5", "type \(type)", .ignored, RawConnection.frame(type, [1, 2, 3]))
        } + [
            .init("5.5", "of unknown type, empty", .ignored, RawConnection.frame(99)),
            .init(
                "5.5", "of unknown type on a stream", .ignored,
                RawConnection.frame(99, stream: 3, [1])),
            .init(
                "5.5", "of unknown type in the midst of a body", .ok,
                Frames.open + RawConnection.frame(99, stream: 3, [1]) + Frames.data([1])),
            .init(
                "4.1", "PING with undefined flags", .ignored,
                RawConnection.frame(6, flags: 0xFE, eight)),
            .init(
                "4.1", "HEADERS with undefined flags", .notFound,
                Frames.headers(FieldSection.get, flags: 0xC5 & ~0x28)),
            .init(
                "4.1", "HEADERS with the reserved bit", .notFound,
                RawConnection.frame(1, flags: 5, stream: 0x8000_0003, FieldSection.get)),
            .init(
                "4.1", "PING with the reserved bit", .ignored,
                RawConnection.frame(6, stream: 0x8000_0000, eight)),
            .init(
                "4.1", "WINDOW_UPDATE with the reserved bit", .notFound,
                Frames.windowUpdate(0x8000_0001, stream: 0) + Frames.get),
            .init(
                "4.2", "DATA of the largest length", .ok,
                Frames.open + Frames.data([UInt8](repeating: 1, count: 16_384))),
            .init(
                "6.1", "DATA with padding", .ok,
                Frames.open + Frames.data([2, 65, 0, 0], flags: Frames.endStream | Frames.padded)),
            .init(
                "6.1", "DATA that is all padding", .ok,
                Frames.open + Frames.data([3, 0, 0, 0], flags: Frames.endStream | Frames.padded)),
            .init(
                "6.2", "HEADERS with padding", .notFound,
                Frames.headers(
                    [2] + FieldSection.get + [0, 0],
                    flags: Frames.endStream | Frames.endHeaders | Frames.padded)),
            .init(
                "6.2", "HEADERS with priority", .notFound,
                Frames.headers(
                    [0, 0, 0, 1, 15] + FieldSection.get,
                    flags: Frames.endStream | Frames.endHeaders | Frames.priority)),
            .init(
                "6.2", "HEADERS with padding and priority", .notFound,
                Frames.headers(
                    [1, 0x80, 0, 0, 1, 15] + FieldSection.get + [0],
                    flags: Frames.endStream | Frames.endHeaders | Frames.priority | Frames.padded)),
            .init(
                "6.7", "PING that is an answer", .ignored,
                RawConnection.frame(6, flags: 1, eight)),
        ]

    static let sizesCases: [ConformanceCase] =
        [
            .init(
                "4.2", "DATA of 16 385 bytes", .frameSizeError,
                Frames.open + Frames.data([UInt8](repeating: 1, count: 16_385))),
            .init(
                "4.2", "HEADERS of 16 385 bytes", .frameSizeError,
                Frames.headers([UInt8](repeating: 0x82, count: 16_385))),
            .init(
                "4.2", "an unknown type of 16 385 bytes", .frameSizeError,
                RawConnection.frame(99, [UInt8](repeating: 1, count: 16_385))),
            .init(
                "6.2", "HEADERS too short for its priority", .frameSizeError,
                Frames.headers([0, 0, 0], flags: Frames.endHeaders | Frames.priority)),
            .init(
                "6.1", "DATA of nothing but padding that is longer", .protocolError,
                Frames.open + Frames.data([4, 0], flags: Frames.padded)),
            .init(
                "6.1", "DATA without its padding's length", .protocolError,
                Frames.open + Frames.data([], flags: Frames.padded)),
            .init(
                "6.2", "HEADERS with more padding than frame", .protocolError,
                Frames.headers([200] + FieldSection.get, flags: Frames.endHeaders | Frames.padded)),
            .init(
                "6.2", "HEADERS without its padding's length", .protocolError,
                Frames.headers([], flags: Frames.endHeaders | Frames.padded)),
            .init(
                "6.5", "SETTINGS that is an answer and has settings", .frameSizeError,
                RawConnection.frame(4, flags: 1, [0, 1, 0, 0, 0, 0])),
        ]
        + lengths("6.3", 2, [0, 4, 6]) + lengths("6.4", 3, [0, 3, 5])
        + lengths("6.5", 4, [1, 5, 7], stream: 0) + lengths("6.7", 6, [0, 7, 9], stream: 0)
        + lengths("6.8", 7, [0, 7], stream: 0) + lengths("6.9", 8, [0, 3, 5])

    static func lengths(
        _ section: String, _ type: UInt8, _ lengths: [Int], stream: UInt32 = 3
    ) -> [ConformanceCase] {
        lengths.map { length in
            ConformanceCase(
                section, "type \(type) of \(length) bytes", .frameSizeError,
                (stream == 0 ? [] : Frames.open)
                    + RawConnection.frame(
                        type, stream: stream, [UInt8](repeating: 0, count: length)))
        }
    }

    static let streamsCases: [ConformanceCase] = [
        .init("6.1", "DATA on stream 0", .protocolError, Frames.data([1], stream: 0)),
        .init(
            "6.2", "HEADERS on stream 0", .protocolError,
            Frames.headers(FieldSection.get, stream: 0)),
        .init(
            "6.3", "PRIORITY on stream 0", .protocolError,
            RawConnection.frame(2, [0, 0, 0, 3, 15])),
        .init(
            "6.4", "RST_STREAM on stream 0", .protocolError,
            RawConnection.frame(3, Frames.word(8))),
        .init(
            "6.5", "SETTINGS on stream 3", .protocolError,
            Frames.open + RawConnection.frame(4, stream: 3)),
        .init(
            "6.6", "PUSH_PROMISE by a client", .protocolError,
            Frames.open
                + RawConnection.frame(5, flags: 4, stream: 3, [0, 0, 0, 2] + FieldSection.get)),
        .init(
            "6.6", "PUSH_PROMISE on stream 0", .protocolError,
            RawConnection.frame(5, flags: 4, [0, 0, 0, 2] + FieldSection.get)),
        .init(
            "6.7", "PING on stream 3", .protocolError,
            Frames.open + RawConnection.frame(6, stream: 3, eight)),
        .init(
            "6.8", "GOAWAY on stream 3", .protocolError,
            Frames.open + RawConnection.frame(7, stream: 3, eight)),
        .init(
            "6.10", "CONTINUATION on stream 0", .protocolError,
            Frames.continuation(FieldSection.get, stream: 0)),
        .init(
            "6.10", "CONTINUATION behind nothing", .protocolError,
            Frames.continuation(FieldSection.get)),
        .init(
            "6.10", "CONTINUATION behind a whole field section", .protocolError,
            Frames.open + Frames.continuation(FieldSection.literal("a", "b"))),
        .init(
            "6.10", "CONTINUATION behind DATA", .protocolError,
            Frames.open + Frames.data([1], flags: 0)
                + Frames.continuation(FieldSection.literal("a", "b"))),
    ]

    static let begun = Frames.headers(FieldSection.get, flags: Frames.endStream)

    static let interleavedCases: [ConformanceCase] = [
        ("DATA", Frames.data([1])), ("HEADERS", Frames.headers(FieldSection.get, stream: 5)),
        ("HEADERS on the same stream", Frames.get),
        ("PRIORITY", RawConnection.frame(2, stream: 3, [0, 0, 0, 0, 15])),
        ("RST_STREAM", Frames.reset), ("SETTINGS", RawConnection.frame(4)),
        ("PING", Frames.ping), ("GOAWAY", RawConnection.frame(7, eight)),
        ("WINDOW_UPDATE", Frames.windowUpdate(1)), ("an unknown type", RawConnection.frame(99)),
        ("CONTINUATION on another stream", Frames.continuation([0x82], stream: 5)),
    ].map { ConformanceCase("4.3", $0.0, .protocolError, begun + $0.1) }
}
