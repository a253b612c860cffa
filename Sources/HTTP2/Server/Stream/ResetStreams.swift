/// Streams that we have reset while their clients may still have been sending: frames that were on
/// their way then are ignored (RFC 9113 §5.1, closed). On other closed streams they are errors.
struct ResetStreams {
    private var ids = Limits.ResetStreamIDs(repeating: 0)
    private var next = 0
    /// The highest id that there was no room for any longer.
    private var forgotten: Int32 = 0

    mutating func note(_ id: Int32) {
        if contains(id) { return }
        forgotten = max(forgotten, ids[next])
        ids[next] = id
        next = (next + 1) % ids.count
    }

    private func contains(_ id: Int32) -> Bool {
        for index in ids.indices where ids[index] == id { return true }
        return false
    }

    /// Whether we may have reset the stream.
    func mayContain(_ id: Int32) -> Bool { id <= forgotten || contains(id) }
}
