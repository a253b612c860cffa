import Logs
import Synchronization
import System

/// What a store that is served needs from time to time, on a thread of its own: it looks whether its
/// files are still in place, frees the slots of dead readers and scrubs the documents.
public final class StoreUpkeep: Sendable {
    private let work: UpkeepWork
    private let thread: BackgroundThread

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - health: told what is found.
    ///   - scrubRate: bytes that the scrub reads in a second; 0 for no scrub.
    ///   - chore: called once a second.
    ///   - name: what the log calls a document.
    public init(
        _ store: Store, health: StoreHealth, scrubRate: Int = Limits.scrubRate,
        also chore: @escaping @Sendable () -> Void = {},
        name: @escaping @Sendable (DocumentKey) -> String
    ) throws(ThreadError) {
        let work = UpkeepWork(store, health, scrubRate, chore, name)
        self.work = work
        thread = try BackgroundThread { work.run() }
    }

    deinit { stop() }

    /// Ends the thread.
    public func stop() {
        work.bell.ring()
        thread.join()
    }

    /// Scrubs that came to their end.
    public var scrubs: UInt64 { work.scrubs.load(ordering: .relaxed) }

    /// Documents that all scrubs looked at.
    public var scrubbedDocuments: UInt64 { work.documents.load(ordering: .relaxed) }

    /// Who reads the oldest commit, as of a second ago at most; nil when nobody reads.
    public var oldestReader: OldestReader? { work.oldestReader.withLock { $0 } }

    /// Reader slots of dead processes that were freed.
    public var deadReaders: UInt64 { work.deadReaders.load(ordering: .relaxed) }
}

/// What the thread does.
private final class UpkeepWork: Sendable {
    let bell = Bell()
    let scrubs = Atomic<UInt64>(0)
    let documents = Atomic<UInt64>(0)
    let deadReaders = Atomic<UInt64>(0)
    let oldestReader = Mutex<OldestReader?>(nil)
    private let store: Store
    private let health: StoreHealth
    private let scrubRate: Int
    private let chore: @Sendable () -> Void
    private let name: @Sendable (DocumentKey) -> String

    init(
        _ store: Store, _ health: StoreHealth, _ scrubRate: Int,
        _ chore: @escaping @Sendable () -> Void,
        _ name: @escaping @Sendable (DocumentKey) -> String
    ) {
        self.chore = chore
        self.name = name
        self.store = store
        self.health = health
        self.scrubRate = scrubRate
    }

    func run() {
        var scrub: Scrub?
        var (nextScrub, nextCheck) = (Int64.min, Int64.min)
        var watch = ReaderWatch()
        repeat {
            let now = SystemClock.monotonic.milliseconds
            look()
            health.look(atNewest: store.core.environment.statistics.lastTransactionID)
            chore()
            // What cannot be looked at is told with the dead readers.
            if let slots = try? store.readerSlots() {
                let oldest = watch.look(at: slots, now)
                oldestReader.withLock { $0 = oldest }
            }
            if now >= nextCheck {
                nextCheck = now + Limits.readerCheckInterval
                clearDeadReaders()
            }
            if scrub == nil, scrubRate > 0, now >= nextScrub {
                nextScrub = now + Limits.scrubInterval
                scrub = Scrub()
            }
            if scrub != nil { step(&scrub) }
            for key in store.damage.takeUntold() {
                health.tell(
                    .error, "document_damaged",
                    "\(name(key)) is damaged: restore it from a snapshot or a dump")
            }
        } while !bell.waitForRing(milliseconds: Limits.upkeepInterval)
    }

    /// Looks whether the files are still in place.
    private func look() {
        do throws(StoreError) {
            try store.requireInPlace()
        } catch {
            health.becomeFatal(error)
        }
    }

    private func clearDeadReaders() {
        do throws(StoreError) {
            let count = try store.clearDeadReaders()
            if count == 0 { return }
            deadReaders.add(UInt64(count), ordering: .relaxed)
            health.tell(
                .warning, "dead_readers_freed",
                "freed \(count) reader slots of processes that have died")
        } catch {
            health.tell(
                .error, "readers_unknown", "the reader table cannot be looked at: \(error)")
        }
    }

    private func step(_ scrub: inout Scrub?) {
        guard var walk = scrub else { return }
        do throws(StoreError) {
            let before = walk.documents
            // Made for each step: one that rests would keep its slot.
            let reader = try store.makeReader()
            try walk.step(reader.view, atMost: scrubRate, store.damage)
            documents.add(walk.documents - before, ordering: .relaxed)
        } catch {
            // The tree itself, or no reader: what else can be read is for `relayctl check` to say.
            health.tell(.error, "scrub_failed", "the scrub ends early: \(error)")
            scrub = nil
            return
        }
        scrub = walk
        guard walk.position == nil else { return }
        scrub = nil
        scrubs.add(1, ordering: .relaxed)
        store.damage.keep(walk.damaged)
        if !walk.damaged.isEmpty {
            health.tell(
                .error, "scrub_done",
                "the scrub of \(walk.documents) documents found \(walk.damaged.count) damaged: "
                    + "relayctl check tells more")
        }
    }
}
