import JSON

/// A body of changes (RFC 7396): a member that is absent stays as it is, and null removes one.
public protocol MergePatch: ContractModel {
    /// The members that null removes: those that the record may lack.
    associatedtype Members: OptionSet where Members.Element == Members
    /// Those that are to be removed.
    var removed: Members { get }
}

extension MergePatch {
    /// What a member of the record comes to: what the body has for it, nothing, or what it was.
    @inlinable
    public func merged<Value>(_ new: Value?, _ member: Members, over old: Value?) -> Value? {
        removed.contains(member) ? nil : new ?? old
    }
}

extension Faults {
    /// null for a member of a patch that the record cannot be without.
    mutating func cannotRemove(_ member: StaticString) {
        add(
            .nullValue, member: member,
            "\(member) cannot be removed: every record has it; leave it out, or send a value")
    }
}
