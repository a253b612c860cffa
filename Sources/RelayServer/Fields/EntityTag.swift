import Glibc

/// An entity tag (RFC 9110 §8.8.3): the store's epoch and a version.
///
/// Strong for one record, whose version is the sequence number of its last change; weak for a
/// page, whose version is that of the last change to anything of its kind in the account. The
/// epoch changes when a store is restored, so that no tag from before matches afterwards.
struct EntityTag: Equatable {
    var epoch: UInt64
    var version: UInt64
    var isWeak = false

    /// Room for the longest tag: `W/"`, two 16-digit numbers, `-`, `"`.
    static let maxBytes = 40

    /// Writes the tag.
    ///
    /// - Parameter space: room for `maxBytes`.
    /// - Returns: bytes written.
    @inline(__always)
    func write(to space: UnsafeMutableRawPointer) -> Int {
        var length = 0
        if isWeak {
            space.storeBytes(of: 0x57, toByteOffset: 0, as: UInt8.self)
            space.storeBytes(of: 0x2F, toByteOffset: 1, as: UInt8.self)
            length = 2
        }
        space.storeBytes(of: 0x22, toByteOffset: length, as: UInt8.self)
        length += 1 + Hexadecimal.write(epoch, to: space + length + 1)
        space.storeBytes(of: 0x2D, toByteOffset: length, as: UInt8.self)
        length += 1 + Hexadecimal.write(version, to: space + length + 1)
        space.storeBytes(of: 0x22, toByteOffset: length, as: UInt8.self)
        return length + 1
    }

    /// The tag as text, for messages.
    var text: String {
        (isWeak ? "W/" : "") + "\"\(String(epoch, radix: 16))-\(String(version, radix: 16))\""
    }
}

/// Hexadecimal digits without a String.
enum Hexadecimal {
    /// Writes `number` in lower case without leading zeros; what is behind it in `space` is not kept.
    ///
    /// - Parameter space: room for 16 bytes.
    /// - Returns: bytes written.
    @inline(__always)
    static func write(_ number: UInt64, to space: UnsafeMutableRawPointer) -> Int {
        let digits = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
        let first = number << UInt64(64 - 4 * digits)
        space.storeBytes(of: text(UInt32(truncatingIfNeeded: first >> 32)), as: UInt64.self)
        if digits > 8 {
            space.storeBytes(
                of: text(UInt32(truncatingIfNeeded: first)), toByteOffset: 8, as: UInt64.self)
        }
        return digits
    }

    /// Eight digits as bytes, the first one lowest: all at once, for an entity tag has up to 32.
    @inline(__always)
    private static func text(_ number: UInt32) -> UInt64 {
        var digits = UInt64(number)
        digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
        digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
        digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
        // Those above 9 carry into the high half of their byte.
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).byteSwapped
    }
}
