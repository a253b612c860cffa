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

    /// Whether records of this kind have documents of their own. Fields, comments and contact persons
    /// are parts of their order's document.
    public var hasDocuments: Bool {
        switch self {
        case .orderField, .comment, .contactPerson, .term: false
        case .address, .customer, .property, .unit, .order, .attachment, .appointment, .document,
            .eedMonth:
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
            .term:
            nil
        case .document: .documents
        }
    }

    /// Whether an id can be one at all: contract ids go further than the store's keys.
    @inlinable
    public static func isStorable(_ id: UInt64) -> Bool {
        id > 0 && id >> RelayStore.Limits.idBits == 0
    }
}

/// A list of records, in ascending order of its keys: ids, or numbers that have the id in their low
/// bits (`isWide`). Raw values are part of the bytes on disk.
public enum RecordList: UInt8, Sendable, CaseIterable {
    case customers = 1
    case properties = 2
    case propertiesOfCustomer = 3
    case units = 4
    case unitsWithMscNumber = 5
    case unitsOfCustomer = 6
    case unitsWithMscNumberOfCustomer = 7
    case unitsOfProperty = 8
    case orders = 9
    case ordersOfProperty = 10
    case ordersOfCustomer = 11
    case documents = 20
    case documentsOfProperty = 21
    /// Never stored: a comment is a part of its order. It names such a list in a page's cursor.
    case commentsOfOrder = 22
    /// Units that have energy data of a month, which is the parameter (`CalendarMonth.number`).
    case unitsWithEed = 30
    // Of 128-bit keys, the beginning or end in seconds (`WallTime`) above the id.
    case appointmentsByStart = 31
    case appointmentsOfCustomerByStart = 32
    case appointmentsByEnd = 33
    case appointmentsOfCustomerByEnd = 34
    // Likewise, see `LengthKey`.
    case appointmentsByLength = 35
    case appointmentsOfCustomerByLength = 36
    case ordersOfStatus = 40
    case ordersOfType = 41
    /// Those that were given isInternal: the parameter is 1 for true.
    case ordersOfInternal = 42
    // Of 128-bit keys: number of the text, due date, time of the last change above the id.
    case ordersByInternalID = 43
    case ordersByDueDate = 44
    case ordersByUpdate = 45

    /// Whether its keys have 128 bits.
    public var isWide: Bool {
        switch self {
        case .appointmentsByStart, .appointmentsOfCustomerByStart, .appointmentsByEnd,
            .appointmentsOfCustomerByEnd, .appointmentsByLength, .appointmentsOfCustomerByLength,
            .ordersByInternalID, .ordersByDueDate, .ordersByUpdate:
            true
        default: false
        }
    }

    /// Whether the list has a covering index: its documents once more, in its order, so that a page
    /// is one run of bytes of the map. Only where pages are asked for again and again, and their
    /// order is not that of ids.
    public var isCovering: Bool { self == .appointmentsByStart }

    /// The list's key; `parameter` is the id that a list "of" something is about.
    @inlinable
    public func key(_ account: UInt32, _ parameter: UInt64 = 0) -> ListKey {
        ListKey(account: account, kind: rawValue, parameter: parameter)
    }

    /// The kind of record that the list holds.
    public var resource: Resource {
        switch self {
        case .customers: .customer
        case .properties, .propertiesOfCustomer: .property
        case .units, .unitsWithMscNumber, .unitsOfCustomer, .unitsWithMscNumberOfCustomer,
            .unitsOfProperty, .unitsWithEed:
            .unit
        case .appointmentsByStart, .appointmentsOfCustomerByStart, .appointmentsByEnd,
            .appointmentsOfCustomerByEnd, .appointmentsByLength, .appointmentsOfCustomerByLength:
            .appointment
        case .orders, .ordersOfProperty, .ordersOfCustomer, .ordersOfStatus, .ordersOfType,
            .ordersOfInternal, .ordersByInternalID, .ordersByDueDate, .ordersByUpdate:
            .order
        case .documents, .documentsOfProperty: .document
        case .commentsOfOrder: .comment
        }
    }
}

extension ListKey {
    /// Whether the list has keys of 128 bits.
    var isWide: Bool { RecordList(rawValue: kind)?.isWide ?? false }
}

/// A text that names one record of an account. Raw values are part of the bytes on disk.
public enum UniqueIndex: UInt8, Sendable {
    case externalID = 1
    case internalID = 2
    /// A unit and a month, which name the unit's energy data.
    case eedMonth = 20
}
