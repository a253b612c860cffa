/// A rate limit with a burst, a token bucket: so many at once, and so many in a second after that.
struct Ration {
    /// Thousandths of what is left.
    private var left: Int64
    private let full: Int64
    private let perSecond: Int64
    private var filledAt: Int64 = 0

    init(burst: Int64, perSecond: Int64) {
        full = burst * 1_000
        left = full
        self.perSecond = perSecond
    }

    /// Takes one; false when none is left.
    mutating func spend(_ now: Int64) -> Bool {
        left = min(full, left + (now - filledAt) * perSecond)
        filledAt = now
        if left < 1_000 { return false }
        left -= 1_000
        return true
    }
}
