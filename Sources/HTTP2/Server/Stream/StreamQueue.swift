/// Streams in the order in which their requests became complete, linked through `Stream.next`.
struct StreamQueue {
    private(set) var first: UnsafeMutablePointer<Stream>?
    private var last: UnsafeMutablePointer<Stream>?

    var isEmpty: Bool { first == nil }

    @inline(__always)
    mutating func append(_ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.next = nil
        if let last { last.pointee.next = stream } else { first = stream }
        last = stream
    }

    @inline(__always)
    mutating func popFirst() -> UnsafeMutablePointer<Stream>? {
        guard let stream = first else { return nil }
        first = stream.pointee.next
        if first == nil { last = nil }
        stream.pointee.next = nil
        return stream
    }

    /// Takes a stream out wherever it stands: its client reset it while it waited.
    mutating func remove(_ stream: UnsafeMutablePointer<Stream>) {
        var before: UnsafeMutablePointer<Stream>?
        var current = first
        while let candidate = current, candidate != stream {
            before = candidate
            current = candidate.pointee.next
        }
        guard current != nil else { return }
        if let before {
            before.pointee.next = stream.pointee.next
        } else {
            first = stream.pointee.next
        }
        if last == stream { last = before }
        stream.pointee.next = nil
    }
}

/// Stream ids that a client passed over when it opened a higher one.
///
/// RFC 9113 §5.1.1: opening a stream closes all idle lower ones, and a HEADERS frame on one of
/// them is a connection error. libnghttp2 ignores such a frame instead; late trailers on a stream
/// that was open must stay harmless, so the two have to be told apart.
struct SkippedStreamIDs {
    private var highest: Int32 = -1
    private var ranges = InlineArray<4, (low: Int32, high: Int32)>(repeating: (0, -1))
    private var nextRange = 0

    /// Notes a HEADERS frame.
    ///
    /// - Returns: false when it opens a stream that counts as closed without ever being open.
    @inline(__always)
    mutating func note(_ id: Int32) -> Bool {
        if id == highest &+ 2 || (highest < 0 && id == 1) {
            highest = id
            return true
        }
        return noteUnusual(id)
    }

    private mutating func noteUnusual(_ id: Int32) -> Bool {
        if id > highest {
            // The four newest gaps are remembered: enough to answer a faulty client.
            ranges[nextRange] = (highest < 0 ? 1 : highest + 2, id - 2)
            nextRange = (nextRange + 1) % 4
            highest = id
            return true
        }
        for index in 0..<4 where ranges[index].low <= id && id <= ranges[index].high {
            return false
        }
        return true
    }
}
