import Synchronization

/// Counters that one thread adds to and any thread may read.
///
/// To add is a load, an addition and a store, all relaxed: no locked instruction, and no line that
/// another thread writes. Whoever reads several may see one of now and another of a moment ago.
public struct Counters: @unchecked Sendable {
    // SAFETY: allocated in init, and freed by the owner once nobody reads any more.
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many there are.
    public let count: Int

    /// Makes counters that are all 0. Their owner calls `deallocate`.
    public init(count: Int) {
        self.count = count
        // SAFETY: see above.
        slots = .allocate(capacity: count)
        for index in 0..<count { (slots + index).initialize(to: Atomic(0)) }
    }

    /// Adds to a counter. To be called on one thread only.
    @inline(__always)
    public func add(_ number: UInt64, to index: Int) {
        let sum = slots[index].load(ordering: .relaxed) &+ number
        slots[index].store(sum, ordering: .relaxed)
    }

    /// Sets a counter to a value. To be called on one thread only.
    public func set(_ index: Int, to value: UInt64) {
        slots[index].store(value, ordering: .relaxed)
    }

    /// A counter's value.
    public subscript(index: Int) -> UInt64 { slots[index].load(ordering: .relaxed) }

    /// Returns the memory; nothing may be counted or read afterwards.
    public func deallocate() {
        slots.deinitialize(count: count)
        slots.deallocate()
    }
}
