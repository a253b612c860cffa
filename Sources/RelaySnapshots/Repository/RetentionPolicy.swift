import CivilTime
import Glibc

/// Which snapshots to keep: those that any of its rules wants. The rules are restic's: the newest
/// snapshot of each of the last so many days (weeks, months) that have one. Days are those of a time
/// zone, weeks begin on Monday.
public struct RetentionPolicy: Sendable {
    /// The newest ones.
    public var last: Int
    /// One a day.
    public var daily: Int
    /// One a week.
    public var weekly: Int
    /// One a month.
    public var monthly: Int
    /// Seconds by which a time zone's clocks are ahead of UTC at a moment, in seconds since 1970.
    public var offset: @Sendable (Int64) -> Int64

    private static let daySeconds: Int64 = 86_400

    /// A policy of these rules; 0 is none. Days are those of the process (TZ, else /etc/localtime),
    /// unless `offset` says otherwise.
    public init(
        last: Int = 0, daily: Int = 0, weekly: Int = 0, monthly: Int = 0,
        offset: @escaping @Sendable (Int64) -> Int64 = RetentionPolicy.localOffset
    ) {
        self.last = last
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
        self.offset = offset
    }

    /// The offset of the process's own time zone.
    public static let localOffset: @Sendable (Int64) -> Int64 = { seconds in
        var (time, local) = (time_t(seconds), tm())
        return localtime_r(&time, &local) == nil ? 0 : Int64(local.tm_gmtoff)
    }

    /// Whether there is any rule: without one everything would go, which nobody means.
    public var isEmpty: Bool { last + daily + weekly + monthly == 0 }

    /// The ids to keep, of snapshots with the oldest first: always the newest. Another one whose time is
    /// not known has no day.
    func kept(_ snapshots: [(id: String, time: Timestamp?)]) -> Set<String> {
        let newestFirst = snapshots.reversed()
        if isEmpty { return [] }
        var kept = Set(newestFirst.prefix(max(1, last)).map(\.id))
        func keep(_ count: Int, _ period: (Int64) -> Int64) {
            var seen = Set<Int64>()
            for (id, time) in newestFirst where seen.count < count {
                guard let time else { continue }
                if seen.insert(period(day(time))).inserted { kept.insert(id) }
            }
        }
        keep(daily) { $0 }
        // The first day of 1970 was a Thursday.
        keep(weekly) { Self.floor($0 + 3, 7) }
        keep(monthly) { day in
            let midnight = Timestamp(milliseconds: day * Self.daySeconds * 1_000)
            return Int64(CalendarMonth(of: midnight).number)
        }
        return kept
    }

    /// Days since 1970 on the time zone's calendar.
    private func day(_ time: Timestamp) -> Int64 {
        let seconds = Self.floor(time.milliseconds, 1_000)
        return Self.floor(seconds + offset(seconds), Self.daySeconds)
    }

    private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}
