/// Names a document: one integer that sorts by account, resource and id.
public struct DocumentKey: Hashable, Comparable, Sendable {
    /// account (20 bits), resource (6 bits), id (38 bits), from the highest bit down.
    public let rawValue: UInt64

    /// A key from its parts.
    @inlinable
    public init(account: UInt32, resource: UInt8, id: UInt64) {
        precondition(account < Limits.accounts && resource < Limits.resources)
        precondition(id >> Limits.idBits == 0)
        rawValue = UInt64(account) << 44 | UInt64(resource) << 38 | id
    }

    /// A key read back.
    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The account that the document belongs to.
    @inlinable
    public var account: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 44) }

    /// The kind of record, opaque to the store.
    @inlinable
    public var resource: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 38) & 0x3F }

    /// The id within account and resource.
    @inlinable
    public var id: UInt64 { rawValue & (1 << Limits.idBits - 1) }

    /// What documents of one account and resource share: blocks never mix two of these.
    @inlinable
    public var family: UInt64 { rawValue >> Limits.idBits }

    /// Keys sort by account, resource and id.
    @inlinable
    public static func < (left: DocumentKey, right: DocumentKey) -> Bool {
        left.rawValue < right.rawValue
    }
}
