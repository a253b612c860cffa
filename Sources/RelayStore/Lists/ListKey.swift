/// Names a counted list: all orders of an account, its open ones, those of a property …
public struct ListKey: Hashable, Sendable {
    /// The account that the list belongs to.
    public var account: UInt32
    /// The kind of list, opaque to the store.
    public var kind: UInt8
    /// What the kind is about: a status, a property's id …; 0 where there is nothing to say.
    public var parameter: UInt64

    /// A key from its parts.
    @inlinable
    public init(account: UInt32, kind: UInt8, parameter: UInt64 = 0) {
        precondition(account < Limits.accounts)
        self.account = account
        self.kind = kind
        self.parameter = parameter
    }

    /// 16 bytes in big-endian order: account (4), kind (1), zero (3), parameter (8).
    var stored: InlineArray<2, UInt64> {
        [(UInt64(account) << 32 | UInt64(kind) << 24).bigEndian, parameter.bigEndian]
    }

    init(stored: RawSpan) throws(StoreError) {
        guard stored.byteCount == 16 else { throw .corrupted(what: "a list's key") }
        let head = stored.word(at: 0).bigEndian
        self.init(
            account: UInt32(truncatingIfNeeded: head >> 32) & (Limits.accounts - 1),
            kind: UInt8(truncatingIfNeeded: head >> 24), parameter: stored.word(at: 8).bigEndian)
    }
}

extension ListKey: CustomStringConvertible {
    /// For people; FORMAT.md says which kinds there are.
    public var description: String {
        "list of account \(account), kind \(kind), parameter \(parameter)"
    }
}
