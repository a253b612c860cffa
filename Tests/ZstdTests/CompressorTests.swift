import Testing
import Zstd

@Suite("zstd")
struct CompressorTests {
    /// Text that repeats itself about as much as stored documents do.
    private let text = (0..<40_000).flatMap { Array("{\"id\":\($0),\"status\":\"OPEN\"},".utf8) }

    private func stream(_ bytes: [UInt8], pieces: Int) throws -> [UInt8] {
        var compressor = try Compressor()
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { piece in
                compressor.write(piece) { result.append(contentsOf: $0) }
            }
        }
        compressor.finish { result.append(contentsOf: $0) }
        return result
    }

    private func restore(_ bytes: [UInt8], pieces: Int) throws -> [UInt8] {
        var decompressor = try Decompressor()
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = bytes.span.extracting(start..<min(start + pieces, bytes.count)).bytes
            try piece.withUnsafeBytes { (piece) throws(ZstdError) in
                try decompressor.read(piece) { result.append(contentsOf: $0) }
            }
        }
        try decompressor.finish()
        return result
    }

    private func compress(
        _ bytes: [UInt8], _ compressor: inout Compressor
    ) throws(ZstdError) -> [UInt8] {
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(ZstdError) in
            try compressor.compress(bytes)
        }
    }

    private func decompress(
        _ frame: [UInt8], atMost limit: Int, _ decompressor: inout Decompressor
    ) throws(ZstdError) -> [UInt8] {
        try frame.span.bytes.withUnsafeBytes { (frame) throws(ZstdError) in
            try decompressor.decompress(frame, atMost: limit)
        }
    }

    @Test("A stream comes back whatever pieces it is cut into.", arguments: [1, 777, 1 << 20])
    func streams(pieces: Int) throws {
        let compressed = try stream(text, pieces: 65_537)
        #expect(compressed.count < text.count / 4)
        #expect(compressed.withUnsafeBytes { Decompressor.isCompressed($0) })
        #expect(try restore(compressed, pieces: pieces) == text)
        // Frames one after the other are one stream.
        #expect(try restore(compressed + compressed, pieces: pieces) == text + text)
    }

    @Test("A frame comes back, and is refused when it holds more than it may.")
    func frames() throws {
        var compressor = try Compressor(level: 1)
        var decompressor = try Decompressor()
        for bytes in [text, [], [7]] {
            let frame = try compress(bytes, &compressor)
            #expect(try decompress(frame, atMost: bytes.count, &decompressor) == bytes)
        }
        let frame = try compress(text, &compressor)
        do {
            _ = try decompress(frame, atMost: 1_000, &decompressor)
            Issue.record("too many bytes were handed out")
        } catch {
            #expect(error == .tooLarge(limit: 1_000))
        }
    }

    @Test("A changed or missing byte is found.")
    func damage() throws {
        let compressed = try stream(text, pieces: text.count)
        #expect(throws: ZstdError.truncated) {
            try restore(Array(compressed.dropLast()), pieces: 4_096)
        }
        for index in stride(from: 0, to: compressed.count, by: compressed.count / 50) {
            var damaged = compressed
            damaged[index] ^= 0x10
            #expect(throws: ZstdError.self, "byte \(index)") {
                try restore(damaged, pieces: 65_536)
            }
        }
        #expect(throws: ZstdError.self) { try restore(Array("{\"id\":1}".utf8), pieces: 8) }
    }

    @Test("What is compressed after a prefix needs the same one to be read.")
    func prefix() throws {
        var compressor = try Compressor(level: 9)
        var decompressor = try Decompressor()
        let pages = (0..<4).map { number in
            (0..<4_096).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ number) &* ($0 >> 3)) }
        }
        var changed = pages[2]
        changed.replaceSubrange(100..<105, with: "other".utf8)
        let prefix = pages.flatMap { $0 }
        let frame = try changed.withUnsafeBytes { bytes in
            try prefix.withUnsafeBytes { try compressor.compress(bytes, after: $0) }
        }
        #expect(frame.count < 60)
        let read = try frame.withUnsafeBytes { bytes in
            try prefix.withUnsafeBytes {
                try decompressor.decompress(bytes, atMost: 4_096, after: $0)
            }
        }
        #expect(read == changed)
        // Neither side remembers it.
        #expect(throws: ZstdError.self) { try self.decompress(frame, atMost: 4_096, &decompressor) }
        let plain = try compress(changed, &compressor)
        #expect(try decompress(plain, atMost: 4_096, &decompressor) == changed)
    }
}
