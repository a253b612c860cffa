/// How soon a client wants an answer, and whether it can use it in parts (RFC 9218 §4).
struct Priority: Equatable {
    /// 0, the soonest, to 7.
    var urgency: UInt8 = 3
    /// Whether the answer may come in turns with others.
    var isIncremental = false

    /// What holds where a client says nothing.
    init() {}

    /// What a `priority` field or a PRIORITY_UPDATE frame says. Members that are unknown, of another type
    /// or out of range say nothing, and neither does what is no Dictionary (RFC 9218 §4 and §5).
    init(_ value: UnsafeRawBufferPointer) {
        var read = Priority()
        var dictionary = StructuredDictionary(value)
        while let member = dictionary.next() {
            switch (member.key, member.value) {
            case (UInt8(ascii: "u"), .integer(let urgency)) where (0...7).contains(urgency):
                read.urgency = UInt8(urgency)
            case (UInt8(ascii: "i"), .boolean(let isIncremental)):
                read.isIncremental = isIncremental
            default: continue
            }
        }
        if !dictionary.isMalformed { self = read }
    }
}
