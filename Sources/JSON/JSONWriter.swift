import CivilTime

/// Writes compact JSON into a byte array that grows as needed. The caller says what comes; the writer knows where
/// commas belong. It does not check that names and values alternate: its callers, the generated writers, do so.
@frozen
public struct JSONWriter {
    /// What has been written. Keep the array between documents with `reset` to keep its storage.
    public private(set) var bytes: [UInt8] = []

    /// A value or member was written in the present container: the next one needs a comma.
    private var needsComma = false

    /// Reserves once; documents below `reserving` bytes then cost no further allocation.
    public init(reserving capacity: Int = Limits.writerReserve) {
        bytes.reserveCapacity(capacity)
    }

    /// Starts over in the same storage.
    public mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: Containers

    /// `{`
    public mutating func beginObject() { begin(UInt8(ascii: "{")) }

    /// `}`
    public mutating func endObject() { end(UInt8(ascii: "}")) }

    /// `[`
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }

    /// `]`
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    /// A member's name; its value comes next. The name must need no escaping.
    public mutating func name(_ name: StaticString) {
        let comma = needsComma
        bytes.append(addingCapacity: name.utf8CodeUnitCount + 4) { room in
            if comma { room.append(UInt8(ascii: ",")) }
            room.append(UInt8(ascii: "\""))
            room.append(name.buffer)
            room.append(UInt8(ascii: "\""))
            room.append(UInt8(ascii: ":"))
        }
        needsComma = false
    }

    /// A name that a document holds, whatever is in it.
    public mutating func name(_ name: JSONString) {
        value(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func appendText(_ text: StaticString) {
        bytes.append(contentsOf: text.buffer)
    }

    // MARK: Values

    /// A string.
    public mutating func value(_ string: String) {
        var string = string
        // SAFETY: the String's own bytes, during this call.
        string.withUTF8 { appendQuoted($0) }
    }

    /// A string that a document already holds.
    public mutating func value(_ string: JSONString) {
        appendQuoted(string.bytes)
    }

    /// A constant string that needs no escaping.
    public mutating func value(_ constant: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        appendText(constant)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A boolean.
    public mutating func value(_ boolean: Bool) {
        separate()
        appendText(boolean ? "true" : "false")
        needsComma = true
    }

    /// An integer.
    public mutating func value(_ integer: Int) {
        separate()
        if integer < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDecimal(UInt64(integer.magnitude))
        needsComma = true
    }

    /// An integer.
    public mutating func value(_ integer: UInt64) {
        separate()
        appendDecimal(integer)
        needsComma = true
    }

    /// Appends an integer as a string of its digits, as the contract writes some ids.
    public mutating func value(digits integer: UInt64) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        appendDecimal(integer)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A number, in the shortest form that reads back as the same double. Precondition: finite.
    public mutating func value(_ double: Double) {
        precondition(double.isFinite, "JSON has no infinity and no NaN")
        // What is whole is written so, as it came: 12, not 12.0. Minus zero is no integer.
        if double.magnitude < 0x1p53, double != 0 || double.sign == .plus,
            let integer = Int(exactly: double)
        {
            return value(integer)
        }
        separate()
        // Swift's own shortest form is valid JSON (`0.1`, `1e-07`, `-5.5`); `.0` is left out.
        let text = double.description.utf8
        let isWhole = double != 0 && text.suffix(2).elementsEqual(".0".utf8)
        bytes.append(contentsOf: isWhole ? text.dropLast(2) : text[...])
        needsComma = true
    }

    /// A time as RFC 3339 UTC with milliseconds.
    public mutating func value(_ timestamp: Timestamp) {
        separate()
        bytes.append(addingCapacity: Timestamp.writtenCount + 2) { room in
            room.append(UInt8(ascii: "\""))
            // SAFETY: there is room, and all of it is written.
            room.withUnsafeMutableBufferPointer { bytes, count in
                let end = count + Timestamp.writtenCount
                let text = UnsafeMutableRawBufferPointer(bytes)[count..<end]
                timestamp.write(into: UnsafeMutableRawBufferPointer(rebasing: text))
                count = end
            }
            room.append(UInt8(ascii: "\""))
        }
        needsComma = true
    }

    /// A parsed value, compact. Recursion ends at the parser's limit of depth.
    public mutating func value(_ value: JSONValue) {
        switch value.kind {
        case .object:
            beginObject()
            for member in value.members {
                name(member.name)
                self.value(member.value)
            }
            endObject()
        case .array:
            beginArray()
            for element in value.elements { self.value(element) }
            endArray()
        case .string: self.value(value.string!)
        case .integer: self.value(Int(value.integer!))
        case .largeInteger: self.value(value.largeInteger!)
        case .double: self.value(value.double!)
        case .boolean: self.value(value.boolean!)
        case .null: null()
        }
    }

    /// JSON null.
    public mutating func null() {
        separate()
        appendText("null")
        needsComma = true
    }

    /// A value that is JSON already, such as a stored document.
    public mutating func raw(_ json: UnsafeRawBufferPointer) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    private mutating func appendDecimal(_ integer: UInt64) {
        var rest = integer
        // UInt64.max has 20 digits.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = 20
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        bytes.append(addingCapacity: 20 - start) { room in
            for index in start..<20 { room.append(digits[index]) }
        }
    }

    /// A string, copied at once where nothing in it needs an escape.
    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        if text.contains(where: Self.needsEscape) {
            separate()
            appendEscaped(text)
        } else {
            let comma = needsComma
            bytes.append(addingCapacity: text.count + 3) { room in
                if comma { room.append(UInt8(ascii: ",")) }
                room.append(UInt8(ascii: "\""))
                room.append(text)
                room.append(UInt8(ascii: "\""))
            }
        }
        needsComma = true
    }

    /// Copies runs of plain bytes whole and escapes what RFC 8259 demands: quote, backslash, controls.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var runStart = 0
        for index in text.indices where Self.needsEscape(text[index]) {
            bytes.append(contentsOf: text[runStart..<index])
            appendEscape(text[index])
            runStart = index + 1
        }
        bytes.append(contentsOf: text[runStart...])
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            appendText("u00")
            for digit in [byte >> 4, byte & 15] {
                let base = digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10
                bytes.append(base + digit)
            }
        }
    }
}

extension StaticString {
    fileprivate var buffer: UnsafeBufferPointer<UInt8> {
        // SAFETY: a StaticString's bytes are constants of the program.
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes, for which there must be room.
    fileprivate mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        guard let source = bytes.baseAddress else { return }
        // SAFETY: there is room, as was just seen.
        withUnsafeMutableBufferPointer { room, count in
            (room.baseAddress! + count).initialize(from: source, count: bytes.count)
            count += bytes.count
        }
    }
}
