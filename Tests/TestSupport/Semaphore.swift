import Glibc

/// A semaphore between threads of this process.
public final class Semaphore: @unchecked Sendable {
    // SAFETY: made for many threads; allocated in init, freed in deinit.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// At zero: who waits, waits for a `post`.
    public init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Lets one thread go on, one that waits or the next that will.
    public func post() { sem_post(semaphore) }

    /// Waits for a `post`.
    public func wait() { while sem_wait(semaphore) != 0 {} }
}
