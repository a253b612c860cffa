import TestSupport

/// Field sections of a connection: each is a byte with a quarter of its length, and its bytes. An odd one is cut in
/// three for our decoder.
enum SectionTarget {
    static func run(_ bytes: [UInt8]) {
        let pair = DecoderPair()
        var rest = bytes[...]
        while let first = rest.popFirst() {
            let section = Array(rest.prefix(4 * Int(first)))
            rest = rest.dropFirst(section.count)
            let cuts = first & 1 == 0 ? [] : [section.count / 3, section.count / 2]
            Target.require(
                pair.agree(on: section, cuts: cuts),
                "a field section is not what nghttp2 takes it for")
            // A connection ends with its first fault.
            if pair.fields == nil { return }
        }
    }
}
