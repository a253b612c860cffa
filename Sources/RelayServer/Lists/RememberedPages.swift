import Glibc
import HTTP2
import RelayStore

/// Pages that were asked for more than once, as they were answered: which runs of the map they
/// are, and their fields.
///
/// The first page of a list is polled, and many clients walk the same pages. Under one commit such
/// a page is always the same, so it is looked up once: that saves a third of its instructions, and
/// of a selection's nearly all. What was recorded under one commit is worth nothing under the
/// next: its bytes may be overwritten.
struct RememberedPages: ~Copyable {
    /// Whose page it is, of which commit, and what was asked for.
    private struct Page {
        var commit: UInt64 = 0
        var account: UInt32 = 0
        var targetBytes = 0
        var target = Limits.RememberedTarget(repeating: 0)
    }

    // SAFETY: allocated in init, freed in deinit, used by one loop.
    private let pages: UnsafeMutablePointer<Page>
    /// What each page was answered; the system gives the memory of those that are.
    private let responses: UnsafeMutablePointer<RecordedResponse>
    /// The hash of what was asked for last in each slot: most pages are asked for once, and recording those
    /// would push what is in the cache out of it.
    private let seen: UnsafeMutablePointer<UInt64>

    init() {
        // SAFETY: freed in deinit; a response's memory is initialized when it is first written.
        pages = .allocate(capacity: Limits.rememberedPages)
        pages.initialize(repeating: Page(), count: Limits.rememberedPages)
        responses = .allocate(capacity: Limits.rememberedPages)
        seen = .allocate(capacity: Limits.rememberedPages)
        seen.initialize(repeating: 0, count: Limits.rememberedPages)
    }

    deinit {
        pages.deallocate()
        responses.deallocate()
        seen.deallocate()
    }

    /// Answers a request whose page is known under this commit; false when it is not.
    @inline(__always)
    func answer(_ exchange: RelayExchange, _ commit: UInt64) -> Bool {
        if !Self.isPlain(exchange) { return false }
        let target = exchange.http.path
        let slot = Self.slot(Self.hash(target, exchange.account))
        let page = pages + slot
        // SAFETY: compared as far as the page's target reaches.
        guard page.pointee.commit == commit, page.pointee.targetBytes == target.count,
            page.pointee.account == exchange.account,
            memcmp(&page.pointee.target, target.baseAddress!, target.count) == 0,
            // A peer that does not read gets portions, or each stream would keep a page in the heap.
            responses[slot].bodyBytes <= exchange.http.portionBytes
        else { return false }
        exchange.http.respond(with: responses + slot)
        return true
    }

    /// Remembers a page that was just answered, if it was asked for before.
    func remember(_ exchange: RelayExchange, _ commit: UInt64) {
        let target = exchange.http.path
        guard Self.isPlain(exchange), target.count <= Limits.rememberedTargetBytes else { return }
        let hash = Self.hash(target, exchange.account)
        let slot = Self.slot(hash)
        if seen[slot] != hash {
            seen[slot] = hash
            return
        }
        let page = pages + slot
        page.pointee.commit = 0
        (responses + slot).initialize(to: RecordedResponse())
        guard exchange.http.record(in: responses + slot) else { return }
        page.pointee.account = exchange.account
        page.pointee.targetBytes = target.count
        // SAFETY: there is room for `rememberedTargetBytes`.
        memcpy(&page.pointee.target, target.baseAddress!, target.count)
        page.pointee.commit = commit
    }

    /// Whether the answer depends on nothing but account and target; of those that do not, only
    /// lists have a query.
    @inline(__always)
    private static func isPlain(_ exchange: RelayExchange) -> Bool {
        !exchange.query.isEmpty && exchange.http.method == .get
            && !exchange.http.isConditional
    }

    @inline(__always)
    private static func hash(_ target: UnsafeRawBufferPointer, _ account: UInt32) -> UInt64 {
        fastChecksum(target) ^ UInt64(account) &* 0x9E37_79B9_7F4A_7C15
    }

    @inline(__always)
    private static func slot(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (Limits.rememberedPages - 1)
    }
}
