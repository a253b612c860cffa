import RelayContract
import RelayStore

/// What a part is a part of: fields and contact persons of orders, files of orders and documents.
extension RecordTransaction {
    /// The record on a list from parts to what they belong to; nil when the account has no such part.
    func owner(of part: UInt64, on list: RecordList) throws(StoreError) -> UInt64? {
        let view = view
        let keys = try view.list(list.key(account), of: UInt128.self)
        let offset = try keys.rank(of: UInt128(part, 0))
        guard let key = try keys.key(at: offset), key >> 64 == UInt128(part) else { return nil }
        return key.recordID
    }

    /// Whether an order or a document has a file.
    func isAttached(_ attachment: UInt64) throws(StoreError) -> Bool {
        if try owner(of: attachment, on: .ordersByAttachment) != nil { return true }
        return try owner(of: attachment, on: .documentsByAttachment) != nil
    }
}
