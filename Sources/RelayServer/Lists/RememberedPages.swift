import Glibc
import HTTP2
import RelayStore

/// Pages that were asked for more than once, as they were answered.
///
/// The first page of a list is polled, and many clients walk the same pages. At first a page is
/// remembered as the runs of the map that it is made of, which are worth nothing under the next commit:
/// their bytes may be overwritten. One that is asked for again and again is copied once, into memory
/// that the kernel is lent instead of copying it for each answer. Such a page outlives commits, as
/// long as it can be proved that none of them has changed it: by the version of what it is made of, or
/// by its list and the places of its records (`StoreReader.proof`).
struct RememberedPages: ~Copyable {
    /// Whose page it is, what was asked for, and as of when.
    private struct Page {
        /// The commit that it was last known to be true of.
        var commit: UInt64 = 0
        var account: UInt32 = 0
        var targetBytes = 0
        /// What it is made of, and the version of that.
        var watched: ResourceSet = []
        var version: UInt64 = 0
        /// Where it was copied to; behind the body follow the list's keys, if there is a list.
        var copy: UnsafeRawPointer?
        var keyCount: Int?
        var target = Limits.RememberedTarget(repeating: 0)
    }

    /// What was asked for last in a slot, and how often.
    private struct Asked {
        var hash: UInt64 = 0
        var times = 0
    }

    /// A page that is still what it was.
    struct KnownPage {
        /// Its body.
        var body: UnsafeRawBufferPointer
        /// Records on it.
        var documents: Int
        /// The list's key of the last one.
        var lastKey: UInt64?
    }

    // SAFETY: allocated in init, freed in deinit, used by one loop.
    private let pages: UnsafeMutablePointer<Page>
    /// What each page was answered; the system gives the memory of those that are.
    private let responses: UnsafeMutablePointer<RecordedResponse>
    /// Of each slot the hash of the page in it, 0 for none: what is looked at to find one.
    private let held: UnsafeMutablePointer<UInt64>
    /// Most pages are asked for once, and recording those would push what is in the cache out of it.
    private let asked: UnsafeMutablePointer<Asked>
    private let memory: UnsafeMutablePointer<PageMemory>

    /// - Parameter budget: bytes of copies.
    init(budget: Int) {
        // SAFETY: freed in deinit; a response's memory is initialized when it is first written.
        pages = .allocate(capacity: Limits.rememberedPages)
        pages.initialize(repeating: Page(), count: Limits.rememberedPages)
        responses = .allocate(capacity: Limits.rememberedPages)
        held = .allocate(capacity: Limits.rememberedPages)
        held.initialize(repeating: 0, count: Limits.rememberedPages)
        asked = .allocate(capacity: Limits.rememberedPages)
        asked.initialize(repeating: Asked(), count: Limits.rememberedPages)
        memory = .allocate(capacity: 1)
        memory.initialize(to: PageMemory(budget: budget))
    }

    deinit {
        pages.deallocate()
        responses.deallocate()
        held.deallocate()
        asked.deallocate()
        memory.deinitialize(count: 1)
        memory.deallocate()
    }

    /// Where copies lie, which are written once.
    var lentMemory: UnsafeRawBufferPointer { memory.pointee.bytes }

    /// Comes before each turn, when nothing of an answer is left that was not sent or copied.
    @inline(__always)
    func beginTurn() { memory.pointee.beginTurn() }

    // MARK: Answering

    /// Answers a request whose page is known under this commit, or made of nothing that has changed
    /// since; false when it is not.
    @inline(__always)
    func answer(_ exchange: RelayExchange, _ reader: borrowing StoreReader) -> Bool {
        guard Self.isPlain(exchange), let slot = slot(of: exchange),
            // A peer that does not read gets portions, or each stream would keep a page in the heap.
            responses[slot].bodyBytes <= exchange.http.portionBytes
        else { return false }
        let page = pages + slot
        if page.pointee.copy == nil {
            guard page.pointee.commit == reader.transactionID else { return false }
            // It is worth its copy, and made once more for that.
            if ask(slot, held[slot]) >= Limits.timesAskedForCopy { return false }
        } else {
            if page.pointee.commit != reader.transactionID {
                let version = try? page.pointee.watched.version(
                    in: reader.view, of: page.pointee.account)
                guard version == page.pointee.version else { return false }
                page.pointee.commit = reader.transactionID
            }
            memory.pointee.use(slot)
        }
        exchange.http.respond(with: responses + slot)
        return true
    }

