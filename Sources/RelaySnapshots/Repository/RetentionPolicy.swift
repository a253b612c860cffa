import CivilTime
import JSON

/// Which snapshots to keep: those that any of its rules wants. The rules are restic's: the newest
/// snapshot of each of the last so many days (weeks, months) that have one. Times are UTC, weeks
/// begin on Monday.
public struct RetentionPolicy: Sendable {
    /// The newest ones.
    public var last: Int
    /// One a day.
    public var daily: Int
    /// One a week.
    public var weekly: Int
    /// One a month.
    public var monthly: Int

    private static let dayMilliseconds: Int64 = 86_400_000

    /// A policy of these rules; 0 is none.
    public init(last: Int = 0, daily: Int = 0, weekly: Int = 0, monthly: Int = 0) {
        self.last = last
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
    }

    /// Whether there is any rule: without one everything would go, which nobody means.
    public var isEmpty: Bool { last + daily + weekly + monthly == 0 }

    /// The ids to keep, of snapshots in any order.
    func kept(_ snapshots: [(id: String, time: Timestamp)]) -> Set<String> {
        let newestFirst = snapshots.sorted { ($0.time, $0.id) > ($1.time, $1.id) }
        var kept = Set(newestFirst.prefix(last).map(\.id))
        func keep(_ count: Int, _ period: (Timestamp) -> String) {
            var seen = Set<String>()
            for snapshot in newestFirst where seen.count < count {
                if seen.insert(period(snapshot.time)).inserted { kept.insert(snapshot.id) }
            }
        }
        keep(daily) { String(Self.day($0)) }
        // The first day of 1970 was a Thursday.
        keep(weekly) { String(Self.floor(Self.day($0) + 3, 7)) }
        keep(monthly) { String($0.description.prefix(7)) }
        return kept
    }

    private static func day(_ time: Timestamp) -> Int64 {
        floor(time.milliseconds, dayMilliseconds)
    }

    private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}
