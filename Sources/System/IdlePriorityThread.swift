import CLinux
import Glibc

/// A thread that computes while nothing else wants its core: hashing and compressing take a second of
/// CPU for a store of half a gigabyte, and whoever is served meanwhile must not wait for a turn of
/// the scheduler's.
///
/// It runs under SCHED_IDLE, so what serves takes its core at once. That may go on for long where
/// all cores are busy, while the snapshot keeps the store's pages from being reused: so when the
/// thread is starved, another one takes over that has a share of its own (`Limits.niceness`). And
/// since it may be stopped anywhere, it shall do nothing but compute: no writing, which the
/// store's own commits might then wait for.
///
/// Where there is no room for another thread, the one that asks computes itself.
public final class IdlePriorityThread {
    private let desk = Desk()
    private var thread: BackgroundThread?
    /// Whether it still runs only where nobody else would.
    private(set) var isIdle = true

    /// Starts the thread.
    public init() { begin() }

    deinit { end() }

    /// Computes something on the thread; returns when that is done.
    public func perform<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var outcome: Result<Value, Failure>?
        let step = {
            do throws(Failure) {
                outcome = .success(try body())
            } catch {
                outcome = .failure(error)
            }
        }
        withoutActuallyEscaping(step) { run($0) }
        return try outcome!.get()
    }

    private func run(_ step: @escaping () -> Void) {
        if thread == nil { return step() }
        let wall = SystemClock.monotonic.nanoseconds
        let cpu = desk.clock.nanoseconds
        desk.hand(over: step)
        let waited = SystemClock.monotonic.nanoseconds - wall
        if isIdle, Self.isStarved(wall: waited, cpu: desk.clock.nanoseconds - cpu) { insist() }
    }

    /// Goes on with a share of the core's time: a thread cannot leave SCHED_IDLE without a privilege,
    /// but the one that waits for it never entered it.
    func insist() {
        end()
        isIdle = false
        begin()
    }

    /// Whether a step that took so many nanoseconds would have been done long ago.
    static func isStarved(wall: Int64, cpu: Int64) -> Bool {
        wall > Limits.patience * 1_000_000 && cpu < wall / 10
    }

    private func begin() {
        thread = try? BackgroundThread { [desk, isIdle] in
            // Where that is refused, the nice value is what there is.
            if isIdle { _ = relay_run_idle() }
            desk.serve()
        }
        if thread != nil { desk.waitUntilDone() }
    }

    private func end() {
        guard let thread else { return }
        desk.close()
        thread.join()
        self.thread = nil
    }
}

/// Where one thread leaves work for another and waits until it is done.
private final class Desk: @unchecked Sendable {
    // SAFETY (all members): the two threads take turns. The one that hands over writes before it posts
    // `start` and reads after it has waited for `done`, the one that serves the other way round.
    private var job: (() -> Void)?
    private(set) var clock = SystemClock.monotonic
    // SAFETY: allocated in init, freed in deinit, when neither thread knows the desk any more.
    private let start = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    // SAFETY: likewise.
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(start, 0, 0)
        sem_init(done, 0, 0)
    }

    deinit {
        sem_destroy(start)
        sem_destroy(done)
        start.deallocate()
        done.deallocate()
    }

    /// Leaves a job and waits until it is done.
    func hand(over job: @escaping () -> Void) {
        self.job = job
        sem_post(start)
        waitUntilDone()
    }

    /// Sends the thread that serves away: there is no job for it.
    func close() { sem_post(start) }

    /// Waits for the end of a job, or of what the thread does before its first one.
    func waitUntilDone() {
        // A signal may end the wait early.
        while sem_wait(done) != 0 {}
    }

    /// Does one job after the other.
    func serve() {
        clock = .callingThreadCPU
        sem_post(done)
        while true {
            while sem_wait(start) != 0 {}
            guard doJob() else { return }
            sem_post(done)
        }
    }

    /// Does a job and forgets it, before its end is told: what it refers to may go then. False if
    /// there is none.
    private func doJob() -> Bool {
        guard let job = job.take() else { return false }
        job()
        return true
    }
}
