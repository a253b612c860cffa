import RelayRecords
import RelayStore

/// What the command line calls a record: `orders/4711`, as paths of the API do.
enum RecordName {
    /// The key of a record; the name of its kind will do as well.
    static func key(_ name: String, _ account: UInt32) throws(CommandError) -> DocumentKey {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = UInt64(parts[1]), Resource.isStorable(id),
            let resource = collections[String(parts[0])] ?? Resource(named: String(parts[0])),
            resource.hasDocuments
        else {
            let known = collections.keys.sorted().joined(separator: ", ")
            throw .usage(
                "'\(name)' names no record: expected a kind and a number, such as orders/4711; kinds "
                    + "are \(known)")
        }
        return resource.key(account, id)
    }

    /// The name of a record.
    static func text(of key: DocumentKey) -> String {
        let resource = Resource(rawValue: key.resource)
        let collection = collections.first { $0.value == resource }?.key
        return "\(collection ?? resource?.name ?? "\(key.resource)")/\(key.id)"
    }

    private static let collections: [String: Resource] = [
        "addresses": .address, "customers": .customer, "properties": .property, "units": .unit,
        "orders": .order, "attachments": .attachment, "appointments": .appointment,
        "documents": .document,
    ]
}
