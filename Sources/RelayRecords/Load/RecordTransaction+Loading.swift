import RelayContract
import RelayStore

/// A load on its way into a store: what a batch gathers before it goes into the lists.
struct LoadState {
    var outcome = LoadOutcome()
    var knowledge = LoadKnowledge()
    /// The change record is there.
    var hasBegun = false
    /// See `LoadBatch.blobSeed`.
    let blobSeed: UInt64
    /// See `LoadDatedRecords`.
    var keepsTimes = false
    /// What the lists get, for the batch as a whole: neighbours go into the same leaves.
    var ids: [ListKey: [UInt64]] = [:]
    var entries: [ListEntry] = []
    /// The highest id of each kind that came.
    var highest: [Resource: UInt64] = [:]
    /// Kinds whose documents changed.
    var touched: Set<Resource> = []
    /// The property of the unit before: units come house by house.
    var property: Property?
}

extension RecordTransaction {
    /// Loads the records of a batch, each that can be; leaves a change record if there is one.
    ///
    /// Records bring their own ids, and times as `LoadedRecord.stamped` says. What finds them follows from
    /// their links as for any other change, and later ids go on behind theirs.
    mutating func load(
        _ batch: LoadBatch, keepsTimes: Bool = false
    ) throws(StoreError) -> LoadOutcome {
        // What finds the records was made for their account.
        guard batch.account == account else {
            throw .corrupted(what: "a load of account \(batch.account) for account \(account)")
        }
        var state = LoadState(blobSeed: batch.blobSeed)
        state.keepsTimes = keepsTimes
        for chunk in batch.chunks { try bring(chunk, &state) }
        // Borrowed one by one: a copy of a record counts references of all that it holds.
        let records = batch.records.span
        for index in records.indices { try load(records[index], &state) }
        try raise(batch.lastIDs, &state)
        try flush(&state)
        try count(state)
        return state.outcome
    }

    /// Has ids go on behind those that were given out where the records come from.
    private mutating func raise(
        _ lastIDs: [Resource: UInt64], _ state: inout LoadState
    ) throws(StoreError) {
        for (resource, id) in lastIDs {
            let last = try view.counter(
                account: account, resource: resource.rawValue
            ).lastID
            let known = max(last, state.highest[resource] ?? 0)
            guard id > known else { continue }
            try begin(&state)
            state.highest[resource] = id
        }
    }

    private mutating func load(
        _ record: LoadedRecord, _ state: inout LoadState
    ) throws(StoreError) {
        let links = try links(of: record, &state)
        switch try view.judge(record, account, links, &state.knowledge, parser) {
        case .unchanged:
            state.outcome.unchanged += 1
            return
        case .wait(let detail):
            state.outcome.faults.append(
                LoadFault(line: record.line, waits: true, detail: detail))
            return
        case .refuse(let detail):
            state.outcome.faults.append(LoadFault(line: record.line, detail: detail))
            return
        case .create:
            var record =
                state.keepsTimes ? record : record.stamped(over: nil, at: time)
            guard try adopt(&record, &state) else { return }
            try begin(&state)
            state.outcome.created += 1
            // A unit without a property has been judged to wait.
            let links = try self.links(of: record, &state) ?? RecordLinks()
            try enter(record.id, links, &state)
            try put(record)
            try transaction.putCoveringEntries(links)
        case .update:
            try begin(&state)
            state.outcome.updated += 1
            // The lists must hold what earlier lines of the batch have put there.
            try flush(&state)
            try replace(record, &state)
        }
        note(record, &state)
    }

    /// Leaves the change record with the first record that changes something, so that loading a file
    /// twice leaves none. It holds the whole batch: what it comes to follows from the store.
    private mutating func begin(_ state: inout LoadState) throws(StoreError) {
        if state.hasBegun { return }
        state.hasBegun = true
        try begin()
    }

    private mutating func links(
        of model: RecordModel, _ state: inout LoadState
    ) throws(StoreError) -> RecordLinks? {
        model.links(account, of: try owner(model.owner, &state))
    }

    private mutating func links(
        of record: LoadedRecord, _ state: inout LoadState
    ) throws(StoreError) -> RecordLinks? {
        record.links(account, of: try owner(record.owner, &state))
    }

    private func owner(
        _ id: UInt64?, _ state: inout LoadState
    ) throws(StoreError) -> Property? {
        guard let id else { return nil }
        if state.property?.id != id {
            state.property = try load(Property.self, .property, id)?.model
        }
        return state.property
    }

