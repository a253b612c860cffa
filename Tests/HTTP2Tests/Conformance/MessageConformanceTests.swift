import Testing

/// RFC 9113 §8: requests as field sections and bodies.
@Suite("A request") struct MessageConformanceTests {
    @Test("with a field that may not be is malformed.", arguments: Self.badFieldsCases)
    func badFields(_ test: ConformanceCase) throws { try test.run() }

    @Test("with a field that may be is answered.", arguments: Self.goodFieldsCases)
    func goodFields(_ test: ConformanceCase) throws { try test.run() }

    @Test("has each pseudo-header field once, and first.", arguments: Self.pseudoFieldsCases)
    func pseudoFields(_ test: ConformanceCase) throws { try test.run() }

    @Test("has a body as long as it says.", arguments: Self.lengthsCases)
    func lengths(_ test: ConformanceCase) throws { try test.run() }

    @Test("has trailers that are fields like others.", arguments: Self.trailersCases)
    func trailers(_ test: ConformanceCase) throws { try test.run() }

    private static func with(
        _ section: String, _ title: String, _ outcome: ConformanceCase.Outcome,
        _ name: [UInt8], _ value: [UInt8]
    ) -> ConformanceCase {
        ConformanceCase(
            section, title, outcome,
            Frames.headers(FieldSection.get + FieldSection.literal(name, value)))
    }

    private static let connectionFields = [
        ("connection", "close"), ("keep-alive", "timeout=5"), ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip"),
        ("te", "trailers, deflate"),
    ]

    static let badFieldsCases: [ConformanceCase] =
        connectionFields.map { name, value in
            with("8.2.2", "\(name): \(value)", .malformed, Array(name.utf8), Array(value.utf8))
        }
        + ["X-upper", "a b", "a\u{1}", "a\u{7F}", "a:b", "a(b)", "ä", "a\n", ""].map { name in
            with("8.2.1", "name \(name.debugDescription)", .malformed, Array(name.utf8), [0x31])
        }
        + ["a\u{0}b", "a\rb", "a\nb", " a", "a ", "\ta", "a\t", "a\u{1}b", "\u{7F}"].map { value in
            with("8.2.1", "value \(value.debugDescription)", .malformed, [0x61], Array(value.utf8))
        }

    static let goodFieldsCases: [ConformanceCase] = [
        with("8.2.2", "te: trailers", .notFound, Array("te".utf8), Array("trailers".utf8)),
        with("8.2.1", "an empty value", .notFound, [0x61], []),
        with("8.2.1", "a value with a tab inside", .notFound, [0x61], Array("b\tc".utf8)),
        with("8.2.1", "a value above ASCII", .notFound, [0x61], [0x80, 0xFF]),
        with("8.2.1", "a name of marks", .notFound, Array("!#$%&'*+-.^_`|~".utf8), [0x31]),
        with("8.2", "an unknown name", .notFound, Array("x-unknown".utf8), [0x31]),
        .init(
            "8.2.3", "cookies in two lines", .notFound,
            Frames.headers(
                FieldSection.get + FieldSection.literal("cookie", "a=b")
                    + FieldSection.literal("cookie", "c=d"))),
    ]

    private static func pseudo(
        _ title: String, _ outcome: ConformanceCase.Outcome, _ fields: [(String, String)]
    ) -> ConformanceCase {
        ConformanceCase(
            "8.3", title, outcome,
            Frames.headers(fields.flatMap { FieldSection.literal($0.0, $0.1) }))
    }

    private static let method = (":method", "GET")
    private static let scheme = (":scheme", "http")
    private static let path = (":path", "/missing")
    private static let authority = (":authority", "localhost")

