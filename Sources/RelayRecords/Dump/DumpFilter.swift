import RelayStore

/// Which records a dump is of.
public struct DumpFilter: Sendable {
    /// Nil for all accounts.
    public var account: UInt32?
    /// Nil for all kinds of record.
    public var resource: Resource?

    /// A filter; without arguments, none.
    public init(account: UInt32? = nil, resource: Resource? = nil) {
        self.account = account
        self.resource = resource
    }

    /// Hands over every document that the filter lets through, in the order of their keys; what lies
    /// between is skipped, not read.
    public func forEachDocument(
        in view: borrowing StoreView,
        _ body: (borrowing DocumentView) throws(StoreError) -> Void
    ) throws(StoreError) {
        var next: DocumentKey? = first(account: account ?? 0)
        while let from = next {
            next = nil
            try view.forEachDocument(from: from) { (document) throws(StoreError) in
                switch place(of: document.key) {
                case .inside:
                    try body(document)
                    return true
                case .before(let key):
                    next = key
                    return false
                case .behind:
                    return false
                }
            }
        }
    }

    /// Whether the dump is of an account's records of a kind.
    func passes(_ account: UInt32, _ resource: Resource) -> Bool {
        (self.account ?? account) == account && (self.resource ?? resource) == resource
    }

    private enum Place {
        case inside
        /// The next key that can be inside.
        case before(DocumentKey)
        /// Nothing can be inside any more.
        case behind
    }

    private func place(of key: DocumentKey) -> Place {
        // A part of an order's line.
        let segments = Resource.commentSegment.rawValue
        if key.resource == segments {
            return .before(DocumentKey(account: key.account, resource: segments + 1, id: 0))
        }
        if let account, key.account != account { return .behind }
        guard let resource, key.resource != resource.rawValue else { return .inside }
        if key.resource < resource.rawValue { return .before(first(account: key.account)) }
        let following = key.account + 1
        guard account == nil, following < RelayStore.Limits.accounts else { return .behind }
        return .before(first(account: following))
    }

    private func first(account: UInt32) -> DocumentKey {
        DocumentKey(account: account, resource: resource?.rawValue ?? 0, id: 0)
    }
}
