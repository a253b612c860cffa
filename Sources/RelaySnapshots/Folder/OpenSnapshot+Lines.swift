import RelayRecords
import RelayStore

extension OpenSnapshot {
    /// A record as lines of a dump, those of its file before it; nil if there was none.
    public func lines(of key: DocumentKey) throws(SnapshotError) -> [UInt8]? {
        guard let json = try json(of: key) else { return nil }
        var lines: [UInt8] = []
        var number = 0
        if key.resource == Resource.attachment.rawValue {
            _ = try forEachChunk(ofAttachment: key) { bytes in
                lines += DumpLine.chunk(key, number, Array(bytes))
                number += 1
                return true
            }
        }
        return lines
            + DumpLine.record(key, json: json, privateBytes: try privateBytes(of: key))
    }

    /// The attachments that a record names, which belong to it.
    public func attachments(of key: DocumentKey) throws(SnapshotError) -> [DocumentKey] {
        guard let resource = Resource(rawValue: key.resource), let json = try json(of: key)
        else { return [] }
        return resource.attachments(in: json).map { Resource.attachment.key(key.account, $0) }
    }

    /// What the store kept beside a document whose checksum was found right.
    private func privateBytes(of key: DocumentKey) throws(SnapshotError) -> [UInt8] {
        try lifting { () throws(StoreError) in
            let pinned = try store.pin()
            guard let document = try pinned.view.document(key) else { return [] }
            // SAFETY: copied inside the closure.
            return document.privateBytes.withUnsafeBytes { Array($0) }
        }
    }
}
