/// What PRIORITY_UPDATE frames said of streams whose HEADERS have not come (RFC 9218 §7.1): the newest
/// few, for a client sends them right ahead.
struct PriorityUpdates {
    private var kept = Limits.PriorityUpdates<(id: Int32, priority: Priority)>(
        repeating: (0, Priority()))
    private var oldest = 0

    mutating func keep(_ priority: Priority, for id: Int32) {
        let known = kept.indices.first { kept[$0].id == id }
        kept[known ?? oldest] = (id, priority)
        if known == nil { oldest = (oldest + 1) % kept.count }
    }

    /// What was said last of a stream.
    mutating func take(_ id: Int32) -> Priority? {
        for index in kept.indices where kept[index].id == id {
            kept[index].id = 0
            return kept[index].priority
        }
        return nil
    }
}
