import System

/// Where a program says what happens to it: one line for each event, in one format, in one place.
///
/// Whoever logs is never kept waiting, and what is lost is counted (`lostLines`).
public final class Log: Sendable {
    private let sink: @Sendable (LogEvent) -> Void
    private let writer: LogWriter?
    private let repeats = RepeatedEvents()

    /// Drops everything.
    public static let none = Log { _ in }

    /// Hands events to somebody, on the thread on which they happen.
    public init(_ sink: @escaping @Sendable (LogEvent) -> Void) {
        self.sink = sink
        writer = nil
    }

    /// Writes lines to a descriptor, on a thread that this starts.
    ///
    /// - Parameter forJournal: begin each with its priority, as journald takes it.
    public init(
        to descriptor: Int32, as format: LogFormat, forJournal: Bool
    ) throws(ThreadError) {
        let writer = try LogWriter(descriptor, format, hasPriority: forJournal, repeats)
        self.writer = writer
        sink = { writer.write($0) }
    }

    /// Tells of an event.
    public func write(
        _ level: LogLevel, _ name: StaticString, _ message: String? = nil,
        _ fields: [LogEvent.Field] = []
    ) {
        sink(LogEvent(level, name, message, fields))
    }

    /// Tells of an event of which many may come at once: of one in an interval, and at its end of how
    /// many more there were.
    ///
    /// - Parameters:
    ///   - interval: milliseconds.
    ///   - reason: tells apart what has the same name; becomes a field of that name.
    public func write(
        _ level: LogLevel, _ name: StaticString, reason: StaticString = "",
        every interval: Int64, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [LogEvent.Field] = []
    ) {
        let now = SystemClock.monotonic.milliseconds
        let untold = repeats.note(level, name, reason, every: interval, at: now)
        // The first of them sets the time at which they are told of.
        if untold == 1 { writer?.look() }
        if untold > 0 { return }
        var all = fields()
        if reason.utf8CodeUnitCount > 0 { all.insert(("reason", .text("\(reason)")), at: 0) }
        sink(LogEvent(level, name, message(), all))
    }

    /// Lines that were written so far.
    public var lines: UInt64 { writer?.writtenLines ?? 0 }

    /// Lines that were lost, for lack of room or because they could not be written.
    public var lostLines: UInt64 { writer?.lostLines ?? 0 }

    /// Writes what is still to be written, as far as that is taken in time. Nothing is logged
    /// afterwards.
    public func finish() { writer?.finish() }
}
