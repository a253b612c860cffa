/// The text of a cursor: bytes in base64url without padding (RFC 4648, 5), the last of them a check byte.
enum CursorText {
    /// Characters that so many bytes make.
    static func characters(_ bytes: Int) -> Int { (bytes * 8 + 5) / 6 }

    /// Sets the check byte and writes the text.
    ///
    /// - Parameters:
    ///   - raw: the bytes, the last of them for the check.
    ///   - space: room for `characters` of them.
    @inline(__always)
    static func write(_ raw: UnsafeMutableRawBufferPointer, to space: UnsafeMutableRawPointer) {
        // SAFETY: both buffers are the caller's, during this call.
        raw[raw.count - 1] = check(UnsafeRawBufferPointer(rebasing: raw.dropLast()))
        // SAFETY: `raw` is never empty, and `space` holds `characters` of it, as the caller says.
        let bytes = raw.baseAddress!
        var bits: UInt32 = 0
        var waiting: UInt32 = 0
        var output = 0
        for index in 0..<raw.count {
            bits = bits &<< 8 | UInt32(bytes.load(fromByteOffset: index, as: UInt8.self))
            waiting &+= 8
            while waiting >= 6 {
                waiting &-= 6
                space.storeBytes(
                    of: character(bits &>> waiting), toByteOffset: output, as: UInt8.self)
                output &+= 1
            }
        }
        if waiting > 0 {
            let last = character(bits &<< (6 &- waiting))
            space.storeBytes(of: last, toByteOffset: output, as: UInt8.self)
        }
    }

    /// Reads what `write` wrote into `raw`; false for anything else.
    static func read(
        _ text: UnsafeRawBufferPointer, into raw: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard text.count == characters(raw.count) else { return false }
        var bits: UInt32 = 0
        var waiting = 0
        var output = 0
        for byte in text {
            guard let value = value(byte) else { return false }
            bits = bits << 6 | UInt32(value)
            waiting += 6
            if waiting >= 8 {
                waiting -= 8
                raw[output] = UInt8(truncatingIfNeeded: bits >> UInt32(waiting))
                output += 1
            }
        }
        // The last character carries more bits than there are bytes: one spelling only.
        guard output == raw.count, bits & (1 << UInt32(waiting) - 1) == 0 else { return false }
        // SAFETY: the caller's bytes, during this call.
        return raw[raw.count - 1] == check(UnsafeRawBufferPointer(rebasing: raw.dropLast()))
    }

    /// Tells a mistyped cursor from a real one; no secret.
    private static func check(_ raw: UnsafeRawBufferPointer) -> UInt8 {
        var check: UInt8 = 0x5A
        for byte in raw { check = (check &<< 1 | check &>> 7) ^ byte }
        return check
    }

    @inline(__always)
    private static func character(_ bits: UInt32) -> UInt8 {
        let alphabet: StaticString =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        // SAFETY: a static string is never freed; this one has 64 characters.
        return alphabet.utf8Start[Int(bits & 63)]
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
