import HTTP2
import RelayContract
import RelayRecords
import RelayStore

/// A list that is not kept in the store as such: which records are on it, in which order.
enum Selection {
    case unitsWithoutEed(UnitsWithoutEed)
    case eedOfProperty(EedOfProperty)
    case appointments(AppointmentWindow)
    case calendar(AppointmentWindow)
    case records(RecordQuery)
    case named(NamedRecords)

    /// The kind of record on it.
    var resource: Resource {
        switch self {
        case .unitsWithoutEed, .eedOfProperty: .unit
        case .appointments, .calendar: .appointment
        case .records(let query): query.resource
        case .named(let records): records.resource
        }
    }

    /// Fills a page.
    func fill(
        _ page: SelectedPage, _ view: borrowing StoreView, from start: SelectionStart,
        limit: Int
    ) throws(StoreError) {
        switch self {
        case .unitsWithoutEed(let units):
            try units.fill(page, view, from: start, limit: limit)
        case .eedOfProperty(let units):
            try units.fill(page, view, from: start, limit: limit)
        case .appointments(let window), .calendar(let window):
            try window.fill(page, view, from: start, limit: limit)
        case .records(let query): try query.fill(page, view, from: start, limit: limit)
        case .named(let records): try records.fill(page, view, from: start, limit: limit)
        }
    }

    /// Whether its records are made for the answer: they lie in no map.
    var isComposed: Bool {
        switch self {
        case .eedOfProperty, .calendar: true
        case .unitsWithoutEed, .appointments, .records, .named: false
        }
    }

    /// Filters and order, for cursors.
    var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        switch self {
        case .unitsWithoutEed(let units):
            fingerprint.mix(1)
            fingerprint.mix(UInt64(units.month.number))
        case .appointments(let window), .calendar(let window):
            fingerprint.mix(2)
            fingerprint.mix(window.customer ?? 0)
            fingerprint.mix(window.from?.seconds ?? .max)
            fingerprint.mix(window.to?.seconds ?? .max)
        case .records(let query):
            fingerprint.mix(3)
            fingerprint.mix(query.filter)
        case .eedOfProperty(let units):
            fingerprint.mix(4)
            fingerprint.mix(units.property)
            fingerprint.mix(UInt64(units.month.number))
        case .named:
            // At most one record has a name, and ids come without a page: nothing goes on.
            fingerprint.mix(5)
        }
        return fingerprint.value
    }

    /// The kinds of records that it looks at: whatever changes it is a change to one of these.
    var watched: ResourceSet {
        switch self {
        case .appointments, .calendar, .records, .named: ResourceSet([resource])
        case .unitsWithoutEed, .eedOfProperty: ResourceSet([resource, .eedMonth])
        }
    }

    /// The selection that a request asked for, read again from its query: how a list that is
    /// answered in portions knows what it is about. nil for operations that list no selection.
    init?(
        _ operation: RelayContract.Operation, _ request: APIRequest, _ account: UInt32
    ) throws(InputRefusal) {
        if let ids = try Self.ids(operation, request) {
            guard let resource = operation.listedResource else { return nil }
            self = .named(NamedRecords(account: account, resource, ids: ids))
            return
        }
        switch operation {
        case .getUnitsWithoutEed:
            let period = try GetUnitsWithoutEedInput(request).period
            self = .unitsWithoutEed(UnitsWithoutEed(account: account, period))
        case .getEedOfProperty:
            let input = try GetEedOfPropertyInput(request)
            self = .eedOfProperty(
                EedOfProperty(account: account, property: input.propertyId, input.period))
        case .getAppointments:
            self = .appointments(AppointmentWindow(try GetAppointmentsInput(request), account))
        case .getCalendar:
            self = .calendar(AppointmentWindow(try GetCalendarInput(request), account))
        case .getOrders:
            let filter = OrderFilter(try GetOrdersInput(request))
            self = .records(RecordQuery(account: account, filter))
        case .getProperties:
            self.init(account, RecordFilter(try GetPropertiesInput(request)))
        case .getUnits: self.init(account, RecordFilter(try GetUnitsInput(request)))
        case .getUnitsWithMscNumber:
            self.init(account, RecordFilter(try GetUnitsWithMscNumberInput(request)))
        case .getDocuments: self.init(account, RecordFilter(try GetDocumentsInput(request)))
        default: return nil
        }
    }

    private init(_ account: UInt32, _ filter: RecordFilter) {
        self = .records(RecordQuery(account: account, filter))
    }
}

extension Selection {
    /// The ids that a request of a list names, if it names records so.
    private static func ids(
        _ operation: RelayContract.Operation, _ request: APIRequest
    ) throws(InputRefusal) -> [UInt64]? {
        switch operation {
        case .getCustomers: try GetCustomersInput(request).ids
        case .getProperties: try GetPropertiesInput(request).ids
        case .getUnits: try GetUnitsInput(request).ids
        case .getOrders: try GetOrdersInput(request).ids
        case .getAppointments: try GetAppointmentsInput(request).ids
        case .getDocuments: try GetDocumentsInput(request).ids
        default: nil
        }
    }
}

extension RelayContract.Operation {
    /// The kind of record that can be asked for by ids.
    fileprivate var listedResource: Resource? {
        switch self {
        case .getCustomers: .customer
        case .getProperties: .property
        case .getUnits: .unit
        case .getOrders: .order
        case .getAppointments: .appointment
        case .getDocuments: .document
        default: nil
        }
    }
}
