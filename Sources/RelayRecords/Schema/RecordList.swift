import RelayStore

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
    // Of 128-bit keys, the time of the deletion above the id.
    case cancellations = 37
    case ordersOfStatus = 40
    case ordersOfType = 41
    /// Those that were given isInternal: the parameter is 1 for true.
    case ordersOfInternal = 42
    // Of 128-bit keys: number of the text, due date, time of the last change above the id.
    case ordersByInternalID = 43
    case ordersByDueDate = 44
    case ordersByUpdate = 45
    // Of 128-bit keys, the id of a part above that of what it is a part of. Since format 2.
    case ordersByField = 46
    case ordersByContactPerson = 47
    case ordersByAttachment = 48
    case documentsByAttachment = 49
    // Since format 2, too. The parameter of the last is the number of the text.
    case documentsOfCustomer = 50
    case unitsOfMscNumber = 51
    // Of 128-bit keys, the time of the last change above the id. Since format 3.
    case propertiesByUpdate = 52
    case unitsByUpdate = 53
    case documentsByUpdate = 54

    /// The first format of stores that have it.
    var format: UInt32 {
        switch self {
        case .propertiesByUpdate, .unitsByUpdate, .documentsByUpdate: 3
        case .ordersByField, .ordersByContactPerson, .ordersByAttachment, .documentsByAttachment,
            .documentsOfCustomer, .unitsOfMscNumber:
            2
        default: 1
        }
    }

    /// Whether its keys have 128 bits.
    public var isWide: Bool {
        switch self {
        case .appointmentsByStart, .appointmentsOfCustomerByStart, .appointmentsByEnd,
            .appointmentsOfCustomerByEnd, .appointmentsByLength, .appointmentsOfCustomerByLength,
            .ordersByInternalID, .ordersByDueDate, .ordersByUpdate, .ordersByField,
            .ordersByContactPerson, .ordersByAttachment, .documentsByAttachment, .cancellations,
            .propertiesByUpdate, .unitsByUpdate, .documentsByUpdate:
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
        case .properties, .propertiesOfCustomer, .propertiesByUpdate: .property
        case .units, .unitsWithMscNumber, .unitsOfCustomer, .unitsWithMscNumberOfCustomer,
            .unitsOfProperty, .unitsWithEed, .unitsOfMscNumber, .unitsByUpdate:
            .unit
        case .appointmentsByStart, .appointmentsOfCustomerByStart, .appointmentsByEnd,
            .appointmentsOfCustomerByEnd, .appointmentsByLength, .appointmentsOfCustomerByLength:
            .appointment
        case .cancellations: .cancellation
        case .orders, .ordersOfProperty, .ordersOfCustomer, .ordersOfStatus, .ordersOfType,
            .ordersOfInternal, .ordersByInternalID, .ordersByDueDate, .ordersByUpdate,
            .ordersByField, .ordersByContactPerson, .ordersByAttachment:
            .order
        case .documents, .documentsOfProperty, .documentsOfCustomer, .documentsByAttachment,
            .documentsByUpdate:
            .document
        case .commentsOfOrder: .comment
        }
    }
}

extension ListKey {
    /// Whether the list has keys of 128 bits.
    var isWide: Bool { RecordList(rawValue: kind)?.isWide ?? false }
}
