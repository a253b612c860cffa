import RelayRecords
import RelayStore

/// Which records of a snapshot are not there: how many is said by its manifest, which by lists of records
/// and by the numbers that were given out.
struct MissingRecords {
    /// Records of one account and kind.
    private struct Family: Hashable {
        var account: UInt32
        var resource: UInt8
    }

    private(set) var named: [DocumentKey] = []
    private(set) var unnamed: [SalvageReport.Unnamed] = []

    /// - Parameter found: the keys of all records that could be read, in whatever state.
    init(_ manifest: Manifest, _ salvage: StoreSalvage, found: [DocumentKey]) {
        var ids: [Family: Set<UInt64>] = [:]
        for key in found {
            ids[Family(account: key.account, resource: key.resource), default: []].insert(key.id)
        }
        let listed = Self.listed(salvage)
        let doubtful = Self.listed(salvage, isDoubtful: true)
        let isSummed = manifest.counts.contains { $0.account == 0 }
        let last = Self.lastIDs(salvage)
        var missing: [Family: Set<UInt64>] = [:]
        for (family, known) in listed {
            let lost = known.subtracting(ids[family] ?? [])
            if !lost.isEmpty { missing[family] = lost }
        }
        for count in manifest.counts where count.resource != Resource.commentSegment.rawValue {
            let family = Family(account: count.account, resource: count.resource)
            if isSummed {
                let there = ids.filter { $0.key.resource == count.resource }
                let lost = missing.filter { $0.key.resource == count.resource }
                note(
                    count.documents, there.reduce(0) { $0 + $1.value.count },
                    lost.reduce(0) { $0 + $1.value.count }, nil, count.resource)
                continue
            }
            let there = ids[family]?.count ?? 0
            // Where nothing was ever deleted, what is not there is missing.
            let lost = missing[family]?.count ?? 0
            if count.documents > UInt64(there + lost) {
                let all = last[family] == count.documents ? Set(1...count.documents) : nil
                // Lists that nobody vouches for are believed where they add up with the manifest.
                let others = all ?? doubtful[family] ?? []
                let named = others.subtracting(ids[family] ?? []).union(missing[family] ?? [])
                if count.documents == UInt64(there + named.count) { missing[family] = named }
            }
            note(
                count.documents, there, missing[family]?.count ?? 0, count.account, count.resource)
        }
        named = missing.flatMap { family, ids in
            ids.map { DocumentKey(account: family.account, resource: family.resource, id: $0) }
        }.sorted()
    }

    private mutating func note(
        _ said: UInt64, _ there: Int, _ named: Int, _ account: UInt32?, _ resource: UInt8
    ) {
        let known = UInt64(there + named)
        if said <= known { return }
        unnamed.append(
            SalvageReport.Unnamed(account: account, resource: resource, count: said - known))
    }

    /// The ids of records that lists name, as far as these can be relied on.
    private static func listed(
        _ salvage: StoreSalvage, isDoubtful: Bool = false
    ) -> [Family: Set<UInt64>] {
        // Lists that hold every record of a kind; of the last two, attachments are in the high word.
        var kinds: [UInt8: Resource] = [:]
        for resource in Resource.allCases {
            if let list = resource.list { kinds[list.rawValue] = resource }
        }
        kinds[RecordList.cancellations.rawValue] = .cancellation
        let parts: Set<UInt8> = [
            RecordList.ordersByAttachment.rawValue, RecordList.documentsByAttachment.rawValue,
        ]
        for kind in parts { kinds[kind] = .attachment }
        var listed: [Family: Set<UInt64>] = [:]
        salvage.forEachList(isDoubtful: isDoubtful) { list in
            kinds[list.kind] != nil && list.parameter == 0
        } _: { list, keys in
            let family = Family(account: list.account, resource: kinds[list.kind]!.rawValue)
            for key in keys {
                let id =
                    parts.contains(list.kind)
                    ? UInt64(truncatingIfNeeded: key >> 64)
                    : DocumentKey(rawValue: UInt64(truncatingIfNeeded: key)).id
                if Resource.isStorable(id) { listed[family, default: []].insert(id) }
            }
        }
        return listed
    }

    private static func lastIDs(_ salvage: StoreSalvage) -> [Family: UInt64] {
        var last: [Family: UInt64] = [:]
        // Where they are wrong, nothing adds up.
        for counted in salvage.counters() ?? salvage.counters(isDoubtful: true) ?? [] {
            last[Family(account: counted.account, resource: counted.resource)] =
                counted.counter.lastID
        }
        return last
    }
}