    static let pseudoFieldsCases: [ConformanceCase] = [
        pseudo("all of them", .notFound, [method, scheme, path, authority]),
        pseudo("in another order", .notFound, [path, authority, scheme, method]),
        pseudo("without an authority", .notFound, [method, scheme, path]),
        pseudo("any scheme", .notFound, [method, (":scheme", "https"), path]),
        pseudo("no method", .malformed, [scheme, path]),
        pseudo("no scheme", .malformed, [method, path]),
        pseudo("no path", .malformed, [method, scheme]),
        pseudo("nothing at all", .malformed, [("a", "b")]),
        pseudo("two methods", .malformed, [method, method, scheme, path]),
        pseudo("two schemes", .malformed, [method, scheme, scheme, path]),
        pseudo("two paths", .malformed, [method, scheme, path, path]),
        pseudo("two authorities", .malformed, [method, scheme, path, authority, authority]),
        pseudo("an empty path", .malformed, [method, scheme, (":path", "")]),
        pseudo("a path without a slash", .malformed, [method, scheme, (":path", "missing")]),
        pseudo("an empty method", .malformed, [(":method", ""), scheme, path]),
        pseudo("a method that is no token", .malformed, [(":method", "G T"), scheme, path]),
        pseudo("an empty scheme", .malformed, [method, (":scheme", ""), path]),
        pseudo("a status", .malformed, [method, scheme, path, (":status", "200")]),
        pseudo("an unknown one", .malformed, [method, scheme, path, (":unknown", "1")]),
        pseudo("a protocol", .malformed, [method, scheme, path, (":protocol", "websocket")]),
        pseudo("in capitals", .malformed, [(":METHOD", "GET"), scheme, path]),
        pseudo("behind another field", .malformed, [method, scheme, ("a", "b"), path]),
        pseudo("alone", .malformed, [(":", "")]),
    ]

    private static func length(
        _ title: String, _ outcome: ConformanceCase.Outcome, _ value: String, _ bodies: [Int],
        path: String = "/echo"
    ) -> ConformanceCase {
        let fields =
            [0x83, 0x86] + FieldSection.path(path) + FieldSection.literal("content-length", value)
        let data = bodies.enumerated().flatMap { index, count in
            Frames.data(
                [UInt8](repeating: 65, count: count),
                flags: index == bodies.count - 1 ? Frames.endStream : 0)
        }
        return ConformanceCase(
            "8.1.1", title, outcome,
            Frames.headers(
                fields, flags: bodies.isEmpty ? 5 : Frames.endHeaders) + data)
    }

    static let lengthsCases: [ConformanceCase] = [
        length("exactly", .ok, "4", [4]),
        length("exactly, in parts", .ok, "6", [1, 2, 0, 3]),
        length("nothing, in no frame", .ok, "0", []),
        length("nothing, in an empty frame", .ok, "0", [0]),
        length("more", .malformed, "1", [4]),
        length("less", .malformed, "8", [4]),
        length("more in sum", .malformed, "5", [3, 3]),
        length("less in sum", .malformed, "9", [3, 3]),
        length("something, in no frame", .malformed, "4", []),
        length("something, in an empty frame", .malformed, "4", [0]),
        length("more, of a request that is refused early", .malformed, "1", [4], path: "/refuse"),
        length("less, of a request that is refused early", .malformed, "8", [4], path: "/refuse"),
        length("no number", .malformed, "four", [4]),
        length("a sign", .malformed, "+4", [4]),
        length("a list", .malformed, "4, 4", [4]),
        length("an empty value", .malformed, "", [4]),
        length("more than any body has", .malformed, "99999999999999999999", [4]),
        .init(
            "8.1.1", "twice", .malformed,
            Frames.headers(
                FieldSection.post + FieldSection.literal("content-length", "1")
                    + FieldSection.literal("content-length", "1"), flags: Frames.endHeaders)
                + Frames.data([1])),
    ]

    private static func trailer(
        _ title: String, _ outcome: ConformanceCase.Outcome, _ name: String, _ value: String,
        flags: UInt8 = Frames.endStream | Frames.endHeaders
    ) -> ConformanceCase {
        ConformanceCase(
            "8.1", title, outcome,
            Frames.open + Frames.data([65], flags: 0)
                + Frames.headers(FieldSection.literal(name, value), flags: flags))
    }

    static let trailersCases: [ConformanceCase] =
        connectionFields.map { trailer("\($0.0): \($0.1)", .malformed, $0.0, $0.1) } + [
            trailer("any field", .ok, "checksum", "1"),
            trailer("te: trailers", .ok, "te", "trailers"),
            trailer("that do not end the stream", .malformed, "a", "b", flags: 4),
            trailer("a pseudo-header field", .malformed, ":path", "/"),
            trailer("a status", .malformed, ":status", "200"),
            trailer("a name in capitals", .malformed, "A", "b"),
            trailer("a value with a line end", .malformed, "a", "b\nc"),
            ConformanceCase(
                "10.5.1", "a thousand times a value of 100 bytes by its index", .streamError(2),
                Frames.open + Frames.data([65], flags: 0)
                    + Frames.headers(
                        [0x40, 1, 0x61, 100] + [UInt8](repeating: 0x62, count: 100)
                            + [UInt8](repeating: 0xBE, count: 1_000))),
        ]
}
