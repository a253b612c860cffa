import LMDB

/// What a store knows of the time, in milliseconds since 1970. It is kept in the transaction that
/// uses it, so that neither a restart nor a clock that is set makes it go back.
struct StoreTime: Equatable {
    /// The newest time that a change was given: none is given an earlier one.
    var last: Int64
    /// The time that the age of changes is counted back from. It follows the clock, but never faster than
    /// `Limits.settlingRate`: an hour of a clock that is 40 days ahead makes changes two hours older.
    var settled: Int64
    /// Counts the time in which the store was open for writing, whatever the clock said. Remembered
    /// answers are as old as that: it is never faster than the time that really passes.
    var lived: Int64

    /// Goes on to a moment.
    mutating func advance(to now: CommandTime) {
        let elapsed = max(0, now.lived - lived)
        last = max(last, min(now.clock, Limits.latestTime))
        settled = max(settled, min(now.clock, settled + Limits.settlingRate * elapsed))
        // A store that was made while the clock was ahead: its age is that of its newest change at most.
        settled = min(settled, last)
        lived += elapsed
    }

    /// What a new store begins with. Its changes may be older than itself: those of sample data are.
    static func beginning(_ created: Int64) -> StoreTime {
        StoreTime(last: 0, settled: created, lived: created)
    }

    // MARK: On the disk

    static let key: [UInt8] = Array("time".utf8)

    /// last i64, settled i64, lived i64.
    var record: InlineArray<3, UInt64> {
        [UInt64(bitPattern: last), UInt64(bitPattern: settled), UInt64(bitPattern: lived)]
    }

    init(last: Int64, settled: Int64, lived: Int64) {
        self.last = last
        self.settled = settled
        self.lived = lived
    }

    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount == 24 else { throw .corrupted(what: "the store's time") }
        last = Int64(bitPattern: record.word(at: 0))
        settled = Int64(bitPattern: record.word(at: 8))
        lived = Int64(bitPattern: record.word(at: 16))
    }
}

extension StoreView {
    /// What the store knows of the time; nil before the first change by a program that keeps it.
    func storeTime() throws(StoreError) -> StoreTime? {
        let key = StoreTime.key
        guard let record = try value(key.span.bytes, in: databases.meta) else { return nil }
        var time = try StoreTime(record)
        // A program that does not keep it may have written since.
        if let newest = try self.time(ofChange: try lastSequence()) {
            time.last = max(time.last, newest)
        }
        return time
    }

    /// The newest time that a change of the store was given, in milliseconds since 1970; nil before
    /// the first one.
    public func lastTime() throws(StoreError) -> Int64? {
        let sequence = try lastSequence()
        guard sequence > 0 else { return nil }
        if let time = try storeTime() { return time.last }
        return try newestChangeTime()
    }

    /// The newest time in the change log, where times may go back: looks at every change.
    fileprivate func newestChangeTime() throws(StoreError) -> Int64? {
        var newest: Int64?
        try forEachChange(from: 0) { (change) throws(StoreError) in
            newest = max(newest ?? .min, change.time)
            return true
        }
        return newest
    }
}

/// Times are given where the order of changes is made: in the transaction, by the only thread that
/// writes. Whoever asks for what is newer than the newest time that it has seen then misses nothing.
extension StoreTransaction {
    /// Whether the store says what its newest time is. One that another program wrote may not: then
    /// `learnTime` has to be called before the first `stamp`.
    public var knowsTime: Bool { time != nil }

    /// Takes the newest time from what is there: from the change log, and from what the caller has found
    /// in the records.
    public mutating func learnTime(newestRecord: Int64?) throws(StoreError) {
        let newestChange = try view.newestChangeTime() ?? 0
        let newest = max(newestRecord ?? 0, newestChange, 0)
        // A time that has not come yet was given by a clock that was wrong.
        let believed = min(newest, (commandTime ?? now).clock)
        time = StoreTime(last: newest, settled: believed, lived: believed)
        isTimeChanged = true
        counts(lived: believed)
    }

    /// Begins the next command of the transaction.
    public mutating func begin(at time: CommandTime) {
        commandTime = time
        timeOfCommand = nil
    }

    /// The time that a command's changes are given, in milliseconds since 1970: that of the machine's
    /// clock when the command was taken, or the newest time of the store if the clock is behind it. The
    /// store's time goes on with the first change: a command that is refused leaves nothing behind, or
    /// what comes after it would depend on whether they share a transaction.
    public mutating func stamp() throws(StoreError) -> Int64 {
        guard var next = time else {
            try learnTime(newestRecord: nil)
            return try stamp()
        }
        let time = commandTime ?? now
        commandTime = time
        next.advance(to: time)
        timeOfCommand = next
        return next.last
    }

    /// What the machine's clock said when the command was taken.
    public var clockTime: Int64 { commandTime?.clock ?? time?.last ?? 0 }

    /// How long the store was open for writing, in milliseconds from some beginning: what the age of a
    /// remembered answer is counted by.
    public var livedTime: Int64 { (timeOfCommand ?? time)?.lived ?? 0 }

    /// The command that was given its time changes something.
    mutating func keepTimeOfCommand() {
        guard let next = timeOfCommand.take() else { return }
        time = next
        isTimeChanged = true
    }

    /// Has later changes get no earlier time than this one. For changes that bring their own time.
    mutating func noteTime(_ milliseconds: Int64) {
        guard let last = time?.last, last < milliseconds else { return }
        time!.last = milliseconds
        isTimeChanged = true
    }

    /// Writes the time with the changes that were given it.
    mutating func keepTime() throws(StoreError) {
        guard isTimeChanged, let record = time?.record else { return }
        let key = StoreTime.key
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }
}
