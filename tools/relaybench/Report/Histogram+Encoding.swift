import CZlib

/// HdrHistogram's V2 encoding, compressed: exact, and read by the tools of that project. Numbers are big-endian.
///
///     0x1c849314 u32, length of the rest u32, the rest as zlib packs it:
///     0x1c849313 u32, bytes of counters u32, 0 u32, digits u32, smallest value i64, largest i64, 1.0 f64
///     counters, each as zigzag LEB128; a negative one stands for so many that are 0
extension Histogram {
    private static let packedCookie: UInt32 = 0x1c84_9314
    private static let cookie: UInt32 = 0x1c84_9313

    /// The encoding as base64: what a log of histograms has in a line.
    var encoded: String {
        let counters = encodedCounters
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Limits.histogramHeadBytes + counters.count)
        bytes.append(bigEndian: Self.cookie)
        bytes.append(bigEndian: UInt32(counters.count))
        bytes.append(bigEndian: UInt32(0))
        bytes.append(bigEndian: UInt32(digits))
        bytes.append(bigEndian: UInt64(1))
        bytes.append(bigEndian: UInt64(highest))
        bytes.append(bigEndian: (1.0).bitPattern)
        bytes += counters
        let packed = Self.packed(bytes)
        var whole: [UInt8] = []
        whole.append(bigEndian: Self.packedCookie)
        whole.append(bigEndian: UInt32(packed.count))
        return Base64.text(whole + packed)
    }

    /// Reads what `encoded` wrote; nil for anything else.
    convenience init?(encoded text: String) {
        guard let whole = Base64.bytes(text), whole.count >= 8,
            UInt32(bigEndianIn: whole, at: 0) == Self.packedCookie,
            let bytes = Self.unpacked(whole[8...]), bytes.count >= Limits.histogramHeadBytes,
            UInt32(bigEndianIn: bytes, at: 0) == Self.cookie,
            Int(UInt32(bigEndianIn: bytes, at: 4)) == bytes.count - Limits.histogramHeadBytes
        else { return nil }
        let digits = Int(UInt32(bigEndianIn: bytes, at: 12))
        let highest = UInt64(bigEndianIn: bytes, at: 24)
        guard (1...5).contains(digits), highest <= UInt64(Limits.longestLatency), highest >= 2
        else {
            return nil
        }
        self.init(highest: Int64(highest), digits: digits)
        guard readCounters(bytes[Limits.histogramHeadBytes...]) else { return nil }
    }

    private var encodedCounters: [UInt8] {
        var bytes: [UInt8] = []
        var zeros: Int64 = 0
        for count in counts[...(counts.lastIndex { $0 > 0 } ?? 0)] {
            if count == 0 {
                zeros += 1
                continue
            }
            if zeros > 0 { bytes.append(zigzag: zeros == 1 ? 0 : -zeros) }
            zeros = 0
            bytes.append(zigzag: Int64(count))
        }
        // Without a value: the first counter, which is 0.
        if zeros > 0 { bytes.append(zigzag: 0) }
        return bytes
    }

    private func readCounters(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        var index = 0
        while !rest.isEmpty {
            guard let count = rest.readZigzag() else { return false }
            if count <= 0 {
                guard count > -Int64(counts.count) else { return false }
                index += count == 0 ? 1 : Int(-count)
                continue
            }
            guard index < counts.count, count < 1 << 53 else { return false }
            record(value(at: index), times: Int(count))
            index += 1
        }
        return true
    }

    // MARK: zlib

    private static func packed(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(compressBound(UInt(bytes.count)))) { room, count in
            var length = UInt(room.count)
            // SAFETY: zlib reads and writes both buffers during the call only.
            let code = compress(room.baseAddress, &length, bytes, UInt(bytes.count))
            precondition(code == Z_OK, "zlib has room for all of it")
            count = Int(length)
        }
    }

    private static func unpacked(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var isWhole = false
        let unpacked = [UInt8](unsafeUninitializedCapacity: Limits.histogramBytes) { room, count in
            var length = UInt(room.count)
            // SAFETY: zlib reads and writes both buffers during the call only.
            let code = bytes.withUnsafeBufferPointer {
                uncompress(room.baseAddress, &length, $0.baseAddress, UInt($0.count))
            }
            isWhole = code == Z_OK
            count = isWhole ? Int(length) : 0
        }
        return isWhole ? unpacked : nil
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        // SAFETY: copied before the closure returns.
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    /// LEB128 of at most 9 bytes, the last of them with 8 bits; the sign is the lowest bit.
    fileprivate mutating func append(zigzag number: Int64) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        for _ in 0..<8 {
            if rest < 0x80 { return append(UInt8(rest)) }
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension ArraySlice<UInt8> {
    /// What `append(zigzag:)` wrote; nil where it breaks off.
    fileprivate mutating func readZigzag() -> Int64? {
        var number: UInt64 = 0
        for place in 0..<9 {
            guard let byte = popFirst() else { return nil }
            number |= UInt64(place < 8 ? byte & 0x7F : byte) << UInt64(7 * place)
            if place == 8 || byte < 0x80 { break }
        }
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }
}

extension FixedWidthInteger {
    fileprivate init(bigEndianIn bytes: [UInt8], at place: Int) {
        self = bytes[place..<place + Self.bitWidth / 8].reduce(0) { $0 << 8 | Self($1) }
    }
}
