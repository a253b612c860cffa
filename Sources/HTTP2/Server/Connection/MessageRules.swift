import Glibc

/// The rules of RFC 9113 §8 for a request, checked field by field as they arrive.
///
/// In place of libnghttp2's own checks, which refuse a request without `:authority` and one whose
/// authority is a socket path: to a sidecar on a Unix socket any authority is fine, and none too.
struct MessageRules {
    private static let method: UInt8 = 1
    private static let scheme: UInt8 = 2
    private static let path: UInt8 = 4
    private static let authority: UInt8 = 8
    private static let regular: UInt8 = 16

    private var seen: UInt8 = 0
    /// Announced by content-length; negative when it was not.
    private var announced: Int64 = -1
    private var received: Int64 = 0

    /// Checks one field of a request.
    ///
    /// - Returns: false when it makes the request malformed (RFC 9113 §8.1.1).
    @inline(__always)
    mutating func check(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) -> Bool {
        if nameLength == 0 || !Self.isValidValue(value, valueLength) { return false }
        if name[0] == 0x3A { return checkPseudo(name, nameLength, value, valueLength) }
        seen |= Self.regular
        if !Self.isValidName(name, nameLength) { return false }
        if nameLength == 14, Self.equal(name, "content-length", 14) {
            return checkLength(value, valueLength)
        }
        return Self.isOfMessage(name, nameLength, value, valueLength)
    }

    /// No field that speaks of a connection (RFC 9113 §8.2.2).
    @inline(__always)
    private static func isOfMessage(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) -> Bool {
        switch nameLength {
        case 2: !equal(name, "te", 2) || isTrailers(value, valueLength)
        case 7: !equal(name, "upgrade", 7)
        case 10: !equal(name, "connection", 10) && !equal(name, "keep-alive", 10)
        case 16: !equal(name, "proxy-connection", 16)
        case 17: !equal(name, "transfer-encoding", 17)
        default: true
        }
    }

    /// Checks that the fields which every request needs were there.
    var isComplete: Bool {
        let required = Self.method | Self.scheme | Self.path
        return seen & required == required
    }

    /// Counts body bytes; false when they exceed what content-length announced.
    mutating func receive(_ length: Int) -> Bool {
        received += Int64(length)
        return announced < 0 || received <= announced
    }

    /// Whether the body that ended here is as long as announced.
    var isBodyComplete: Bool { announced < 0 || received == announced }

    /// Checks a field of a trailer section: no pseudo fields (RFC 9113 §8.1), and what holds for
    /// every other field.
    static func checkTrailer(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) -> Bool {
        isValidName(name, nameLength) && isValidValue(value, valueLength)
            && isOfMessage(name, nameLength, value, valueLength)
    }

    private mutating func checkPseudo(
        _ name: UnsafePointer<UInt8>, _ nameLength: Int, _ value: UnsafePointer<UInt8>,
        _ valueLength: Int
    ) -> Bool {
        let bit: UInt8
        switch nameLength {
        case 5 where Self.equal(name, ":path", 5):
            if valueLength == 0 || (value[0] != 0x2F && value[0] != 0x2A) { return false }
            bit = Self.path
        case 7 where Self.equal(name, ":method", 7):
            if !Self.isToken(value, valueLength) { return false }
            bit = Self.method
        case 7 where Self.equal(name, ":scheme", 7):
            if valueLength == 0 { return false }
            bit = Self.scheme
        case 10 where Self.equal(name, ":authority", 10): bit = Self.authority
        default: return false
        }
        // Each at most once, and before all other fields (RFC 9113 §8.3).
        if seen & (bit | Self.regular) != 0 { return false }
        seen |= bit
        return true
    }

    private mutating func checkLength(_ value: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        if announced >= 0 || length == 0 || length > 18 { return false }
        var number: Int64 = 0
        for index in 0..<length {
            let digit = value[index] &- 48
            if digit > 9 { return false }
            number = number * 10 + Int64(digit)
        }
        announced = number
        return true
    }

