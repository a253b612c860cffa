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

    /// Whether a list of tags, as in If-Match or If-None-Match, names this one.
    ///
    /// - Parameters:
    ///   - list: the field's value; `*` names every tag.
    ///   - strongly: compare as If-Match wants, where a weak tag never matches (§8.8.3.2).
    func isNamed(in list: UnsafeRawBufferPointer, strongly: Bool) -> Bool {
        // SAFETY: `space` lives through the closure and holds maxBytes.
        withUnsafeTemporaryAllocation(byteCount: Self.maxBytes, alignment: 8) { space in
            let length = EntityTag(epoch: epoch, version: version).write(to: space.baseAddress!)
            let opaque = UnsafeRawBufferPointer(rebasing: space[0..<length])
            if strongly && isWeak { return false }
            return Self.isNamed(opaque, in: list, strongly: strongly)
        }
    }

    /// Whether a list of tags names this one, which is given with its quotes and without `W/`.
    @inline(__always)
    static func isNamed(
        _ opaque: some Sequence<UInt8>, in list: UnsafeRawBufferPointer, strongly: Bool = false
    ) -> Bool {
        var rest = list[...]
        while let tag = next(&rest) {
            if tag.bytes.elementsEqual("*".utf8) { return true }
            if strongly && tag.isWeak { continue }
            if tag.bytes.elementsEqual(opaque) { return true }
        }
        return false
    }

    /// Takes the next tag off a comma-separated list.
    private static func next(
        _ rest: inout Slice<UnsafeRawBufferPointer>
    ) -> (bytes: Slice<UnsafeRawBufferPointer>, isWeak: Bool)? {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
        if rest.isEmpty { return nil }
        let end = rest.firstIndex(of: 0x2C) ?? rest.endIndex
        var tag = rest[rest.startIndex..<end]
        rest = rest[end...]
        while let last = tag.last, last == 0x20 || last == 0x09 { tag = tag.dropLast() }
        let isWeak = tag.starts(with: "W/".utf8)
        return (isWeak ? tag.dropFirst(2) : tag, isWeak)
    }
}

/// Hexadecimal digits without a String.
enum Hexadecimal {
    /// Writes `number` in lower case without leading zeros.
    ///
    /// - Parameter space: room for 16 bytes.
    /// - Returns: bytes written.
    @inline(__always)
    static func write(_ number: UInt64, to space: UnsafeMutableRawPointer) -> Int {
        let digits = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
        var rest = number
        var position = digits
        while position > 0 {
            position -= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            space.storeBytes(
                of: digit + (digit < 10 ? 0x30 : 0x57), toByteOffset: position, as: UInt8.self)
            rest >>= 4
        }
        return digits
    }
}

extension EntityTag {
    /// The versions that a list of tags names, of those that are strong and of this epoch: a tag
    /// of another store, or from before a restore, matches nothing.
    static func strongVersions(in list: UnsafeRawBufferPointer, epoch: UInt64) -> [UInt64] {
        let prefix = "\"" + String(epoch, radix: 16) + "-"
        var versions: [UInt64] = []
        var rest = list[...]
        while let tag = next(&rest) {
            let text = String(decoding: tag.bytes, as: UTF8.self)
            // Only as `write` writes it: a number may be spelt in one way, or tags that differ
            // would name the same version.
            guard !tag.isWeak, text.hasPrefix(prefix),
                let version = UInt64(text.dropFirst(prefix.count).dropLast(), radix: 16),
                EntityTag(epoch: epoch, version: version).text == text
            else { continue }
            versions.append(version)
        }
        return versions
    }
}