    /// The page of a list, if it was copied and is still the same. Its fields are not: the list's version
    /// is among them.
    func known(
        _ exchange: RelayExchange, on source: borrowing VersionedList, from start: PageStart,
        limit: Int, _ reader: borrowing StoreReader
    ) throws(StoreError) -> KnownPage? {
        guard Self.isPlain(exchange), let slot = slot(of: exchange), let copy = pages[slot].copy,
            let count = pages[slot].keyCount,
            responses[slot].bodyBytes <= exchange.http.portionBytes
        else { return nil }
        // SAFETY: copied behind the body, on a boundary of eight bytes, by whoever was handed the room.
        let keys = UnsafeBufferPointer(
            start: (copy + Self.keyOffset(responses[slot].bodyBytes))
                .assumingMemoryBound(to: UInt64.self), count: count)
        switch try reader.proof(
            of: keys, on: source, from: start, limit: limit, since: pages[slot].commit)
        {
        case .unknown: return nil
        case .changed:
            asked[slot] = Asked(hash: held[slot], times: 1)
            forget(slot)
            return nil
        case .unchanged:
            memory.pointee.use(slot)
            // SAFETY: the copy, which stays as it is until this page is forgotten.
            let body = UnsafeRawBufferPointer(start: copy, count: responses[slot].bodyBytes)
            return KnownPage(body: body, documents: count, lastKey: keys.last)
        }
    }

    /// Takes down the fields of an answer that has the body of a known page.
    func renew(_ exchange: RelayExchange, _ commit: UInt64, version: UInt64) {
        guard let slot = slot(of: exchange), let copy = pages[slot].copy else { return }
        let isRecorded = exchange.http.record(in: responses + slot, copy: copy)
        precondition(isRecorded, "an answer with a known body is whole")
        pages[slot].commit = commit
        pages[slot].version = version
    }

    // MARK: Remembering

    /// Whether the page that is about to be made will be copied if it is remembered: then whatever was
    /// damaged in it would be handed out for as long as the copy lasts.
    @inline(__always)
    func isWorthCopy(_ exchange: RelayExchange) -> Bool {
        let hash = Self.hash(exchange.http.path, exchange.account)
        let slot = slot(for: hash)
        return asked[slot].hash == hash && asked[slot].times + 1 >= Limits.timesAskedForCopy
    }

    /// Remembers a page that was just answered, if it was asked for before.
    ///
    /// - Parameters:
    ///   - watched: what the page is made of.
    ///   - version: the version of that.
    ///   - documents: of a page of a list: how many records are on it.
    /// - Returns: where the list's keys of those are to be written, if anywhere.
    func remember(
        _ exchange: RelayExchange, _ commit: UInt64, watched: ResourceSet, version: UInt64,
        documents: Int? = nil
    ) -> UnsafeMutableBufferPointer<UInt64>? {
        let target = exchange.http.path
        guard Self.isPlain(exchange), target.count <= Limits.rememberedTargetBytes,
            let byteCount = exchange.http.attachedBytes
        else { return nil }
        let hash = Self.hash(target, exchange.account)
        let known = self.slot(of: exchange)
        let slot = known ?? slot(for: hash)
        if ask(slot, hash) == 1 { return nil }
        // Whether it has changed could not be told this time.
        if known != nil, pages[slot].copy != nil, pages[slot].keyCount != nil { return nil }
        forget(slot)
        var page = Page(
            commit: commit, account: exchange.account, targetBytes: target.count,
            watched: watched, version: version)
        // SAFETY: there is room for `rememberedTargetBytes`.
        memcpy(&page.target, target.baseAddress!, target.count)
        let room = copy(exchange, slot, byteCount, documents, &page)
        (responses + slot).initialize(to: RecordedResponse())
        guard exchange.http.record(in: responses + slot, copy: page.copy) else {
            forget(slot)
            return nil
        }
        pages[slot] = page
        held[slot] = hash
        return room
    }

