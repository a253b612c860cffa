import RelayRecords
import RelayStore

/// All that RelayRecords keeps of accounts 1 and 2 in a store, for comparison: two images are the
/// same if no request could tell the stores apart.
struct StoreImage: Equatable {
    struct Document: Equatable {
        var json: [UInt8]
        var version: UInt64
    }

    struct Counter: Equatable {
        var account: UInt32
        var resource: Resource
        var counter: ResourceCounter
    }

    var sequence: UInt64
    var documents: [UInt64: Document] = [:]
    var counters: [Counter] = []
    var lists: [String: [UInt128]] = [:]

    static let accounts: [UInt32] = [1, 2]

    init(_ store: Store) throws {
        let reader = try store.makeReader()
        sequence = try reader.view.lastSequence()
        for account in Self.accounts {
            var largest: UInt64 = 0
            for resource in Resource.allCases {
                let counter = try reader.view.counter(
                    account: account, resource: resource.rawValue)
                counters.append(Counter(account: account, resource: resource, counter: counter))
                largest = max(largest, counter.lastID)
                for id in 0...counter.lastID + 1 {
                    let key = resource.key(account, id)
                    guard let document = try reader.view.document(key) else { continue }
                    let json = document.json.withUnsafeBytes { Array($0) }
                    documents[key.rawValue] = Document(json: json, version: document.version)
                }
            }
            for list in RecordList.allCases {
                // Parameters are ids of customers and properties.
                for parameter in 0...largest + 1 {
                    var ids: [UInt128] = []
                    let key = list.key(account, parameter)
                    if list.isWide {
                        let keys = try reader.view.list(key, of: UInt128.self)
                        try keys.forEach(in: keys.offsets) { (key) throws(StoreError) in
                            ids.append(key)
                            return true
                        }
                    } else {
                        let keys = try reader.view.list(key, of: UInt64.self)
                        try keys.forEach(in: keys.offsets) { (id) throws(StoreError) in
                            ids.append(UInt128(id))
                            return true
                        }
                    }
                    if !ids.isEmpty { lists["\(account)/\(list)/\(parameter)"] = ids }
                }
            }
        }
    }
}
