import Synchronization

/// Events of which many may happen at once: one of a kind is told at a time, and later how many more
/// there were.
final class RepeatedEvents: Sendable {
    private struct Kind: Hashable {
        let name: String
        let detail: String
    }

    private struct Times {
        let level: LogLevel
        let name: StaticString
        let detail: StaticString
        let interval: Int64
        /// When the next one may be told, in milliseconds on the monotonic clock.
        var due: Int64
        /// What happened since the last one was.
        var untold = 0
    }

    private let kinds = Mutex([Kind: Times]())

    /// Notes one that happens now.
    ///
    /// - Parameters:
    ///   - detail: tells apart what has the same name; empty for none.
    ///   - interval: milliseconds between two of a kind that are told.
    /// - Returns: how many were not told since the last one that was: 0 if this one shall be.
    func note(
        _ level: LogLevel, _ name: StaticString, _ detail: StaticString, every interval: Int64,
        at now: Int64
    ) -> Int {
        let kind = Kind(name: "\(name)", detail: "\(detail)")
        return kinds.withLock { kinds in
            if var times = kinds[kind], now < times.due {
                times.untold += 1
                kinds[kind] = times
                return times.untold
            }
            let untold = kinds[kind]?.untold ?? 0
            kinds[kind] = Times(
                level: level, name: name, detail: detail, interval: interval, due: now + interval,
                untold: untold)
            return 0
        }
    }

    /// When the next of those is due that were not told; nil if there are none.
    var nextDue: Int64? {
        kinds.withLock { kinds in kinds.values.filter { $0.untold > 0 }.map(\.due).min() }
    }

    /// Events that say how many were not told of the kinds that are due.
    ///
    /// - Parameter now: milliseconds on the monotonic clock; `Int64.max` for all.
    func takeUntold(at now: Int64) -> [LogEvent] {
        kinds.withLock { kinds in
            var events: [LogEvent] = []
            for (kind, times) in kinds where times.untold > 0 && times.due <= now {
                events.append(Self.event(times))
                kinds[kind]!.untold = 0
                kinds[kind]!.due = now == .max ? times.due : now + times.interval
            }
            return events
        }
    }

    private static func event(_ times: Times) -> LogEvent {
        var fields: [LogEvent.Field] = [("of", .text("\(times.name)"))]
        if times.detail.utf8CodeUnitCount > 0 {
            fields.append(("reason", .text("\(times.detail)")))
        }
        fields.append(("count", .number(times.untold)))
        return LogEvent(
            times.level, "repeated", "as often again since the last such line", fields)
    }
}
