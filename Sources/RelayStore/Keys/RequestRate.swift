/// How often something may be done: so many times in a second, minute or hour, and so many at once.
public struct RequestRate: Equatable, Sendable {
    /// What is counted by.
    public enum Period: UInt32, CaseIterable, Sendable {
        case second = 1
        case minute = 60
        case hour = 3_600

        /// As it is written: `s`, `m` or `h`.
        var unit: String {
            switch self {
            case .second: "s"
            case .minute: "m"
            case .hour: "h"
            }
        }
    }

    /// Times in a period, 1…`Limits.requestsPerPeriod`.
    public let count: UInt32
    /// The period.
    public let period: Period
    /// Times at once after a pause, 1…`Limits.requestsPerPeriod`.
    public let burst: UInt32

    /// A rate; nil when a number is 0 or over its limit.
    ///
    /// - Parameter burst: times at once; as many as in a period unless given.
    public init?(count: UInt32, per period: Period, burst: UInt32? = nil) {
        let burst = burst ?? count
        let allowed = 1...UInt32(Limits.requestsPerPeriod)
        guard allowed.contains(count), allowed.contains(burst) else { return nil }
        (self.count, self.period, self.burst) = (count, period, burst)
    }

    /// Nanoseconds from one time to the next, rounded up: never more often than was said, and at a
    /// million times a second not less either.
    public var interval: Int64 {
        (Int64(period.rawValue) * 1_000_000_000 + Int64(count) - 1) / Int64(count)
    }
}

extension RequestRate: LosslessStringConvertible {
    /// What a text has to be, for messages.
    public static let form =
        "N/s, N/m or N/h, and :BURST after it if other than N may come at once, such as 100/s:200; "
        + "numbers from 1 to \(Limits.requestsPerPeriod)"

    /// Reads a text such as `100/s` or `100/s:200`; nil when it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rate = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard rate.count == 2, let count = Self.number(rate[0]),
            let period = Period.allCases.first(where: { $0.unit == rate[1] })
        else { return nil }
        if parts.count == 1 {
            self.init(count: count, per: period)
        } else {
            guard let burst = Self.number(parts[1]) else { return nil }
            self.init(count: count, per: period, burst: burst)
        }
    }

    /// Digits only: `UInt32("+5")` would be a number too.
    private static func number(_ digits: Substring) -> UInt32? {
        digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32(digits) : nil
    }

    /// As `init` reads it; without the burst where that is the count.
    public var description: String {
        "\(count)/\(period.unit)" + (burst == count ? "" : ":\(burst)")
    }
}
