/// The value of If-Match or If-None-Match, all lines of it: `*`, or a list of entity tags (RFC 9110
/// §8.8.3, §13.1). What stands in a list and is no tag names nothing.
struct TagList {
    private let value: UnsafeRawBufferPointer

    init(_ value: UnsafeRawBufferPointer) { self.value = value }

    /// Whether it is `*`, which names whatever there is. In a list a star is no tag.
    var isAny: Bool { value.elementsEqual(CollectionOfOne(UInt8(ascii: "*"))) }

    /// Whether it names a tag.
    ///
    /// - Parameters:
    ///   - opaque: the tag with its quotes and without `W/`.
    ///   - strongly: compare as If-Match does, where a weak tag never matches (§8.8.3.2).
    @inline(__always)
    func names(_ opaque: some Sequence<UInt8>, isWeak: Bool, strongly: Bool) -> Bool {
        if isAny { return true }
        if strongly && isWeak { return false }
        var rest = value[...]
        while let tag = Self.next(&rest) {
            if strongly && tag.isWeak { continue }
            if tag.opaque.elementsEqual(opaque) { return true }
        }
        return false
    }

    /// The versions that it names, of tags of this epoch: one of another store, or from before a
    /// restore, matches nothing.
    ///
    /// - Parameter strongly: leave weak tags out.
    func versions(epoch: UInt64, strongly: Bool) -> [UInt64] {
        let prefix = "\"" + String(epoch, radix: 16) + "-"
        var versions: [UInt64] = []
        var rest = value[...]
        while let tag = Self.next(&rest) {
            if strongly && tag.isWeak { continue }
            let text = String(decoding: tag.opaque, as: UTF8.self)
            // Only as `write` writes it: a number may be spelt in one way, or tags that differ
            // would name the same version.
            guard text.hasPrefix(prefix),
                let version = UInt64(text.dropFirst(prefix.count).dropLast(), radix: 16),
                EntityTag(epoch: epoch, version: version).text == text
            else { continue }
            versions.append(version)
        }
        return versions
    }

    /// Takes the next tag off the list.
    private static func next(
        _ rest: inout Slice<UnsafeRawBufferPointer>
    ) -> (opaque: Slice<UnsafeRawBufferPointer>, isWeak: Bool)? {
        while true {
            rest = rest.drop { $0 == UInt8(ascii: ",") || isSpace($0) }
            if rest.isEmpty { return nil }
            let isWeak = rest.starts(with: "W/".utf8)
            let opaque = isWeak ? rest.dropFirst(2) : rest
            let end = opaque.dropFirst().firstIndex { !isTagByte($0) } ?? opaque.endIndex
            if opaque.first == quote, end < opaque.endIndex, opaque[end] == quote {
                rest = opaque[(end + 1)...].drop(while: isSpace)
                if rest.first.map({ $0 == UInt8(ascii: ",") }) ?? true {
                    return (opaque[opaque.startIndex...end], isWeak)
                }
            }
            rest = rest.drop { $0 != UInt8(ascii: ",") }
        }
    }

    private static let quote = UInt8(ascii: "\"")

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// etagc: what may stand between the quotes, commas among it.
    private static func isTagByte(_ byte: UInt8) -> Bool {
        byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80
    }
}

extension EntityTag {
    /// Whether a list names this tag.
    func isNamed(in list: TagList, strongly: Bool) -> Bool {
        // SAFETY: `space` lives through the closure and holds maxBytes.
        withUnsafeTemporaryAllocation(byteCount: Self.maxBytes, alignment: 8) { space in
            let length = EntityTag(epoch: epoch, version: version).write(to: space.baseAddress!)
            let opaque = UnsafeRawBufferPointer(rebasing: space[0..<length])
            return list.names(opaque, isWeak: isWeak, strongly: strongly)
        }
    }
}
