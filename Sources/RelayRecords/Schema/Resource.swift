import RelayStore

/// A kind of record. Raw values are part of the bytes on disk: never reuse one.
public enum Resource: UInt8, Sendable, CaseIterable {
    case address = 1
    case customer = 2
    case property = 3
    case unit = 4
    case order = 5
    // Parts of an order: they live in its document and have ids of their own.
    case orderField = 6
    case comment = 7
    case contactPerson = 8
    // An attachment is a part of a comment or a document, and a record that has its bytes.
    case attachment = 9
    case appointment = 20
    case document = 10
    /// Energy data of one unit and month.
    case eedMonth = 21
    /// No record: counts the numbers of texts that lists are about (`ListTerm`).
    case term = 22
    /// What is left of a deleted appointment, under its id, for calendars.
    case cancellation = 23
    /// Older comments of an order that has many, under an id of its own: a part of the order's JSON
    /// (`DocumentSegment`), which no list and no change names.
    case commentSegment = 24

    /// Whether records of this kind have documents of their own. Fields, comments and contact persons
    /// are parts of their order's document, and so are segments of its comments.
    public var hasDocuments: Bool {
        switch self {
        case .orderField, .comment, .contactPerson, .term, .commentSegment: false
        case .address, .customer, .property, .unit, .order, .attachment, .appointment, .document,
            .eedMonth, .cancellation:
            true
        }
    }

    /// The kind of this name, which is that of the case.
    public init?(named name: String) {
        guard let resource = Self.byName[name] else { return nil }
        self = resource
    }

    /// The name of the case.
    public var name: String { Self.names[Int(rawValue)] }

    // Made once: to ask the runtime for a case's name takes as long as to store a record.
    private static let names: [String] = (0...UInt8.max).map { number in
        Resource(rawValue: number).map { "\($0)" } ?? ""
    }
    private static let byName: [String: Resource] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The key of a record of this kind.
    @inlinable
    public func key(_ account: UInt32, _ id: UInt64) -> DocumentKey {
        DocumentKey(account: account, resource: rawValue, id: id)
    }

    /// The list that every record of this kind is on, and that nothing else is on; nil for parts of
    /// other records and for those that no list has.
    public var list: RecordList? {
        switch self {
        case .customer: .customers
        case .property: .properties
        case .unit: .units
        case .order: .orders
        case .appointment: .appointmentsByStart
        case .address, .orderField, .comment, .contactPerson, .attachment, .eedMonth,
            .term, .cancellation, .commentSegment:
            nil
        case .document: .documents
        }
    }

    /// The list that every record of this kind is on by the time of its last change; nil for kinds
    /// that do not say when that was.
    var listByUpdate: RecordList? {
        switch self {
        case .property: .propertiesByUpdate
        case .unit: .unitsByUpdate
        case .order: .ordersByUpdate
        case .document: .documentsByUpdate
        case .address, .customer, .appointment, .attachment, .orderField, .comment,
            .contactPerson, .eedMonth, .term, .cancellation, .commentSegment:
            nil
        }
    }

    /// Whether an id can be one at all: contract ids go further than the store's keys.
    @inlinable
    public static func isStorable(_ id: UInt64) -> Bool {
        id > 0 && id >> RelayStore.Limits.idBits == 0
    }
}
