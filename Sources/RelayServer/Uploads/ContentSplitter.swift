import Glibc

/// Parts a JSON object from the string of its member `content`, piece by piece.
///
/// It knows as much of JSON as that takes: strings, depth, and whether a string is a name. All bytes
/// but those of the content go on to a parser, which then finds every other fault; four
/// characters stand for the content (none if the content is empty).
struct ContentSplitter {
    /// What comes next in a piece.
    enum Event {
        /// The piece is used up.
        case needsMore
        /// The content begins.
        case begin
        /// Characters of the content, as a range of the piece.
        case content(Range<Int>)
        /// A character of the content that was written as an escape; 0 for one that is no base64.
        case escaped(UInt8)
        /// The content ends.
        case end
    }

    private enum State {
        case text, content, escape
        /// So many digits of `\\u` have come, with this value.
        case digits(Int, UInt32)
    }

    /// The object without its content.
    private(set) var rest: [UInt8] = []
    private var state = State.text
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isValue = false
    private var isName = false
    private var name: [UInt8] = []
    private var isEmpty = true

    private static let contentName = Array("content".utf8)
    /// Stands for the content: four characters, as base64 has at least.
    private static let placeholder = Array("AAAA".utf8)

    /// The next event of a piece.
    ///
    /// - Parameter position: where to go on in the piece; moved past what the event is about.
    mutating func next(_ piece: UnsafeRawBufferPointer, _ position: inout Int) -> Event {
        while position < piece.count {
            switch state {
            case .text:
                if readText(piece[position], &position) {
                    isEmpty = true
                    state = .content
                    return .begin
                }
            case .content:
                let end = Self.firstSpecial(piece, from: position)
                if end > position {
                    defer { position = end }
                    hold()
                    return .content(position..<end)
                }
                let byte = piece[position]
                position += 1
                if byte == UInt8(ascii: "\"") {
                    rest.append(byte)
                    state = .text
                    return .end
                }
                state = .escape
            case .escape, .digits:
                if let character = readEscape(piece[position], &position) {
                    hold()
                    return .escaped(character)
                }
            }
        }
        return .needsMore
    }

    private mutating func hold() {
        if isEmpty { rest += Self.placeholder }
        isEmpty = false
    }

    /// Takes a byte that is not the content's; true when the content begins behind it.
    private mutating func readText(_ byte: UInt8, _ position: inout Int) -> Bool {
        position += 1
        rest.append(byte)
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                return false
            }
            if isName, name.count <= Self.contentName.count { name.append(byte) }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""):
            if depth == 1, isValue, name == Self.contentName { return true }
            isInString = true
            isName = depth == 1 && !isValue
            if isName { name = [] }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            if depth == 1 { isValue = byte == UInt8(ascii: "[") }
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: ":"): if depth == 1 { isValue = true }
        case UInt8(ascii: ","): if depth == 1 { (isValue, name) = (false, []) }
        default: break
        }
        return false
    }

    /// Some encoders write `/` as `\\/`, and any character may come as `\\u` and four digits.
    private mutating func readEscape(_ byte: UInt8, _ position: inout Int) -> UInt8? {
        position += 1
        guard case .digits(let count, let value) = state else {
            if byte == UInt8(ascii: "u") {
                state = .digits(0, 0)
                return nil
            }
            state = .content
            return byte == UInt8(ascii: "/") ? byte : 0
        }
        let digit = Character(Unicode.Scalar(byte)).hexDigitValue
        let sum = value << 4 | UInt32(digit ?? 0)
        // What is no digit leaves a value that no character of base64 has.
        let next = digit == nil ? sum | 0x1_0000 : sum
        if count < 3 {
            state = .digits(count + 1, next & 0xFFFF | next & 0x1_0000)
            return nil
        }
        state = .content
        return next < 0x80 ? UInt8(next) : 0
    }

    /// Where the content has its next quote or backslash.
    private static func firstSpecial(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        while position < piece.count, piece[position] != 0x22, piece[position] != 0x5C {
            position += 1
        }
        return position
    }
}
