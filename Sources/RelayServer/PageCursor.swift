import Glibc

/// Where a page ended: what a `cursor` parameter carries.
///
/// Opaque to clients. It names the list as well as the place in it, and the store's epoch, so that
/// a cursor of another list is refused and one from before a restore gets 410 (contract, Versions).
struct PageCursor: Equatable {
    /// The store's epoch.
    var epoch: UInt64
    /// The kind of list.
    var list: UInt8
    /// What the kind is about.
    var parameter: UInt64
    /// The last key of the page.
    var after: UInt64

    /// Bytes before base64url: the four members in little-endian order, and a check byte.
    private static let rawBytes = 26
    /// Characters: 26 bytes make 35 of base64url without padding.
    static let characters = 35

    /// Writes the cursor in base64url.
    ///
    /// - Parameter space: room for `characters`.
    @inline(__always)
    func write(to space: UnsafeMutableRawPointer) {
        // SAFETY: `raw` lives through the closure.
        withUnsafeTemporaryAllocation(byteCount: 28, alignment: 8) { raw in
            let base = raw.baseAddress!
            base.storeBytes(of: epoch.littleEndian, as: UInt64.self)
            base.storeBytes(of: parameter.littleEndian, toByteOffset: 8, as: UInt64.self)
            base.storeBytes(of: after.littleEndian, toByteOffset: 16, as: UInt64.self)
            base.storeBytes(of: list, toByteOffset: 24, as: UInt8.self)
            base.storeBytes(of: Self.check(raw), toByteOffset: 25, as: UInt8.self)
            base.storeBytes(of: 0, toByteOffset: 26, as: UInt16.self)
            var output = 0
            var input = 0
            while output < Self.characters {
                let group =
                    UInt32(raw[input]) << 16 | UInt32(raw[input + 1]) << 8
                    | UInt32(input + 2 < 28 ? raw[input + 2] : 0)
                var shift: UInt32 = 24
                while shift > 0, output < Self.characters {
                    shift &-= 6
                    space.storeBytes(
                        of: Self.character(UInt8(truncatingIfNeeded: group &>> shift & 63)),
                        toByteOffset: output, as: UInt8.self)
                    output &+= 1
                }
                input &+= 3
            }
        }
    }

    /// Reads a cursor back; nil when it was not made by `write`.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == Self.characters else { return nil }
        var raw: [UInt8] = []
        raw.reserveCapacity(28)
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            guard let value = Self.value(byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                raw.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // The last character carries two bits more than there are bytes: one spelling only.
        guard raw.count == Self.rawBytes, bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        let check = Self.check(raw)
        guard raw[25] == check else { return nil }
        // SAFETY: 26 bytes, as was checked; read before the closure returns.
        (epoch, parameter, after) = raw.withUnsafeBytes { bytes in
            (
                UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            )
        }
        list = raw[24]
    }

    init(epoch: UInt64, list: UInt8, parameter: UInt64, after: UInt64) {
        self.epoch = epoch
        self.list = list
        self.parameter = parameter
        self.after = after
    }

    /// Tells a mistyped cursor from a real one; no secret.
    private static func check(_ raw: some Collection<UInt8>) -> UInt8 {
        raw.prefix(25).reduce(0x5A) { ($0 &<< 1 | $0 &>> 7) ^ $1 }
    }

    private static func character(_ value: UInt8) -> UInt8 {
        let alphabet: StaticString =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        // SAFETY: a static string is never freed; this one has 64 characters.
        return alphabet.utf8Start[Int(value & 63)]
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x41...0x5A: character - 0x41
        case 0x61...0x7A: character - 0x61 + 26
        case 0x30...0x39: character - 0x30 + 52
        case 0x2D: 62
        case 0x5F: 63
        default: nil
        }
    }
}
