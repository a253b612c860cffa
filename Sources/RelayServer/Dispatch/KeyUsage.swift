import Metrics

/// Requests of each API key that one loop has answered. The loop counts on its thread; any thread may
/// read.
final class KeyUsage: Sendable {
    // Two for each key: its id, and its requests. The first pair is for keys beyond the room.
    private let counters = Counters(count: 2 * (Limits.countedKeys + 1))

    deinit { counters.deallocate() }

    /// Where a key's requests are counted. To be called on the loop's thread.
    func counter(of id: UInt64) -> Int {
        for index in 1...Limits.countedKeys {
            if counters[2 * index] == id { return index }
            if counters[2 * index] == 0 {
                counters.set(2 * index, to: id)
                return index
            }
        }
        return 0
    }

    /// The key that is counted there; nil for those beyond the room.
    func key(of counter: Int) -> UInt64? { counter > 0 ? counters[2 * counter] : nil }

    /// Counts a request. To be called on the loop's thread.
    @inline(__always)
    func count(_ counter: Int) { counters.add(1, to: 2 * counter + 1) }

    /// Adds what was counted to the requests of each key; id 0 stands for keys beyond the room.
    func add(to requests: inout [UInt64: UInt64]) {
        for index in 0...Limits.countedKeys {
            let (id, count) = (counters[2 * index], counters[2 * index + 1])
            if index > 0, id == 0 { return }
            if count > 0 { requests[id, default: 0] += count }
        }
    }
}
