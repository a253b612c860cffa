/// The field `traceparent` (W3C Trace Context §3.2): to which trace a request belongs.
enum TraceParent {
    /// The trace's id, 32 hexadecimal digits; nil for what is no traceparent, which counts as none.
    static func traceID(_ field: UnsafeRawBufferPointer?) -> String? {
        // 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01; later versions may go on.
        guard let field, field.count >= 55 else { return nil }
        let version = field[0..<2]
        let isWhole = field.count == 55 || field[55] == hyphen
        let isFirst = version.elementsEqual("00".utf8)
        guard [2, 35, 52].allSatisfy({ field[$0] == hyphen }), isWhole,
            !isFirst || field.count == 55, !version.elementsEqual("ff".utf8),
            [0..<2, 3..<35, 36..<52, 53..<55].allSatisfy({ field[$0].allSatisfy(isDigit) }),
            field[3..<35].contains(where: { $0 != zero }),
            field[36..<52].contains(where: { $0 != zero })
        else { return nil }
        return String(decoding: field[3..<35], as: UTF8.self)
    }

    private static let hyphen = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
