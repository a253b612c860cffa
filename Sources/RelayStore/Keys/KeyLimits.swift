/// What a key may do at most; nil is as much as it likes.
public struct KeyLimits: Equatable, Sendable {
    /// Requests, writes among them.
    public var requests: RequestRate?
    /// Requests that write.
    public var writes: RequestRate?
    /// Uploads under way at once, 1…`Limits.uploadsOfKey`.
    public var uploads: UInt32?
    /// The generation of keys in which they were set: newer ones have a higher number.
    public internal(set) var generation: UInt64 = 0

    /// Limits to be set.
    public init(
        requests: RequestRate? = nil, writes: RequestRate? = nil, uploads: UInt32? = nil
    ) {
        precondition(uploads.map { Self.uploads(Int64($0)) != nil } ?? true)
        (self.requests, self.writes, self.uploads) = (requests, writes, uploads)
    }

    /// A number of uploads; nil when it can be no limit.
    public static func uploads(_ number: Int64) -> UInt32? {
        (1...Int64(Limits.uploadsOfKey)).contains(number) ? UInt32(number) : nil
    }

    /// Whether there are none.
    var isEmpty: Bool { requests == nil && writes == nil && uploads == nil }
}

/// New values of some limits. Of each: nil leaves it as it is, and nil in that takes it away.
public struct KeyLimitsPatch: Equatable, Sendable {
    /// Requests.
    public var requests: RequestRate??
    /// Requests that write.
    public var writes: RequestRate??
    /// Uploads under way at once.
    public var uploads: UInt32??

    /// Changes nothing.
    public init() {}

    /// Whether it changes nothing.
    public var isEmpty: Bool { requests == nil && writes == nil && uploads == nil }

    /// The limits that come of others.
    public func applied(to old: KeyLimits) -> KeyLimits {
        KeyLimits(
            requests: requests ?? old.requests, writes: writes ?? old.writes,
            uploads: uploads ?? old.uploads)
    }
}

// MARK: Bytes

extension KeyLimits {
    static let storedBytes = 40

    /// Of requests and of writes count u32, seconds u32, burst u32; uploads u32, 0 u32, generation
    /// u64. What there is no limit on is 0.
    init(stored: RawSpan) throws(StoreError) {
        guard stored.byteCount == Self.storedBytes else { throw .corrupted(what: "an API key") }
        requests = try Self.rate(stored, at: 0)
        writes = try Self.rate(stored, at: 12)
        let uploads = stored.uint32(at: 24)
        guard uploads <= Limits.uploadsOfKey else { throw .corrupted(what: "an API key") }
        self.uploads = uploads > 0 ? uploads : nil
        generation = stored.word(at: 32)
    }

    private static func rate(_ stored: RawSpan, at offset: Int) throws(StoreError) -> RequestRate? {
        let count = stored.uint32(at: offset)
        if count == 0 { return nil }
        guard let period = RequestRate.Period(rawValue: stored.uint32(at: offset + 4)),
            let rate = RequestRate(
                count: count, per: period, burst: stored.uint32(at: offset + 8))
        else { throw .corrupted(what: "an API key") }
        return rate
    }

    var stored: InlineArray<5, UInt64> {
        func words(_ rate: RequestRate?) -> (count: UInt64, period: UInt64, burst: UInt64) {
            guard let rate else { return (0, 0, 0) }
            return (UInt64(rate.count), UInt64(rate.period.rawValue), UInt64(rate.burst))
        }
        let (requests, writes) = (words(requests), words(writes))
        return [
            requests.count | requests.period << 32, requests.burst | writes.count << 32,
            writes.period | writes.burst << 32, UInt64(uploads ?? 0), generation,
        ]
    }
}
