/// The free slots of a loop, first in first out: each connection carries as much as any other. A
/// slot whose connection takes nothing now is parked until it does.
struct SlotQueue {
    private let slots: UnsafeMutablePointer<Int32>
    /// When each slot may be used again, by its number; nanoseconds on the monotonic clock.
    private let ready: UnsafeMutablePointer<Int64>
    private let capacity: Int
    private let streams: Int
    private var head = 0
    private(set) var count = 0
    /// By connection.
    private var parked: [[Int32]]
    /// When the queue last stopped being empty.
    private(set) var freeSince: Int64 = 0

    /// All slots free, one of each connection in turn.
    init(connections: Int, streams: Int) {
        capacity = connections * streams
        self.streams = streams
        // SAFETY: freed by `deallocate`, with the worker.
        slots = .allocate(capacity: capacity)
        ready = .allocate(capacity: capacity)
        ready.initialize(repeating: 0, count: capacity)
        parked = .init(repeating: [], count: connections)
        for slot in 0..<capacity {
            slots[slot] = Int32(slot % connections * streams + slot / connections)
        }
        count = capacity
    }

    func deallocate() {
        slots.deallocate()
        ready.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// When the next slot may be used; there must be one.
    var nextReady: Int64 { ready[Int(slots[head])] }

    /// Takes the slot that has been free for longest; there must be one.
    @inline(__always)
    mutating func take() -> Int {
        let slot = Int(slots[head])
        head = head + 1 == capacity ? 0 : head + 1
        count -= 1
        return slot
    }

    /// Gives a slot back.
    ///
    /// - Parameters:
    ///   - now: nanoseconds on the monotonic clock.
    ///   - pause: nanoseconds before it may be used.
    @inline(__always)
    mutating func put(_ slot: Int, _ now: Int64, pause: Int64 = 0) {
        if count == 0 { freeSince = now + pause }
        let end = head + count
        slots[end < capacity ? end : end - capacity] = Int32(slot)
        ready[slot] = now + pause
        count += 1
    }

    /// Keeps a slot until its connection takes requests.
    mutating func park(_ slot: Int) { parked[slot / streams].append(Int32(slot)) }

    /// Gives back what was parked for a connection.
    mutating func unpark(_ connection: Int, _ now: Int64) {
        for slot in parked[connection] { put(Int(slot), now) }
        parked[connection].removeAll(keepingCapacity: true)
    }
}
