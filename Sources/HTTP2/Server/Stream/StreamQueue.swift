/// Streams in the order in which their requests became complete, linked through `Stream.next`.
struct StreamQueue {
    private(set) var first: Stream?
    private var last: Stream?

    var isEmpty: Bool { first == nil }

    @inline(__always)
    mutating func append(_ stream: Stream) {
        stream.next = nil
        if let last { last.next = stream } else { first = stream }
        last = stream
    }

    @inline(__always)
    mutating func popFirst() -> Stream? {
        guard let stream = first else { return nil }
        first = stream.next
        if first == nil { last = nil }
        stream.next = nil
        return stream
    }

    /// Puts a stream before those that were opened later.
    mutating func insert(_ stream: Stream) {
        guard let last, last.id > stream.id else { return append(stream) }
        var before: Stream?
        var next = first
        while let other = next, other.id < stream.id {
            before = other
            next = other.next
        }
        stream.next = next
        if let before { before.next = stream } else { first = stream }
    }

    /// Puts those of a lower rank first, and leaves those of one rank in their order.
    mutating func sort(by rank: (Stream) -> Int) {
        var ranked = Limits.AnswerRanks<StreamQueue>(repeating: StreamQueue())
        while let stream = popFirst() { ranked[rank(stream)].append(stream) }
        for index in ranked.indices {
            guard let head = ranked[index].first else { continue }
            if let last { last.next = head } else { first = head }
            last = ranked[index].last
        }
    }

    /// Takes a stream out wherever it stands: its client reset it while it waited.
    mutating func remove(_ stream: Stream) {
        var before: Stream?
        var current = first
        while let candidate = current, candidate != stream {
            before = candidate
            current = candidate.next
        }
        guard current != nil else { return }
        if let before {
            before.next = stream.next
        } else {
            first = stream.next
        }
        if last == stream { last = before }
        stream.next = nil
    }
}
