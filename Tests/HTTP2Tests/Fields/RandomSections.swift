import TestSupport

/// Field sections as a client may write them, and as none should.
struct RandomSections {
    private var random: SplitMix
    private let coder = FieldCoder()

    init(seed: UInt64) { random = SplitMix(state: seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    /// Places where a section of so many bytes may be cut.
    mutating func cuts(_ count: Int) -> [Int] {
        (0..<below(9)).map { _ in below(count + 1) }.sorted()
    }

    /// Fields as they come: some in each request, some once, now and then one that fills the table.
    mutating func fields() -> [WireField] {
        (0..<below(12)).map { _ in
            switch below(6) {
            case 0: WireField(":method", ["GET", "POST", "PATCH"][below(3)])
            case 1: WireField(":path", "/v1/orders/\(below(100_000))?limit=\(below(60))")
            case 2:
                WireField("authorization", "Bearer \(String(repeating: "k", count: below(3) * 20))")
            case 3: WireField("x-\(below(40))", String(repeating: "ab~", count: below(200)))
            case 4: WireField("accept", "")
            default: WireField(Array("b-\(below(4))".utf8), bytes(below(30)))
            }
        }
    }

    /// A section that another encoder writes; its table changes its size now and then.
    mutating func encoded(_ fields: [WireField]) -> [UInt8] {
        for _ in 0..<max(0, below(20) - 17) { coder.resize([0, 60, 300, 4_096][below(4)]) }
        return coder.encode(fields)
    }

    /// A section of whatever RFC 7541 §6 knows, in any order and with any index, and some bytes of it changed.
    mutating func arbitrary() -> [UInt8] {
        var section: [UInt8] = []
        for _ in 0..<below(8) {
            switch below(5) {
            case 0: section += integer(below(70), 0x80, 7)
            case 1: section += integer(below(2) * below(70), 0x40, 6) + literal()
            case 2: section += integer(below(2) * below(70), 0x10 * UInt8(below(2)), 4) + literal()
            case 3: section += integer(below(5) == 0 ? below(5_000) : below(120), 0x20, 5)
            default: section += integer(0, 0x40, 6) + string() + string()
            }
        }
        for _ in 0..<max(0, below(8) - 5) where !section.isEmpty {
            section[below(section.count)] = UInt8(below(256))
        }
        if below(10) == 0 { section.removeLast(min(section.count, below(4))) }
        return section
    }

    /// The value of a field, with a name where the index of one may be missing.
    private mutating func literal() -> [UInt8] { string() + (below(2) == 0 ? string() : []) }

    private mutating func string() -> [UInt8] {
        let text = bytes(below(5) == 0 ? below(400) : below(20))
        return integer(text.count, 0x80 * UInt8(below(2)), 7) + text
    }

    /// Bytes, most of them letters.
    private mutating func bytes(_ count: Int) -> [UInt8] {
        let isAny = below(2) == 0
        return (0..<count).map { _ in isAny ? UInt8(below(256)) : UInt8(97 + below(26)) }
    }

    /// An integer (RFC 7541 §5.1), now and then with zeros that say nothing.
    private mutating func integer(_ number: Int, _ mark: UInt8, _ bits: Int) -> [UInt8] {
        let full = 1 << bits - 1
        if number < full { return [mark | UInt8(number)] }
        var bytes = [mark | UInt8(full)]
        var rest = number - full
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        for _ in 0..<max(0, below(12) - 7) {
            bytes[bytes.count - 1] |= 0x80
            bytes.append(0)
        }
        return bytes
    }
}
