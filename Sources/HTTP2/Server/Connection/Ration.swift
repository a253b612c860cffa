/// A rate limit with a burst, a token bucket: so many at once, and so many in a second after that.
struct Ration {
    /// How much was spent.
    enum Spent {
        case within
        /// More than there was.
        case over
        /// A whole burst more than there was.
        case twice
    }

    /// Thousandths of what is left; negative when more was spent.
    private var left: Int64
    private let full: Int64
    private let perSecond: Int64
    private var filledAt: Int64 = 0

    init(burst: Int64, perSecond: Int64) {
        full = burst * 1_000
        left = full
        self.perSecond = perSecond
    }

    /// Takes one, whether there is one or not.
    mutating func spend(_ now: Int64) -> Spent {
        left = min(full, left + (now - filledAt) * perSecond) - 1_000
        filledAt = now
        if left >= 0 { return .within }
        return left >= -full ? .over : .twice
    }
}
