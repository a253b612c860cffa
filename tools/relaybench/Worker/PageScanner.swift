/// Reads JSON as its bytes arrive and keeps almost nothing: how many documents there are at the
/// right depth, and whether their ids ascend. Survives any split of the bytes.
///
/// It assumes JSON and finds out when brackets do not match; it is no validator.
struct PageScanner {
    /// Depth of a document: 1 a record, 2 an element of a bare array, 3 an element of `{"x": […]}`.
    private let level: Int
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// How far the last string at a document's own level spells `id`; 3 is a match, 9 is none.
    private var spelled = 0
    /// The digits after `"id":` are being read.
    private var isReadingID = false
    private var id: UInt64 = 0
    private var idsRead = 0

    /// Documents that began.
    private(set) var documents = 0
    /// The first document's id and the last one's; 0 before there is one.
    private(set) var firstID: UInt64 = 0
    private(set) var lastID: UInt64 = 0
    /// Each id is larger than the one before.
    private(set) var isAscending = true
    private var isClosed = false
    private var isBroken = false

    /// Begins a document.
    init(level: Int = 1) { self.level = level }

    /// The text came to its end, and every document had one id.
    var isWhole: Bool { isClosed && !isBroken && idsRead == documents }

    /// Reads on.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isInString {
                readText(byte)
                // Most of a document is text that says nothing: skip to the next quote.
                while isInString, !isEscaped, !isReadingID, spelled == 9, index < bytes.count,
                    bytes[index] != 0x22, bytes[index] != 0x5C
                {
                    index += 1
                }
            } else {
                readStructure(byte)
            }
        }
    }

    @inline(__always)
    private mutating func readText(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            spelled = 9
        } else if byte == 0x5C {  // \
            isEscaped = true
        } else if byte == 0x22 {  // "
            isInString = false
            spelled = spelled == 2 ? 3 : 9
        } else if isReadingID, byte >= 0x30, byte <= 0x39 {
            id = id &* 10 &+ UInt64(byte - 0x30)
        } else {
            spelled =
                spelled == 0 && byte == 0x69 ? 1 : spelled == 1 && byte == 0x64 ? 2 : 9  // i, d
        }
    }

    @inline(__always)
    private mutating func readStructure(_ byte: UInt8) {
        switch byte {
        case 0x22:  // "
            isInString = true
            spelled = depth == level && !isReadingID ? 0 : 9
        case 0x3A:  // :
            if spelled == 3, depth == level {
                isReadingID = true
                id = 0
            }
            spelled = 9
        case 0x30...0x39:
            if isReadingID { id = id &* 10 &+ UInt64(byte - 0x30) }
        case 0x7B, 0x5B:  // { [
            if isClosed { isBroken = true }
            depth += 1
            if depth == level, byte == 0x7B { documents += 1 }
        case 0x7D, 0x5D:  // } ]
            endID()
            depth -= 1
            if depth == 0 { isClosed = true }
            if depth < 0 { isBroken = true }
        case 0x2C: endID()  // ,
        default: break
        }
    }

    @inline(__always)
    private mutating func endID() {
        guard isReadingID else { return }
        isReadingID = false
        idsRead += 1
        if lastID != 0, id <= lastID { isAscending = false }
        if firstID == 0 { firstID = id }
        lastID = id
    }
}
