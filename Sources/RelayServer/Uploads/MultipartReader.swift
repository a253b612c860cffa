import Glibc

/// Why a body is not multipart/form-data.
enum MultipartFault: Error, Equatable {
    case noBoundary, badDelimiter, headTooLong, badHead(String), cutOff

    /// What to do about it.
    var description: String {
        switch self {
        case .noBoundary: "multipart/form-data needs one boundary of 1 to 70 characters"
        case .badDelimiter: "a boundary is not followed by the end of its line"
        case .headTooLong:
            "the header fields of a part have more than \(Limits.partHeadBytes) bytes"
        case .badHead(let what): "the header fields of a part are wrong: \(what)"
        case .cutOff: "the body ends before its closing boundary"
        }
    }
}

/// Reads multipart/form-data (RFC 7578, RFC 2046 §5.1) piece by piece, wherever it is cut.
///
/// A delimiter begins with CR and has no other one, so what was matched of it and then turns out
/// to be none is plain data: it need not be kept, its bytes are known.
struct MultipartReader {
    /// What comes next in a piece.
    enum Event {
        /// The piece is used up.
        case needsMore
        /// A part begins.
        case part(PartHead)
        /// Bytes of the part, as a range of the piece.
        case bytes(Range<Int>)
        /// Bytes of the part that lay in the piece before: so many from the start of `delimiter`.
        case heldBack(Int)
        /// The part ends.
        case partEnd
    }

    private enum State {
        case preamble, delimiterEnd, head, body, closing, epilogue
    }

    /// CR LF, two hyphens, the boundary.
    let delimiter: [UInt8]
    private var state = State.preamble
    /// Bytes of the delimiter that the piece before ended with. The first one needs no line before.
    private var matched = 2
    /// What follows a delimiter, or a part's fields.
    private var line: [UInt8] = []

    /// Takes the boundary from a Content-Type.
    init(contentType: UnsafeRawBufferPointer) throws(MultipartFault) {
        let field = FieldParameters(contentType)
        let boundaries = field.all("boundary")
        guard let boundary = boundaries.first, boundaries.count == 1,
            (1...70).contains(boundary.count),
            boundary.allSatisfy(Self.isBoundaryByte), boundary.last != UInt8(ascii: " ")
        else { throw .noBoundary }
        delimiter = [13, 10, 45, 45] + boundary
    }

    /// Whether the closing delimiter has come.
    var isAtEnd: Bool { state == .epilogue || state == .closing && line.isEmpty }

    /// The next event of a piece.
    ///
    /// - Parameter position: where to go on in the piece; moved past what the event is about.
    mutating func next(
        _ piece: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(MultipartFault) -> Event {
        while position < piece.count {
            switch state {
            case .preamble, .body:
                if let event = readData(piece, &position) { return event }
            case .delimiterEnd: try readDelimiterEnd(piece[position], &position)
            case .head:
                if let head = try readHead(piece[position], &position) { return .part(head) }
            case .closing: try readClosing(piece[position], &position)
            case .epilogue: position = piece.count
            }
        }
        return .needsMore
    }

    /// Data up to what may be a delimiter; nil when there is nothing to tell.
    private mutating func readData(
        _ piece: UnsafeRawBufferPointer, _ position: inout Int
    ) -> Event? {
        let isPart = state == .body
        if matched == 0 {
            let start = position
            position = Self.firstReturn(piece, from: position)
            if position > start { return isPart ? .bytes(start..<position) : nil }
            matched = 1
            position += 1
            return nil
        }
        if piece[position] != delimiter[matched] {
            let held = matched
            matched = 0
            return isPart ? .heldBack(held) : nil
        }
        matched += 1
        position += 1
        if matched < delimiter.count { return nil }
        matched = 0
        line = []
        state = .delimiterEnd
        return isPart ? .partEnd : nil
    }

    /// Where the next CR is that a LF may follow; the piece's end if there is none.
    private static func firstReturn(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        while position < piece.count {
            // SAFETY: within the piece, which the caller keeps alive.
            let rest = piece.baseAddress! + position
            guard let found = memchr(rest, 13, piece.count - position) else { return piece.count }
            position += UnsafeRawPointer(found) - rest
            if position + 1 == piece.count || piece[position + 1] == 10 { return position }
            position += 1
        }
        return position
    }

    /// `--` ends the body; else the line has to end, perhaps behind some space.
    private mutating func readDelimiterEnd(
        _ byte: UInt8, _ position: inout Int
    ) throws(MultipartFault) {
        position += 1
        line.append(byte)
        if line == [45, 45] {
            line = []
            state = .closing
        } else if line.suffix(2) == [13, 10] {
            guard line.dropLast(2).allSatisfy({ $0 == 32 || $0 == 9 }) else {
                throw .badDelimiter
            }
            line = []
            state = .head
        } else if line.count > Limits.partHeadBytes
            || !(byte == 32 || byte == 9 || byte == 13 || line == [45])
        {
            throw .badDelimiter
        }
    }

    /// Behind the closing delimiter stand spaces, and a line's end before anything else.
    private mutating func readClosing(
        _ byte: UInt8, _ position: inout Int
    ) throws(MultipartFault) {
        position += 1
        switch (byte, line) {
        case (32, []), (9, []): break
        case (13, []): line = [13]
        case (10, [13]): state = .epilogue
        default: throw .badDelimiter
        }
    }

    private mutating func readHead(
        _ byte: UInt8, _ position: inout Int
    ) throws(MultipartFault) -> PartHead? {
        position += 1
        line.append(byte)
        if line.count > Limits.partHeadBytes { throw .headTooLong }
        guard byte == 10, line == [13, 10] || line.suffix(4) == [13, 10, 13, 10] else {
            return nil
        }
        let head = try PartHead(line)
        line = []
        state = .body
        return head
    }

    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "'()+_,-./:=? ".utf8.contains(byte)
        }
    }
}
