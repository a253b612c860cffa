/// The code of strings in fields (RFC 7541 §B): which bits stand for which byte.
///
/// The code is canonical: its words ascend with their lengths, and among those of one length with the bytes
/// that they stand for. So the lengths say all of it.
struct HuffmanCode {
    /// Bits of each byte's word, and of the one for the end, which no string contains.
    private static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ]
    private static let end = 256
    /// Bits of the longest word, and of the shortest.
    private static let longest = 30
    static let shortest = 5
    /// Bits that a word is looked up by at first: letters, digits and most of what else a path has. Longer
    /// words are found by their lengths.
    fileprivate static let shortBits = 8

    /// A word of up to `shortBits`: the byte above its length; 0 where a longer one begins.
    private let short: UnsafeMutablePointer<UInt16>
    /// All bytes, by their words' lengths.
    private let sorted: UnsafeMutablePointer<UInt16>
    /// For each length the least of 32 bits that does not begin with a word of it or a shorter one; and what
    /// has to be added to a word for its place in `sorted`.
    private let ends: UnsafeMutablePointer<UInt64>
    private let places: UnsafeMutablePointer<Int>

    init() {
        // SAFETY: freed by `deallocate`, and every element is written here; so are the others.
        short = .allocate(capacity: 1 << Self.shortBits)
        sorted = .allocate(capacity: Self.lengths.count)  // SAFETY: see above.
        ends = .allocate(capacity: Self.longest + 1)  // SAFETY: see above.
        places = .allocate(capacity: Self.longest + 1)  // SAFETY: see above.
        short.initialize(repeating: 0, count: 1 << Self.shortBits)
        var word = 0
        var place = 0
        for length in 0...Self.longest {
            word <<= 1
            (places + length).initialize(to: place - word)
            for byte in Self.lengths.indices where Self.lengths[byte] == length {
                if length <= Self.shortBits {
                    let rest = Self.shortBits - length
                    (short + word << rest)
                        .update(repeating: UInt16(byte << 8 | length), count: 1 << rest)
                }
                (sorted + place).initialize(to: UInt16(byte))
                word += 1
                place += 1
            }
            (ends + length).initialize(to: UInt64(word) << UInt64(32 - length))
        }
    }

    func deallocate() {
        short.deallocate()
        sorted.deallocate()
        ends.deallocate()
        places.deallocate()
    }

    /// Bytes that so many coded ones stand for, at most.
    static func bound(_ count: Int) -> Int { count * 8 / shortest }

    /// Decodes a string.
    ///
    /// - Parameter output: room for what `bound` says.
    /// - Returns: bytes written; nil for what is no string in this code.
    @inline(__always)
    func decode(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var input = HuffmanBits(bytes, count)
        // SAFETY: each word has `shortest` bits or more, so what `bound` says is not passed.
        var next = output
        while true {
            input.fill()
            if input.count >= 4 * Self.shortBits, fourShort(&input, next) {
                next += 4
                continue
            }
            let found = Int(short[Int(input.first(Self.shortBits))])
            if found != 0, found & 0xFF <= input.count {
                next[0] = UInt8(truncatingIfNeeded: found >> 8)
                input.drop(found & 0xFF)
            } else if input.count < Self.shortBits {
                return input.isPadding ? next - output : nil
            } else {
                guard let (byte, length) = long(input) else { return nil }
                next[0] = byte
                input.drop(length)
            }
            next += 1
        }
    }

    /// Decodes four words of up to `shortBits`; false, and nothing is done, where one is longer.
    @inline(__always)
    private func fourShort(
        _ input: inout HuffmanBits, _ output: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        var bits = input
        let first = bits.take(short)
        let second = bits.take(short)
        let third = bits.take(short)
        let fourth = bits.take(short)
        // A long word moves nothing on: so the fourth is the same long one.
        if fourth == 0 { return false }
        let bytes = first >> 8 | second & 0xFF00 | (third & 0xFF00) << 8 | (fourth & 0xFF00) << 16
        // SAFETY: see `decode`.
        UnsafeMutableRawPointer(output).storeBytes(of: bytes, as: UInt32.self)
        input = bits
        input.discount(Int((first &+ second &+ third &+ fourth) & 0xFF))
        return true
    }

    /// A word that is longer than `shortBits`.
    @inline(never)
    private func long(_ input: HuffmanBits) -> (byte: UInt8, length: Int)? {
        let bits = input.first(32)
        for length in Self.shortBits + 1...Self.longest where bits < ends[length] {
            if length > input.count { return nil }
            let byte = sorted[Int(bits >> UInt64(32 - length)) + places[length]]
            return byte == Self.end ? nil : (UInt8(byte), length)
        }
        return nil
    }
}

/// Bits that are read from the left.
struct HuffmanBits {
    // SAFETY: the caller has as many bytes as it says.
    private var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    /// The next bits, from the left; at the end of the bytes there are zeros behind them.
    private var window: UInt64 = 0
    /// How many of those there are.
    private(set) var count = 0

    init(_ bytes: UnsafePointer<UInt8>, _ count: Int) { (next, end) = (bytes, bytes + count) }

    /// Whether all bits that are left are ones: the beginning of the word for the end (RFC 7541 §5.2).
    @inline(__always)
    var isPadding: Bool { window == ~0 << UInt64(64 - count) }

    /// Takes bytes into the window: at least 57 bits are there then, or all that are left.
    @inline(__always)
    mutating func fill() {
        if count > 56 { return }
        if end - next >= 8 {
            // Bits of a byte that has no room are not counted; they are read again, and are the same.
            // SAFETY: there are eight bytes.
            let word = UnsafeRawPointer(next).loadUnaligned(as: UInt64.self).bigEndian
            window |= word &>> UInt64(truncatingIfNeeded: count)
            let bytes = (64 &- count) >> 3
            next += bytes
            count &+= bytes << 3
            return
        }
        while count <= 56, next < end {
            window |= UInt64(next[0]) &<< UInt64(truncatingIfNeeded: 56 &- count)
            next += 1
            count &+= 8
        }
    }

    /// The next bits, up to 32; those that are not there are zeros.
    @inline(__always)
    func first(_ bits: Int) -> UInt64 { window &>> UInt64(truncatingIfNeeded: 64 - bits) }

    @inline(__always)
    mutating func drop(_ bits: Int) {
        window &<<= UInt64(truncatingIfNeeded: bits)
        count &-= bits
    }

    /// Looks a short word up and moves past it, without counting its bits.
    @inline(__always)
    mutating func take(_ words: UnsafeMutablePointer<UInt16>) -> UInt32 {
        let found = UInt32(words[Int(first(HuffmanCode.shortBits))])
        // The low six bits of what is found are its length.
        window &<<= UInt64(found)
        return found
    }

    /// Counts bits that were moved past.
    @inline(__always)
    mutating func discount(_ bits: Int) { count &-= bits }
}
