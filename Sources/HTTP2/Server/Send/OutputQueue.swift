/// Streams that have bytes of a body to send and may, or the end of one, in the order of their turns.
///
/// Ends of answers come first, for no window holds them up; then bodies by urgency (RFC 9218 §10). Of one
/// urgency each is sent to its end before the next, in the order of the requests; those that can be used in
/// parts take turns.
struct OutputQueue {
    private var levels = Limits.UrgencyLevels<StreamQueue>(repeating: StreamQueue())
    /// A bit for each level in which there is a stream.
    private var occupied: UInt8 = 0
    /// Of these nothing is left but END_STREAM.
    private var ends = StreamQueue()

    /// The one whose turn it is.
    var first: Stream? {
        if let end = ends.first { return end }
        return occupied == 0 ? nil : levels[occupied.trailingZeroBitCount].first
    }

    /// Whether there is one that goes before a new one of this urgency.
    @inline(__always)
    func has(asUrgentAs urgency: UInt8) -> Bool {
        occupied & UInt8((2 << UInt16(urgency)) - 1) != 0
    }

    mutating func insert(_ stream: Stream) {
        stream.isQueued = true
        stream.isQueuedToEnd = stream.body.remaining == 0 && !stream.body.hasMore
        if stream.isQueuedToEnd { return ends.append(stream) }
        let level = Int(stream.urgency)
        if stream.priority.isIncremental {
            levels[level].append(stream)
        } else {
            levels[level].insert(stream)
        }
        occupied |= 1 << UInt8(level)
    }

    mutating func remove(_ stream: Stream) {
        stream.isQueued = false
        if stream.isQueuedToEnd { return ends.remove(stream) }
        let level = Int(stream.urgency)
        levels[level].remove(stream)
        if levels[level].isEmpty { occupied &= ~(1 << UInt8(level)) }
    }
}
