import Synchronization

/// Who wants to be told of commits: called on the writer's thread, once for each group.
public final class CommitListeners: Sendable {
    /// What names a listener.
    public struct ID: Equatable, Sendable {
        fileprivate let number: UInt64
    }

    private struct State {
        var last: UInt64 = 0
        var listeners: [(id: ID, tell: @Sendable () -> Void)] = []
    }

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)

    /// Adds a listener. It is told of every commit that ends after this returns; it does little and
    /// never waits.
    public func add(_ tell: @escaping @Sendable () -> Void) -> ID {
        state.withLock { state in
            state.last += 1
            let id = ID(number: state.last)
            state.listeners.append((id, tell))
            count.store(state.listeners.count, ordering: .sequentiallyConsistent)
            return id
        }
    }

    /// Removes a listener.
    public func remove(_ id: ID) {
        state.withLock { state in
            state.listeners.removeAll { $0.id == id }
            count.store(state.listeners.count, ordering: .sequentiallyConsistent)
        }
    }

    /// Tells all of them.
    func tell() {
        if count.load(ordering: .sequentiallyConsistent) == 0 { return }
        state.withLock { state in
            for listener in state.listeners { listener.tell() }
        }
    }
}
