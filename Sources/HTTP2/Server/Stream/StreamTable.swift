/// The streams of a connection by their ids, linked through `Stream.nextByID`.
struct StreamTable {
    private var chains = Limits.StreamChains<Stream?>(repeating: nil)

    /// A client's ids are odd and in order: they spread evenly.
    @inline(__always)
    private func chain(of id: Int32) -> Int { Int(id >> 1) & (chains.count - 1) }

    @inline(__always)
    mutating func insert(_ stream: Stream) {
        let chain = chain(of: stream.id)
        stream.nextByID = chains[chain]
        chains[chain] = stream
    }

    @inline(__always)
    func find(_ id: Int32) -> Stream? {
        var next = chains[chain(of: id)]
        while let stream = next, stream.id != id { next = stream.nextByID }
        return next
    }

    @inline(__always)
    mutating func remove(_ stream: Stream) {
        let chain = chain(of: stream.id)
        guard var before = chains[chain] else { return }
        if before == stream {
            chains[chain] = stream.nextByID
            return
        }
        while let next = before.nextByID {
            if next == stream {
                before.nextByID = stream.nextByID
                return
            }
            before = next
        }
    }
}
