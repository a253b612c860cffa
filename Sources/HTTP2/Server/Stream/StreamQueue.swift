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
