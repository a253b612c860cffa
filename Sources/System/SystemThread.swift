import Glibc
import Synchronization

/// A thread of the operating system (pthread_create): for what blocks, or what has to stay on one
/// thread, which Swift's own tasks may not.
public final class SystemThread: Sendable {
    /// Nil once it is joined. A pthread_t, which on Linux is a number.
    private let handle: Mutex<UInt?>

    /// Starts a thread that runs `body` and ends with it.
    ///
    /// - Throws: EAGAIN as an errno when the machine has no room for another thread.
    public init(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        var thread = pthread_t()
        // SAFETY: the thread takes over this reference, or it is released below.
        let box = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                // SAFETY: retained above for the thread.
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if code != 0 {
            box.release()
            throw ThreadError(errno: code)
        }
        handle = Mutex(UInt(thread))
    }

    /// A thread that nobody waits for any more gives back what it holds when it ends.
    deinit {
        if let thread = handle.withLock({ $0.take() }) { pthread_detach(pthread_t(thread)) }
    }

    /// Waits until the body has returned; returns at once if somebody has waited before. Not to be
    /// called on the thread itself.
    public func join() {
        guard let thread = handle.withLock({ $0.take() }) else { return }
        pthread_join(pthread_t(thread), nil)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