    private mutating func enter(
        _ id: UInt64, _ links: RecordLinks, _ state: inout LoadState
    ) throws(StoreError) {
        for list in links.lists { state.ids[list, default: []].append(id) }
        state.entries += links.entries
        for term in links.terms { state.entries.append(try transaction.entry(of: term, id)) }
        for name in links.names { try transaction.setUnique(name, to: id) }
    }

    private mutating func replace(
        _ record: LoadedRecord, _ state: inout LoadState
    ) throws(StoreError) {
        let old = try stored(record.resource, record.id)
        let record =
            state.keepsTimes ? record : record.stamped(over: old?.times, at: time)
        let links = try self.links(of: record, &state) ?? RecordLinks()
        var before = RecordLinks()
        if let old { before = try self.links(of: old, &state) ?? RecordLinks() }
        // Those that are new go onto their lists at the end.
        try transaction.relink(record.id, from: before, to: links, keepsTexts: true)
        try put(record)
        try transaction.putCoveringEntries(links)
        if record.resource == .property, case .property(let property) = try record.model(parser) {
            state.property = nil
            if case .property(let old) = old { try updateUnits(of: property, from: old) }
        }
    }

    /// A record of any kind as it is now.
    private func stored(
        _ resource: Resource, _ id: UInt64
    ) throws(StoreError) -> RecordModel? {
        let view = view
        guard let document = try view.document(resource.key(account, id)) else {
            return nil
        }
        guard let model = document.model(parser, view) else {
            throw .corrupted(what: "\(resource) \(id)")
        }
        return model
    }

    private mutating func put(_ record: LoadedRecord) throws(StoreError) {
        if record.isLongOrder, case .order(let order) = try record.model(parser) {
            return try transaction.putOrder(order, json: record.json, account: account)
        }
        try transaction.putDocument(
            record.resource.key(account, record.id), json: record.json.span.bytes,
            privateBytes: record.keptBytes.span.bytes, version: sequence)
    }

    private func note(_ record: LoadedRecord, _ state: inout LoadState) {
        state.touched.insert(record.resource)
        state.highest[record.resource] = max(state.highest[record.resource] ?? 0, record.id)
        for part in record.parts {
            state.highest[part.resource] = max(state.highest[part.resource] ?? 0, part.id)
        }
    }

    /// Enters what has been gathered into the lists: in their order, so that a leaf is worked on once.
    private mutating func flush(_ state: inout LoadState) throws(StoreError) {
        let lists = state.ids.keys.sorted {
            ($0.kind, $0.parameter) < ($1.kind, $1.parameter)
        }
        for list in lists { try put(state.ids[list]!.sorted(), on: list) }
        state.ids = [:]
        state.entries.sort {
            ($0.list.kind, $0.list.parameter, $0.key) < ($1.list.kind, $1.list.parameter, $1.key)
        }
        var rest = state.entries[...]
        while let list = rest.first?.list {
            let keys = rest.prefix { $0.list == list }.map(\.key)
            rest = rest.dropFirst(keys.count)
            if list.isWide {
                try put(keys, on: list)
            } else {
                try put(keys.map { UInt64($0) }, on: list)
            }
        }
        state.entries = []
    }

    /// Puts keys, in their order, on a list: those behind all that it has go there at once. Most do, for a
    /// dump has records in the order of their ids, and all of a load have been changed at its time.
    private mutating func put<Key: CountedKey>(
        _ keys: [Key], on list: ListKey
    ) throws(StoreError) {
        var keys = keys
        // A list has a key once, and what goes to its end at once has to ascend.
        if zip(keys, keys.dropFirst()).contains(where: { $0 == $1 }) {
            keys = keys.indices.filter { $0 == 0 || keys[$0] != keys[$0 - 1] }.map { keys[$0] }
        }
        var first = 0
        if let last = try lastKey(of: list, Key.self) {
            first = keys.firstIndex { $0 > last } ?? keys.count
        }
        for key in keys[..<first] { try transaction.insert(key, into: list) }
        if first < keys.count {
            try transaction.append(keys.span.extracting(first..<keys.count), to: list)
        }
    }

    private func lastKey<Key: CountedKey>(
        of list: ListKey, _ type: Key.Type
    ) throws(StoreError) -> Key? {
        let view = view
        let keys = try view.list(list, of: type)
        return keys.count == 0 ? nil : try keys.key(at: keys.count - 1)
    }

    private mutating func count(_ state: LoadState) throws(StoreError) {
        for (resource, id) in state.highest.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var counter = try view.counter(
                account: account, resource: resource.rawValue)
            counter.lastID = max(counter.lastID, id)
            if state.touched.contains(resource) { counter.changeSequence = sequence }
            try transaction.setCounter(
                account: account, resource: resource.rawValue, to: counter)
        }
    }
}