    /// Copies a page that was asked for often enough.
    private func copy(
        _ exchange: RelayExchange, _ slot: Int, _ byteCount: Int, _ documents: Int?,
        _ page: inout Page
    ) -> UnsafeMutableBufferPointer<UInt64>? {
        if asked[slot].times < Limits.timesAskedForCopy || byteCount == 0 { return nil }
        let offset = Self.keyOffset(byteCount)
        let (pages, held) = (pages, held)
        let room = memory.pointee.take(slot, offset + 8 * (documents ?? 0)) {
            pages[$0] = Page()
            held[$0] = 0
        }
        guard let room else {
            // Not with the next request again.
            asked[slot].times = -Limits.timesAskedForCopy
            return nil
        }
        exchange.http.copyAttached(to: room)
        page.copy = UnsafeRawPointer(room)
        page.keyCount = documents
        guard let documents else { return nil }
        // SAFETY: the room is for body and keys; nobody is lent it before the caller has filled it.
        return UnsafeMutableBufferPointer(
            start: (room + offset).bindMemory(to: UInt64.self, capacity: documents),
            count: documents)
    }

    private func forget(_ slot: Int) {
        pages[slot] = Page()
        held[slot] = 0
        memory.pointee.leave(slot)
    }

    // MARK: Finding

    /// The slot that has what is asked for.
    @inline(__always)
    private func slot(of exchange: RelayExchange) -> Int? {
        let target = exchange.http.path
        let hash = Self.hash(target, exchange.account)
        for slot in Self.ways(hash) where held[slot] == hash {
            let page = pages + slot
            // SAFETY: compared as far as the page's target reaches.
            guard page.pointee.targetBytes == target.count,
                page.pointee.account == exchange.account,
                memcmp(&page.pointee.target, target.baseAddress!, target.count) == 0
            else { return nil }
            return slot
        }
        return nil
    }

    /// The slot in which what has no page is counted: where it was counted before, or else one without a
    /// page, or else any.
    private func slot(for hash: UInt64) -> Int {
        let ways = Self.ways(hash)
        var found = ways.lowerBound + Int(truncatingIfNeeded: hash >> 32) & (ways.count - 1)
        for slot in ways {
            if asked[slot].hash == hash { return slot }
            let isLess = held[found] != 0 || asked[slot].times < asked[found].times
            if held[slot] == 0, isLess { found = slot }
        }
        return found
    }

    /// Counts that a page was asked for; says how often it was, all in all.
    private func ask(_ slot: Int, _ hash: UInt64) -> Int {
        if asked[slot].hash != hash { asked[slot] = Asked(hash: hash, times: 0) }
        asked[slot].times += 1
        return asked[slot].times
    }

    /// Whether the answer depends on nothing but account and target; of those that do not, only
    /// lists have a query.
    @inline(__always)
    private static func isPlain(_ exchange: RelayExchange) -> Bool {
        !exchange.query.isEmpty && exchange.http.method == .get
            && !exchange.http.isConditional
    }

    private static func keyOffset(_ bodyBytes: Int) -> Int { (bodyBytes + 7) & ~7 }

    @inline(__always)
    private static func hash(_ target: UnsafeRawBufferPointer, _ account: UInt32) -> UInt64 {
        // Not 0, which stands for no page.
        (fastChecksum(target) ^ UInt64(account) &* 0x9E37_79B9_7F4A_7C15) | 1 << 63
    }

    /// The slots that a page may be in: a few, so that two pages that are asked for in turns do not push
    /// each other out.
    @inline(__always)
    private static func ways(_ hash: UInt64) -> Range<Int> {
        let sets = Limits.rememberedPages / Limits.pageWays
        let first = (Int(truncatingIfNeeded: hash) & (sets - 1)) * Limits.pageWays
        return first..<first + Limits.pageWays
    }
}
