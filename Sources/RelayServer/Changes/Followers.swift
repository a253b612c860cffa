import HTTP2
import RelayStore
import System

/// Someone who waits for changes.
struct Follower {
    let token: ExchangeToken
    let account: UInt32
    /// A bit for each kind of record, by its number in the store.
    let resources: UInt64
    /// The number of a change that it waits for, whatever that concerns.
    var awaits = UInt64.max
    /// When it goes on in any case, in milliseconds on the coarse clock.
    let due: Int64
}

/// Those of one loop who have seen all that there is and wait for more. A token each and a few words: what
/// was changed they read from the log, when there is something.
final class Followers {
    private var waiting: [Follower] = []
    private let listeners: CommitListeners
    private var listener: CommitListeners.ID?
    /// The newest change that those who wait have been told of, or need not be.
    private var seen: UInt64 = 0
    /// Whether the loop is about to end.
    private(set) var isLeaving = false
    /// What was rendered under the commit that the reader sees.
    var rendered = RenderedEvents()

    init(_ listeners: CommitListeners) { self.listeners = listeners }

    deinit { stopListening() }

    /// How many wait.
    var count: Int { waiting.count }

    /// Adds one who has seen all changes of the reader's commit.
    ///
    /// - Parameter newest: the last of them.
    func add(_ follower: Follower, newest: UInt64, _ reader: borrowing StoreReader) {
        if waiting.isEmpty { seen = newest }
        waiting.append(follower)
        if listener != nil { return }
        let waker = follower.token.waker
        listener = listeners.add { waker.wake() }
        // A commit between the reader's and this: nobody has told of it.
        if reader.lag > 0 { waker.wake() }
    }

    /// Has those go on who are concerned by what the reader sees, or whose time has come.
    func look(_ view: borrowing StoreView) throws(StoreError) {
        let now = SystemClock.coarse.milliseconds
        let news = try view.news(after: seen)
        seen = news.newest
        var left: [Follower] = []
        left.reserveCapacity(waiting.count)
        for follower in waiting where follower.token.waits {
            if isLeaving || follower.due <= now || follower.awaits <= news.newest
                || news.concern(follower)
            {
                follower.token.goOn()
            } else {
                left.append(follower)
            }
        }
        waiting = left
        if waiting.isEmpty { stopListening() }
    }

    /// Has everyone come to an end.
    func leave() {
        isLeaving = true
        release()
    }

    /// Has everyone go on, whatever happened.
    func release() {
        for follower in waiting { follower.token.goOn() }
        waiting = []
        stopListening()
    }

    private func stopListening() {
        if let listener { listeners.remove(listener) }
        listener = nil
    }
}

/// Whom the newest changes concern.
private struct News {
    var newest: UInt64
    /// Kinds of changed records by account; nil when there are too many changes to say.
    var kinds: [(account: UInt32, resources: UInt64)]? = []

    func concern(_ follower: Follower) -> Bool {
        guard let kinds else { return true }
        return kinds.contains {
            $0.account == follower.account && $0.resources & follower.resources != 0
        }
    }

    mutating func note(_ account: UInt32, _ resource: UInt8) {
        let bit = UInt64(1) << UInt64(resource)
        if let index = kinds?.firstIndex(where: { $0.account == account }) {
            kinds![index].resources |= bit
        } else {
            kinds?.append((account, bit))
        }
    }
}

extension StoreView {
    fileprivate func news(after sequence: UInt64) throws(StoreError) -> News {
        var news = News(newest: try lastSequence())
        if news.newest == sequence { return news }
        var left = Limits.newsBudget
        try forEachChange(from: sequence + 1) { (change) throws(StoreError) in
            left -= 1 + (change.documentCount ?? 0)
            guard left > 0, let count = change.documentCount else {
                news.kinds = nil
                return false
            }
            for index in 0..<count {
                news.note(change.account, try change.document(at: index).resource)
            }
            return true
        }
        return news
    }
}

/// Events that were rendered for one follower, for the others who are at the same place.
struct RenderedEvents {
    struct Key: Hashable {
        var feed: Feed
        var sequence: UInt64
        var passed: Int
    }

    struct Value {
        var bytes: [UInt8]
        var end: FeedEnd
    }

    private var commit: UInt64 = 0
    private var values: [Key: Value] = [:]

    /// What was rendered under a commit.
    mutating func value(_ key: Key, _ commit: UInt64) -> Value? {
        guard self.commit == commit else { return nil }
        return values[key]
    }

    mutating func keep(_ value: Value, _ key: Key, _ commit: UInt64) {
        if self.commit != commit || values.count >= Limits.renderedEvents {
            values.removeAll(keepingCapacity: true)
            self.commit = commit
        }
        values[key] = value
    }
}
