/// Limits of what is measured, with their units and reasons.
public enum Limits {
    /// Counters of a histogram: 22 whose bounds double, for times from 8 µs to 16.8 s, and one for what
    /// is above. A p99 is known to within a factor of two; finer ones would double what a scrape costs.
    public static let buckets = 23

    /// The first bound of a histogram of times is 2 to this power, in microseconds: 8 µs, half of what
    /// the cheapest request takes.
    static let firstTimeBit = 3

    /// Values of one series: its buckets and the sum of what was counted.
    static let seriesSlots = buckets + 1
}
