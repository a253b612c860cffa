import Glibc

/// A thread of its own for what would keep another one waiting; ends with its body.
final class WorkerThread: @unchecked Sendable {
    // SAFETY: set once in init, read once in `join`, by the owner.
    private var thread = pthread_t()
    private var isJoined = false

    /// Starts a thread that gives way to what serves.
    init(_ body: @escaping @Sendable () -> Void) {
        let box = Body(body)
        let code = pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained below for the thread.
                let box = Unmanaged<Body>.fromOpaque(context!).takeRetainedValue()
                WorkerThread.giveWay()
                box.run()
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        precondition(code == 0, "no thread for a snapshot")
    }

    deinit { join() }

    /// Waits for the end of the body.
    func join() {
        if isJoined { return }
        isJoined = true
        pthread_join(thread, nil)
    }

    /// Lowers the priority of the calling thread alone: on Linux a nice value belongs to a thread.
    static func giveWay() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Limits.niceness)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