    @inline(__always)
    private static func equal(
        _ name: UnsafePointer<UInt8>, _ other: StaticString, _ length: Int
    ) -> Bool {
        // SAFETY: the decoder keeps `name` while the field is looked at; `other` is static.
        memcmp(name, other.utf8Start, length) == 0
    }

    private static func isTrailers(_ value: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        length == 8 && equal(value, "trailers", 8)
    }

    /// Token characters without upper case (RFC 9113 §8.2.1).
    @inline(__always)
    private static func isValidName(_ name: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        if length < 8 { return isValidSlowly(name: name, length) }
        // Eight bytes at a time, the last ones perhaps twice.
        var index = 0
        while index + 8 < length {
            // SAFETY: the decoder keeps `length` bytes at `name` while the field is looked at.
            let word = UnsafeRawPointer(name + index).loadUnaligned(as: UInt64.self)
            if !isUsual(word) { return isValidSlowly(name: name, length) }
            index += 8
        }
        // SAFETY: as above, and there are eight bytes.
        let last = UnsafeRawPointer(name + length - 8).loadUnaligned(as: UInt64.self)
        return isUsual(last) || isValidSlowly(name: name, length)
    }

    /// Whether all of eight bytes are lower-case letters or hyphens.
    @inline(__always)
    private static func isUsual(_ word: UInt64) -> Bool {
        let high: UInt64 = 0x8080_8080_8080_8080
        // Of bytes below 0x80, sums do not carry into the next one.
        let letters = (word &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(word &+ 0x0505_0505_0505_0505)
        let other = (word ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F
        return word & high == 0 && (letters | ~other) & high == high
    }

    private static func isValidSlowly(name: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        for index in 0..<length {
            let byte = name[index]
            let isUsual = byte &- 0x61 < 26 || byte == 0x2D || byte &- 0x30 < 10
            if !isUsual, byte &- 0x41 < 26 || !isTokenByte(byte) { return false }
        }
        return length > 0
    }

    @inline(__always)
    private static func isToken(_ value: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        // By far the most common.
        if length == 3, value[0] == 0x47, value[1] == 0x45, value[2] == 0x54 { return true }
        for index in 0..<length where !isTokenByte(value[index]) { return false }
        return length > 0
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E,
            0x5E...0x60, 0x7C, 0x7E:
            true
        default: false
        }
    }

    /// No control characters, no white space at the ends (RFC 9113 §8.2.1).
    @inline(__always)
    private static func isValidValue(_ value: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        if length == 0 { return true }
        if isSpace(value[0]) || isSpace(value[length - 1]) { return false }
        if length < 8 { return isValidSlowly(value, length) }
        // Eight bytes at a time, the last ones perhaps twice; what looks unusual is looked at byte by
        // byte.
        var index = 0
        while index + 8 < length {
            // SAFETY: the decoder keeps `length` bytes at `value` while the field is looked at.
            let word = UnsafeRawPointer(value + index).loadUnaligned(as: UInt64.self)
            if mayHaveControl(word) { return isValidSlowly(value, length) }
            index += 8
        }
        // SAFETY: as above, and there are eight bytes.
        let last = UnsafeRawPointer(value + length - 8).loadUnaligned(as: UInt64.self)
        return !mayHaveControl(last) || isValidSlowly(value, length)
    }

    /// Whether one of eight bytes may be below 0x20 or be 0x7F; never misses one.
    @inline(__always)
    private static func mayHaveControl(_ word: UInt64) -> Bool {
        let high: UInt64 = 0x8080_8080_8080_8080
        let below = (word &- 0x2020_2020_2020_2020) & ~word
        let flipped = word ^ 0x7F7F_7F7F_7F7F_7F7F
        let delete = (flipped &- 0x0101_0101_0101_0101) & ~flipped
        return (below | delete) & high != 0
    }

    private static func isValidSlowly(_ value: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        for index in 0..<length {
            let byte = value[index]
            if (byte < 0x20 && byte != 0x09) || byte == 0x7F { return false }
        }
        return true
    }

    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
