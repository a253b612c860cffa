import JSON
import RelayRecords
import RelayStore

/// A document that differs between two snapshots.
public struct SnapshotDifference: Sendable {
    /// A member of the document that differs.
    public struct Field: Sendable, Equatable {
        /// The member's name.
        public var name: String
        /// Its JSON before; nil if it was not there.
        public var before: [UInt8]?
        /// Its JSON after; nil if it is not there.
        public var after: [UInt8]?
    }

    /// What became of it.
    public var kind: DocumentDifference
    /// Account, resource and id.
    public var key: DocumentKey
    /// What differs in a changed document, if that was asked for.
    public var fields: [Field] = []

    /// What its kind of record is called.
    public var resource: String { Manifest.name(ofResource: key.resource) }

    /// Hands over all differences from one store to another, in ascending order of account,
    /// resource and id. Documents are read only where `withFields` wants to know more.
    public static func forEach(
        from old: OpenSnapshot, to new: OpenSnapshot, withFields: Bool,
        _ progress: WorkProgress = .none,
        _ body: (SnapshotDifference) -> Void
    ) throws(SnapshotError) {
        var isCancelled = false
        do throws(StoreError) {
            let before = try old.store.pin()
            let after = try new.store.pin()
            try before.view.forEachDifference(to: after.view) { (key, kind) throws(StoreError) in
                // A part of an order, which differs as well.
                if key.resource == Resource.commentSegment.rawValue { return true }
                var difference = SnapshotDifference(kind: kind, key: key)
                if kind == .changed {
                    let (old, new) = (try before.view.json(key), try after.view.json(key))
                    if hasSameContent(old, new), try hasSameFile(key, before.view, after.view) {
                        isCancelled = progress.isCancelled
                        return !isCancelled
                    }
                    if withFields { difference.fields = Self.fields(old, new) }
                }
                body(difference)
                isCancelled = progress.isCancelled
                return !isCancelled
            }
        } catch {
            throw .store(error)
        }
        if isCancelled { throw .cancelled }
    }

    /// Whether two states of a document tell the same. A dump that was loaded gives records new times
    /// of change, which is no difference.
    private static func hasSameContent(_ before: [UInt8], _ after: [UInt8]) -> Bool {
        before == after || fields(before, after).allSatisfy { $0.name == "updatedAt" }
    }

    /// Whether a document has the same file in both, or none. A dump that was loaded gives files new
    /// numbers, which is no difference.
    private static func hasSameFile(
        _ key: DocumentKey, _ before: borrowing StoreView, _ after: borrowing StoreView
    ) throws(StoreError) -> Bool {
        try digest(key, before) == digest(key, after)
    }

    private static func digest(
        _ key: DocumentKey, _ view: borrowing StoreView
    ) throws(StoreError) -> BlobDigest? {
        guard let document = try view.document(key) else { return nil }
        return AttachmentContent(privateBytes: document.privateBytes)?.digest
    }

    /// The members that differ between two objects, in the order of the first, new ones last.
    static func fields(_ before: [UInt8], _ after: [UInt8]) -> [Field] {
        let (old, new) = (JSONMemberScan.members(of: before), JSONMemberScan.members(of: after))
        var fields: [Field] = []
        for member in old {
            let value = new.first { $0.name == member.name }?.value
            if value != member.value {
                fields.append(
                    Field(name: member.name, before: member.value, after: value))
            }
        }
        for member in new where !old.contains(where: { $0.name == member.name }) {
            fields.append(Field(name: member.name, before: nil, after: member.value))
        }
        return fields
    }

    /// The line of a difference: `change`, `account`, `resource`, `id` and `fields`, an object of
    /// `before` and `after` each.
    public func writeMembers(to writer: inout JSONWriter) {
        writer.member("change", "\(kind)")
        writer.member("account", UInt64(key.account))
        writer.member("resource", resource)
        writer.member("id", key.id)
        if fields.isEmpty { return }
        writer.name("fields")
        writer.beginArray()
        for field in fields {
            writer.beginObject()
            writer.member("name", field.name)
            // SAFETY: copied inside the closures.
            if let before = field.before {
                writer.name("before")
                before.withUnsafeBytes { writer.raw($0) }
            }
            if let after = field.after {
                writer.name("after")
                after.withUnsafeBytes { writer.raw($0) }
            }
            writer.endObject()
        }
        writer.endArray()
    }
}

extension StoreView {
    /// A copy of a document's JSON; empty if there is none.
    fileprivate func json(_ key: DocumentKey) throws(StoreError) -> [UInt8] {
        guard let document = try document(key) else { return [] }
        // SAFETY: copied inside the closure.
        return try withJSON(of: document) { Array($0) }
    }
}

/// Finds the members of an object in its text, without reading what is in them: values are
/// compared, and shown, as the bytes they are.
enum JSONMemberScan {
    /// Names and values in the order of the text. The text is JSON that Relay wrote.
    static func members(of text: [UInt8]) -> [(name: String, value: [UInt8])] {
        var members: [(name: String, value: [UInt8])] = []
        var index = 1
        while index < text.count, text[index] == UInt8(ascii: "\"") {
            let nameEnd = end(ofString: text, at: index)
            let name = String(
                decoding: text[(index + 1)..<max(index + 1, nameEnd - 1)], as: UTF8.self)
            let start = nameEnd + 1
            let end = end(ofValue: text, at: start)
            guard start <= end, end <= text.count else { break }
            members.append((name, Array(text[start..<end])))
            // Behind the comma.
            index = end + 1
        }
        return members
    }

    /// The index behind a string's closing quote.
    private static func end(ofString text: [UInt8], at start: Int) -> Int {
        var index = start + 1
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, text.count)
    }

    /// The index behind a value: of the comma or brace that ends it.
    private static func end(ofValue text: [UInt8], at start: Int) -> Int {
        var depth = 0
        var index = start
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""):
                index = end(ofString: text, at: index)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return index
            default: break
            }
            index += 1
        }
        return index
    }
}
