import Synchronization

/// Memory and time that the request bodies of a server may take, shared by its loops.
public final class BodyBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Int
    /// Time in which a body has to get on, see `endStalledBodies`.
    let stallMilliseconds: Int64

    /// A budget of so many bytes.
    public init(
        _ limit: Int = Limits.bodyBytes, stallMilliseconds: Int64 = Limits.stallMilliseconds
    ) {
        self.limit = limit
        self.stallMilliseconds = stallMilliseconds
    }

    /// Bytes that are taken now.
    public var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Loops that ask at the same time may each get what is left: the limit is passed by one read
    /// per loop at most.
    func hasRoom(for count: Int) -> Bool { usedBytes + count <= limit }

    func take(_ count: Int) { used.add(count, ordering: .relaxed) }

    func give(_ count: Int) { used.subtract(count, ordering: .relaxed) }
}

extension Connection {
    /// Whether so many more bytes of bodies may be kept for this connection.
    func hasRoom(forBody count: Int) -> Bool {
        self.bodyBytes + count <= Limits.bodyBytesPerConnection
            && self.loop.bodies.hasRoom(for: count)
    }

    /// Counts bytes of a body that are kept from now on.
    func holdBody(_ count: Int) {
        self.bodyBytes += count
        self.loop.bodies.take(count)
    }

    /// Counts bytes of a body that are kept no longer.
    func releaseBody(_ count: Int) {
        if count == 0 { return }
        self.bodyBytes -= count
        self.loop.bodies.give(count)
        self.loop.freedBytes += count
    }
}
