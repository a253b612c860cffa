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

    /// Hosts whose stores differ.
    var differing: [String] { isEqual.filter { !$0.value }.map(\.key.text).sorted() }

    /// Whether more hosts differ from this one than are equal to it, itself included: of two hosts, nobody
    /// can tell which is wrong.
    var isOdd: Bool {
        let equal = isEqual.values.count { $0 }
        return isEqual.count - equal > equal + 1
    }
}
