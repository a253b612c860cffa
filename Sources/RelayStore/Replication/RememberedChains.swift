/// The digests of the last messages, to compare with what other hosts say of them.
struct RememberedChains {
    private var chains: [UInt64] = []
    private var next = 0
    /// Number of the newest.
    private var newest: UInt64 = 0

    /// Notes what the chain is behind a message: the next one, or any after a start.
    mutating func note(_ chain: UInt64, behind sequence: UInt64) {
        if sequence != newest + 1 { (chains, next) = ([], 0) }
        newest = sequence
        if chains.count < Limits.rememberedChains {
            chains.append(chain)
        } else {
            chains[next] = chain
            next = (next + 1) % chains.count
        }
    }

    /// The chain behind a message; nil when it is not remembered.
    func chain(behind sequence: UInt64) -> UInt64? {
        guard sequence <= newest, newest - sequence < UInt64(chains.count) else { return nil }
        let back = Int(newest - sequence)
        let last = (next + chains.count - 1) % chains.count
        return chains[(last + chains.count - back) % chains.count]
    }
}
