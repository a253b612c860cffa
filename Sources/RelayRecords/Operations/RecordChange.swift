import JSON
import RelayContract

/// A change that a client asks for: its body decoded and validated, its references not yet.
public enum RecordChange: Sendable {
    case createAddress(NewAddress)
    case upsertCustomer(CustomerUpsert)
    case upsertProperties(PropertyUpsert)
    case deleteProperty(UInt64, RecordPrecondition)
    case upsertUnits(UnitUpsert)
    case createOrder(NewOrder)
    case updateOrder(UInt64, OrderPatch, RecordPrecondition)
    case createComment(UInt64, NewComment, [UploadedFile])
    case createDocument(NewDocument)
    case createDocumentAttachment(UInt64, UploadedFile, FreeObject?)
    case createOrderField(OrderFieldAddition)
    case createContactPerson(ContactPersonAddition)
    case createAppointment(NewAppointment)
    case updateAppointment(UInt64, AppointmentPatch, RecordPrecondition)
    case deleteAppointment(UInt64, RecordPrecondition)
    case consumeEed(EedDelivery)
    case load(LoadBatch)
}

/// The change record: a kind and a JSON payload from which the change can be applied again.
extension RecordChange {
    /// Part of the bytes on disk: never reuse a number. 0 is a bulk load, which has no payload.
    public var kind: UInt8 {
        switch self {
        case .createAddress: 1
        case .upsertCustomer: 2
        case .upsertProperties: 3
        case .deleteProperty: 4
        case .upsertUnits: 5
        case .createOrder: 6
        case .updateOrder: 7
        case .createComment: 10
        case .createDocument: 11
        case .createDocumentAttachment: 12
        case .createOrderField: 20
        case .createContactPerson: 21
        case .createAppointment: 22
        case .updateAppointment: 23
        case .deleteAppointment: 24
        case .consumeEed: 25
        case .load(let batch): batch.keepsTimes ? 40 : 41
        }
    }

    /// The change as JSON. A precondition is left out: it held when the change was recorded.
    public var payload: [UInt8] {
        switch self {
        case .createAddress(let new): return new.json
        case .upsertCustomer(let upsert): return upsert.json
        case .upsertProperties(let upsert): return upsert.json
        case .deleteProperty(let id, _): return IdObject(id: id).json
        case .upsertUnits(let upsert): return upsert.json
        case .createOrder(let new): return new.json
        case .updateOrder(let id, let patch, _): return Self.update(id, patch)
        case .createComment(let order, let new, let files):
            return Self.commentPayload(order, new, files)
        case .createDocument(let new): return new.json
        case .createDocumentAttachment(let document, let file, let metadata):
            return Self.attachmentPayload(document, file, metadata)
        case .createOrderField(let new): return new.json
        case .createContactPerson(let new): return new.json
        case .createAppointment(let new): return new.json
        case .updateAppointment(let id, let patch, _): return Self.update(id, patch)
        case .deleteAppointment(let id, _): return IdObject(id: id).json
        case .consumeEed(let delivery): return delivery.json
        case .load(let batch): return batch.payload
        }
    }

    /// An id and what changes.
    private static func update(_ id: UInt64, _ patch: some ContractModel) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.value(id)
        patch.write(to: &writer)
        writer.endArray()
        return writer.bytes
    }

    /// Reads a change record back; nil when it is of no known kind or not what `payload` wrote.
    public init?(kind: UInt8, payload: UnsafeRawBufferPointer, parser: JSONParser) {
        if kind == 40 || kind == 41 {
            guard let batch = LoadBatch(payload: payload, keepsTimes: kind == 40) else {
                return nil
            }
            self = .load(batch)
            return
        }
        guard let value = try? parser.parse(payload) else { return nil }
        var faults = Faults()
        let change: RecordChange? =
            switch kind {
            case 1: NewAddress(decoding: value, into: &faults).map { .createAddress($0) }
            case 2: CustomerUpsert(decoding: value, into: &faults).map { .upsertCustomer($0) }
            case 3: PropertyUpsert(decoding: value, into: &faults).map { .upsertProperties($0) }
            case 4: IdObject(decoding: value, into: &faults).map { .deleteProperty($0.id, .none) }
            case 5: UnitUpsert(decoding: value, into: &faults).map { .upsertUnits($0) }
            case 6: NewOrder(decoding: value, into: &faults).map { .createOrder($0) }
            case 7:
                Self.update(value, OrderPatch.self, &faults).map { .updateOrder($0, $1, .none) }
            case 10: Self.comment(value, &faults)
            case 11: NewDocument(decoding: value, into: &faults).map { .createDocument($0) }
            case 12: Self.attachment(value, &faults)
            case 20:
                OrderFieldAddition(decoding: value, into: &faults).map { .createOrderField($0) }
            case 21:
                ContactPersonAddition(decoding: value, into: &faults)
                    .map { .createContactPerson($0) }
            case 22: NewAppointment(decoding: value, into: &faults).map { .createAppointment($0) }
            case 23:
                Self.update(value, AppointmentPatch.self, &faults)
                    .map { .updateAppointment($0, $1, .none) }
            case 24:
                IdObject(decoding: value, into: &faults).map { .deleteAppointment($0.id, .none) }
            case 25: EedDelivery(decoding: value, into: &faults).map { .consumeEed($0) }
            default: nil
            }
        guard faults.isEmpty, let change else { return nil }
        self = change
    }

    /// Reads what the other `update` wrote.
    private static func update<Patch: ContractModel>(
        _ value: JSONValue, _ type: Patch.Type, _ faults: inout Faults
    ) -> (UInt64, Patch)? {
        var elements = value.elements
        guard let id = elements.next()?.integer.flatMap({ UInt64(exactly: $0) }),
            let body = elements.next(), let patch = Patch(decoding: body, into: &faults)
        else { return nil }
        return (id, patch)
    }
}
