import HTTP2

/// Writes records of a list to an answer as runs of the map, without the comma behind the last one.
///
/// Each run ends with a comma; one that turns out to be the last goes without it. So a run waits
/// until there is another, or until `finish`.
struct RecordRuns {
    private let http: Exchange
    private var waiting = UnsafeRawBufferPointer(start: nil, count: 0)
    private var needsComma: Bool

    /// - Parameter continues: whether records of the list were written before these.
    init(_ http: Exchange, continues: Bool) {
        self.http = http
        needsComma = continues
    }

    /// Adds a run, which ends with a comma and lies in the map as long as the turn.
    @inline(__always)
    mutating func append(_ run: UnsafeRawBufferPointer) {
        if needsComma {
            http.appendAttached(",")
            needsComma = false
        }
        http.appendAttached(waiting)
        waiting = run
    }

    /// Writes the run that waits.
    func finish() {
        if waiting.isEmpty { return }
        // SAFETY: a part of the run, which lies in the map as long as the turn.
        http.appendAttached(UnsafeRawBufferPointer(rebasing: waiting.dropLast()))
    }
}
