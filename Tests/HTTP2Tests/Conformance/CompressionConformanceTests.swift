import Testing

/// RFC 7541: field sections as bytes.
@Suite("A field section") struct CompressionConformanceTests {
    @Test("that cannot be decoded ends the connection.", arguments: Self.brokenCases)
    func broken(_ test: ConformanceCase) throws { try test.run() }

    @Test("is decoded however it is written.", arguments: Self.wholeCases)
    func whole(_ test: ConformanceCase) throws { try test.run() }

    private static func block(
        _ section: String, _ title: String, _ outcome: ConformanceCase.Outcome, _ bytes: [UInt8]
    ) -> ConformanceCase {
        ConformanceCase(section, title, outcome, Frames.headers(bytes))
    }

    /// `www.example.com` (RFC 7541 §C.4.1).
    private static let huffman: [UInt8] = [
        0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90, 0xF4, 0xFF,
    ]

    static let brokenCases: [ConformanceCase] = [
        block("2.3.3", "an index past both tables", .compressionError, FieldSection.get + [0xC6]),
        block(
            "2.3.3", "an index far past both tables", .compressionError,
            FieldSection.get + [0xFF, 0xFF, 0x7F]),
        block(
            "2.3.3", "a name's index past both tables", .compressionError,
            FieldSection.get + [0x7F, 0x20, 1, 0x31]),
        block(
            "2.3.3", "a name's index past both tables, not kept", .compressionError,
            FieldSection.get + [0x0F, 0x60, 1, 0x31]),
        block("4.2", "a size update at the end", .compressionError, FieldSection.get + [0x20]),
        block(
            "4.2", "a size update between fields", .compressionError,
            [0x82, 0x20, 0x86] + FieldSection.path("/missing")),
        block(
            "5.1", "an integer that never ends", .compressionError,
            FieldSection.get + [0xFF] + [UInt8](repeating: 0xFF, count: 20)),
        block(
            "5.1", "an integer past 32 bits", .compressionError,
            FieldSection.get + [0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        block(
            "5.2", "Huffman padding of more than 7 bits", .compressionError,
            FieldSection.get + [0x00, 1, 0x61, 0x8D] + huffman + [0xFF]),
        block(
            "5.2", "Huffman padding of zeros", .compressionError,
            FieldSection.get + [0x00, 0x83, 0xF2, 0xB2, 0x40, 1, 0x31]),
        block(
            "5.2", "the end of Huffman strings", .compressionError,
            FieldSection.get + [0x00, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0x31]),
        block(
            "5.2", "a string past the section", .compressionError,
            FieldSection.get + [0x00, 0x05, 0x61]),
        block("6.1", "the index 0", .compressionError, FieldSection.get + [0x80]),
        block(
            "6.2", "a literal without its value", .compressionError,
            FieldSection.get + [0x00, 0x01, 0x61]),
        block(
            "6.2.1", "a kept literal without anything", .compressionError,
            FieldSection.get + [0x40]),
        block(
            "6.3", "a size update past our limit", .compressionError,
            [0x3F, 0xE2, 0x1F] + FieldSection.get),
        block(
            "6.3", "a size update of 2^31", .compressionError,
            [0x3F, 0xE1, 0xFF, 0xFF, 0xFF, 0x07] + FieldSection.get),
    ]

    /// `a: b` with incremental indexing, then by its index.
    private static let kept: [UInt8] = [0x40, 1, 0x61, 1, 0x62]

    static let wholeCases: [ConformanceCase] = [
        block("2.3.2", "a field of the dynamic table", .notFound, FieldSection.get + kept + [0xBE]),
        block(
            "2.3.2", "a field of an earlier section", .notFound,
            FieldSection.get + kept
        ).then(FieldSection.get + [0xBE]),
        block("4.2", "a size update at the beginning", .notFound, [0x20] + FieldSection.get),
        block(
            "4.2", "two size updates at the beginning", .notFound,
            [0x20, 0x3F, 0xE1, 0x1F] + FieldSection.get),
        block(
            "4.3", "a table that was emptied and filled again", .notFound,
            [0x20, 0x3F, 0xE1, 0x1F] + FieldSection.get + kept + [0xBE]),
        block(
            "4.4", "a field larger than the table", .notFound,
            [0x3F, 0x01] + FieldSection.get
                + [0x40, 1, 0x61, 40] + [UInt8](repeating: 0x62, count: 40)),
        block(
            "5.2", "an authority in Huffman code", .notFound,
            FieldSection.get + [0x01, 0x8C] + huffman),
        block(
            "5.2", "an empty string in Huffman code", .notFound,
            FieldSection.get + [0x00, 1, 0x61, 0x80]),
        block(
            "6.2.1", "an indexed name", .notFound,
            [0x82, 0x86, 0x44, 8] + Array("/missing".utf8)),
        block(
            "6.2.3", "a field never to be indexed", .notFound,
            FieldSection.get + [0x10, 1, 0x61, 1, 0x62]),
        block(
            "5.1", "an index in more bytes than needed", .notFound,
            FieldSection.get + [0x0F, 0x80, 0x80, 0x00, 1, 0x62]),
    ]
}

extension ConformanceCase {
    /// Has a second section follow on stream 5.
    fileprivate func then(_ block: [UInt8]) -> ConformanceCase {
        ConformanceCase(
            section, title, outcome, before: before,
            bytes + Frames.headers(block, stream: 5))
    }
}
