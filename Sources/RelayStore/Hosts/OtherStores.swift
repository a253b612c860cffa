/// What is known of the stores of other hosts, compared with this one.
struct OtherStores {
    /// The chains of this store.
    private var chains = RememberedChains()
    /// Of each host, whether its store was equal to this one when it was last heard of.
    private var isEqual: [HostName: Bool] = [:]

    /// Notes the chain of this store behind a message.
    mutating func note(_ state: ReplicaState) {
        chains.note(state.chain, behind: state.sequence)
    }

    /// Compares with what a host had applied; says whether its store differs, and did not before.
    mutating func compare(_ base: LogMessage.Base, of host: HostName) -> Bool {
        guard let chain = chains.chain(behind: base.sequence) else { return false }
        let wasEqual = isEqual.updateValue(chain == base.chain, forKey: host)
        return chain != base.chain && wasEqual != false
    }

    /// A host is gone for good.
    mutating func forget(_ host: HostName) { isEqual[host] = nil }

    /// Hosts whose stores differ.
    var differing: [String] { isEqual.filter { !$0.value }.map(\.key.text).sorted() }

    /// Whether more hosts differ from this one than are equal to it, itself included: of two hosts, nobody
    /// can tell which is wrong.
    var isOdd: Bool {
        let equal = isEqual.values.count { $0 }
        return isEqual.count - equal > equal + 1
    }
}

/// The digests of the last messages, to compare with what other hosts say of them.
private struct RememberedChains {
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
