import TestSupport
import Testing

@testable import HTTP2

/// What is decoded is what nghttp2 decodes: another implementation, with another table.
@Suite("The decoder of fields")
struct FieldDecoderTests {
    @Test("reads what an encoder writes, over 20 000 sections, wherever they are cut.")
    func encoded() {
        var random = RandomSections(seed: 14)
        let pair = DecoderPair()
        for number in 0..<20_000 {
            let fields = random.fields()
            let section = random.encoded(fields)
            let cuts = number % 2 == 0 ? [] : random.cuts(section.count)
            guard pair.agree(on: section, cuts: cuts), pair.fields == fields else {
                Issue.record("\(number): \(section), cut at \(cuts)")
                return
            }
        }
    }

    @Test("takes and refuses what nghttp2 does, over 60 000 sections that no encoder writes.")
    func arbitrary() {
        var random = RandomSections(seed: 41)
        var (sound, faulty) = (0, 0)
        var pair = DecoderPair()
        for number in 0..<60_000 {
            let section = random.arbitrary()
            let cuts = number % 2 == 0 ? [] : random.cuts(section.count)
            guard pair.agree(on: section, cuts: cuts) else {
                Issue.record("\(number): \(section), cut at \(cuts)")
                return
            }
            if pair.fields != nil {
                sound += 1
            } else {
                // A connection ends with its first fault.
                faulty += 1
                pair = DecoderPair()
            }
        }
        #expect(sound > 10_000 && faulty > 10_000, "\(sound) sound, \(faulty) faulty")
    }

    @Test("knows the word of each byte, at each of a byte's eight bits.")
    func words() {
        let pair = DecoderPair()
        let coder = FieldCoder()
        for byte in UInt8.min...UInt8.max {
            for place in 0..<8 {
                // Enough short words that the coded string is the shorter one, whatever the byte.
                var value = [UInt8](repeating: 0x61, count: 30)
                value[place] = byte
                value[place + 1] = UInt8.max - byte
                let field = WireField([0x61], value)
                let section = coder.encode([field])
                #expect(section.count < value.count, "it is coded")
                #expect(pair.agree(on: section))
                #expect(pair.fields == [field])
            }
        }
    }

    @Test(
        "refuses a coded string that ends with what is no padding (RFC 7541 §5.2).",
        arguments: [
            [0xFF], [0x1F, 0xFF], [0x18], [0x1C], [0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFC], [0x00, 0xFE], [0x03, 0xFF, 0xFF, 0xFF, 0xFF],
        ])
    func padding(string: [UInt8]) {
        let pair = DecoderPair()
        #expect(pair.agree(on: [0, 1, 0x61, 0x80 | UInt8(string.count)] + string))
        #expect(pair.fields == nil)
    }

    @Test("takes padding of up to seven bits.", arguments: [[0x1F], [0x00, 0x7F], [0x42, 0x17]])
    func padded(string: [UInt8]) {
        let pair = DecoderPair()
        #expect(pair.agree(on: [0, 1, 0x61, 0x80 | UInt8(string.count)] + string))
        #expect(pair.fields != nil)
    }

    @Test("has sizes of the table at the beginning of a section only, and of 4 096 bytes at most.")
    func sizes() {
        let pair = DecoderPair()
        #expect(pair.agree(on: [0x20, 0x3F, 0xE1, 0x1F, 0x82]))
        #expect(pair.fields?.count == 1)
        #expect(pair.agree(on: [0x20], cuts: [0]))
        #expect(pair.fields == [])
        #expect(DecoderPair().refuses([0x82, 0x20]))
        #expect(DecoderPair().refuses([0x82, 0x20], cuts: [1]))
        #expect(DecoderPair().refuses([0x3F, 0xE2, 0x1F]))
    }

    @Test("refuses indexes of nothing, and integers that no end comes of.")
    func integers() {
        #expect(DecoderPair().refuses([0x80]))
        #expect(DecoderPair().refuses([0xBE]), "the first of an empty table")
        #expect(DecoderPair().refuses([0xFF, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]))
        #expect(DecoderPair().refuses([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]))
        #expect(DecoderPair().refuses([0x7F]), "an index that breaks off")
        #expect(DecoderPair().refuses([0x41, 0x03, 0x61]), "a value that breaks off")
        #expect(DecoderPair().refuses([0, 0x7F, 0x82, 0xFF, 0x03]), "a name of 65 537 bytes")
    }

    @Test("takes a string of 64 KiB, coded or not, and no longer one.")
    func longStrings() {
        let longest = [UInt8](repeating: 0x30, count: 65_536)
        let length: [UInt8] = [0x7F, 0x81, 0xFF, 0x03]
        let pair = DecoderPair()
        #expect(pair.agree(on: [0, 1, 0x61] + length + longest, cuts: [2, 4, 40_000]))
        #expect(pair.fields?.first?.value == longest)
        // Zeros are words of five bits: eight of them for each five bytes.
        let coded = [UInt8](repeating: 0, count: 65_535)
        #expect(pair.agree(on: [0, 1, 0x61, 0xFF, 0x80, 0xFF, 0x03] + coded))
        #expect(pair.fields?.first?.value.count == 65_535 * 8 / 5)
        #expect(pair.refuses([0, 1, 0x61, 0x7F, 0x82, 0xFF, 0x03, 0x30] + longest))
    }

    @Test("tells a long value from the one before it, whatever their difference is.")
    func repeated() {
        var random = RandomSections(seed: 7)
        let pair = DecoderPair()
        var value = [UInt8](repeating: 0x41, count: 60)
        for number in 0..<5_000 {
            // The same, one with another byte, or one with another length.
            if random.below(3) == 0 { value[random.below(value.count)] = UInt8(random.below(128)) }
            if random.below(9) == 0 {
                value = [UInt8](repeating: 0x42, count: 20 + random.below(300))
            }
            // A name that is never put into the table.
            let field = WireField(Array("authorization".utf8), value)
            #expect(pair.agree(on: random.encoded([field])), "\(number)")
            #expect(pair.fields == [field], "\(number)")
        }
    }

    @Test("lends the name of a field that the new one drives out of the table.")
    func drivenOut() {
        let pair = DecoderPair()
        let name = [UInt8](repeating: 0x6E, count: 1_000)
        #expect(pair.agree(on: [0x40, 0x7F, 0xE9, 0x06] + name + [1, 0x31]))
        for number in 0..<40 {
            // The oldest field is the only one, or the last of a few.
            let value = [UInt8](repeating: 0x61, count: 1_000 + 97 * number % 2_000)
            let length = value.count - 127
            #expect(
                pair.agree(
                    on: [0x7E, 0x7F, UInt8(length & 0x7F) | 0x80, UInt8(length >> 7)] + value),
                "\(number)")
            #expect(pair.fields == [WireField(name, value)], "\(number)")
        }
    }
}

extension DecoderPair {
    /// Whether both refuse a section.
    func refuses(_ section: [UInt8], cuts: [Int] = []) -> Bool {
        agree(on: section, cuts: cuts) && fields == nil
    }
}
