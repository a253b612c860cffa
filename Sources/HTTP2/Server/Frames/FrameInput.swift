import Glibc

/// Where a connection's input stands between two reads.
///
/// DATA is handed on as it comes. Of every other frame that means something the bytes are kept until it is
/// whole: frames are looked at one by one, and each completely. Most of them come whole, and are looked at
/// where they were read.
struct FrameInput {
    /// What a client says first (RFC 9113 §3.4).
    static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    /// Bytes of the method in it, `PRI`.
    static let methodBytes = 3

    /// Bytes of the preface that have come.
    var prefaceSeen = 0
    /// Whether the SETTINGS frame behind it has come.
    var hasSettings = false
    /// The DATA frame whose payload is arriving.
    var data = ArrivingData()
    /// Bytes that are still to come of a frame that nobody looks at.
    var skipped = 0
    /// The field section whose frames are arriving.
    var section = ArrivingSection()

    /// Whether nothing has begun that has not ended.
    var isBetweenFrames: Bool {
        partialLength == 0 && skipped == 0 && !data.isArriving && section.stream == 0
    }

    // SAFETY: freed by `free`, at the latest with the connection.
    private var partial: UnsafeMutableRawPointer?
    /// Bytes of a frame that have come, its header among them.
    private(set) var partialLength = 0

    /// The frame that has come in part.
    var partialFrame: UnsafePointer<UInt8> {
        // SAFETY: there is one, see `partialLength`.
        UnsafePointer(partial.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
    }

    /// Keeps bytes of a frame whose end has not come.
    mutating func keep(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        precondition(partialLength + count <= Limits.keptFrameBytes, "a frame is as long as may be")
        let space = partial ?? malloc(Limits.keptFrameBytes)!
        memcpy(space + partialLength, bytes, count)
        partial = space
        partialLength += count
    }

    /// Says that the frame which was kept is about to be looked at; `free` follows.
    mutating func takePartial() -> Int {
        defer { partialLength = 0 }
        return partialLength
    }

    /// Gives the memory of a frame that was kept back.
    mutating func free() {
        Glibc.free(partial)
        partial = nil
        partialLength = 0
    }
}

/// A DATA frame that is arriving.
struct ArrivingData {
    var stream: Int32 = 0
    /// Bytes of the body that are still to come, and of the padding behind it.
    var left = 0
    var padding = 0
    /// The first byte of the payload, which says how much padding there is, is still to come.
    var needsPadding = false
    /// It has the END_STREAM flag.
    var ends = false
    /// Its stream is closed: nobody wants its bytes.
    var isIgnored = false

    /// Whether something of it is still to come.
    @inline(__always)
    var isArriving: Bool { left > 0 || padding > 0 }
}

/// A field section that is arriving: HEADERS, and the CONTINUATION frames behind it.
struct ArrivingSection {
    enum Purpose: UInt8 {
        case request, trailers
        /// It is decoded, because later ones refer to it, and forgotten.
        case nothing
    }

    /// 0 between two sections.
    var stream: Int32 = 0
    var purpose = Purpose.nothing
    /// Its HEADERS frame has the END_STREAM flag.
    var ends = false
    /// CONTINUATION frames that have come.
    var continuations = 0
    /// Bytes of a trailer section's fields, counted as RFC 9113 §6.5.2 does.
    var trailerBytes = 0
    /// The beginning of a field that goes on in the next of them.
    var rest = FieldRest()

    @inline(__always)
    mutating func begin(_ stream: Int32, _ purpose: Purpose, ends: Bool) {
        (self.stream, self.purpose, self.ends) = (stream, purpose, ends)
        (continuations, trailerBytes) = (0, 0)
    }
}

/// Bytes of a field section whose field has not come completely.
struct FieldRest {
    // SAFETY: freed by `free`, at the latest with the connection.
    private var memory: UnsafeMutablePointer<UInt8>?
    private(set) var count = 0

    /// Where they lie, until the next change.
    var bytes: UnsafePointer<UInt8> { UnsafePointer(memory.unsafelyUnwrapped) }

    mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        precondition(self.count + count <= Limits.fieldSectionBytes, "of so many frames")
        // Of one byte at least, so that there is memory.
        let room = realloc(memory, max(self.count + count, 1))!
        // SAFETY: nothing else has ever been there.
        let space = room.assumingMemoryBound(to: UInt8.self)
        memcpy(space + self.count, bytes, count)
        memory = space
        self.count += count
    }

    /// Drops bytes from the beginning.
    mutating func drop(_ count: Int) {
        if count == self.count { return free() }
        self.count -= count
        memmove(memory.unsafelyUnwrapped, memory.unsafelyUnwrapped + count, self.count)
    }

    mutating func free() {
        Glibc.free(memory)
        (memory, count) = (nil, 0)
    }
}
