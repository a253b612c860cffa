import Testing

@testable import HTTP2

/// A request's fields in several frames, which may come in pieces themselves.
@Suite("A field section")
struct FieldSectionTests {
    /// `GET /missing` with a field that is put into the table, and with its index.
    private static let sections: [[UInt8]] = [
        [0x82, 0x86, 0x04, 8] + Array("/missing".utf8) + [0x40, 1, 0x61, 3, 0x62, 0x63, 0x64],
        [0x82, 0x86, 0x04, 8] + Array("/missing".utf8) + [0xBE],
    ]

    @Test("may break off anywhere, in any frame, and each frame too.")
    func cut() throws {
        let stepped = try SteppedLoop()
        for section in Self.sections.indices {
            for cut in 0...Self.sections[section].count {
                let client = stepped.connect()
                // The table has what the second one refers to.
                let before = RawConnection.frame(
                    RawConnection.headers, flags: 5, stream: 1, Self.sections[0])
                client.write(before)
                stepped.loop.turn(timeout: 0)
                let bytes = Self.frames(Self.sections[section], cut)
                for (index, byte) in bytes.enumerated() {
                    client.write([byte])
                    stepped.loop.turn(timeout: 0)
                    if index + 1 < bytes.count, client.next(timeout: 0)?.stream == 3 {
                        Issue.record("answered before its end")
                    }
                }
                #expect(client.first(RawConnection.headers)?.stream == 3, "cut at \(cut)")
            }
        }
        #expect(stepped.finish())
    }

    /// HEADERS and CONTINUATION on stream 3.
    private static func frames(_ section: [UInt8], _ cut: Int) -> [UInt8] {
        RawConnection.frame(
            RawConnection.headers, flags: 1, stream: 3, Array(section[..<cut]))
            + RawConnection.frame(9, flags: 4, stream: 3, Array(section[cut...]))
    }
}
