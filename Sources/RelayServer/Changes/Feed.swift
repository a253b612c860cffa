import RelayContract
import RelayRecords
import RelayStore

/// What someone follows: whose changes, of which kinds of records, with or without these.
struct Feed: Hashable {
    var account: UInt32
    /// A bit for each `ChangedResource`.
    var kinds: UInt8 = .max
    var includesDocuments = false

    /// The same kinds as the store numbers them.
    var resources: UInt64 {
        ChangedResource.allCases.reduce(into: 0) { bits, kind in
            if kinds >> kind.rawValue & 1 == 1 { bits |= 1 << UInt64(kind.resource.rawValue) }
        }
    }
}

extension ChangedResource {
    /// The kind of record.
    var resource: Resource {
        switch self {
        case .address: .address
        case .customer: .customer
        case .property: .property
        case .unit: .unit
        case .order: .order
        case .appointment: .appointment
        case .document: .document
        case .eed: .eedMonth
        }
    }

    /// What a kind of record is called, by its number in the store; nil for a part of other records.
    static func name(_ resource: UInt8) -> StaticString? { names[Int(resource)] }

    private static let names: [StaticString?] = namesByNumber()

    private static func namesByNumber() -> [StaticString?] {
        (0...UInt8.max).map { number in
            allCases.first { $0.resource.rawValue == number }?.name
        }
    }
}

extension ChangedDocument.Change {
    /// The word that the contract has for it.
    var name: StaticString {
        switch self {
        case .created: ChangeAction.created.name
        case .updated: ChangeAction.updated.name
        case .deleted: ChangeAction.deleted.name
        }
    }
}

extension Feed {
    /// Reads `resource`: names with commas between them.
    ///
    /// - Returns: nil, and a fault, when there is a name that is none.
    static func kinds(_ text: String, _ faults: inout Faults) -> UInt8? {
        var kinds: UInt8 = 0
        for name in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            let kind = ChangedResource.allCases.first { kind in
                "\(kind.name)".utf8.elementsEqual(name)
            }
            guard let kind else {
                faults.add(
                    .enum, parameter: "resource",
                    "expected \(ChangedResource.expectation), separated by commas, got "
                        + "\"\(String(name) ?? "")\"")
                return nil
            }
            kinds |= 1 << kind.rawValue
        }
        return kinds
    }

    /// Reads `wait`: whole seconds.
    static func wait(_ text: String, _ faults: inout Faults) -> Int64? {
        let digits = text.utf8.dropLast()
        if text.utf8.last == UInt8(ascii: "s"), (1...2).contains(digits.count),
            digits.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(text.dropLast()),
            seconds <= Limits.waitSeconds
        {
            return seconds
        }
        faults.add(
            .format, parameter: "wait",
            "expected whole seconds from 0s to \(Limits.waitSeconds)s, got \"\(text)\"")
        return nil
    }
}
