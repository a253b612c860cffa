import JSON

/// The kinds of changes: each is a type of its own. Decoding goes from here, so that a kind which is
/// missing here cannot be declared, and one whose type is missing does not compile.
///
/// The numbers are part of the bytes on disk: never reuse one. 0 is a bulk load, which has no payload.
public enum ChangeKind: UInt8, CaseIterable, Sendable {
    case createAddress = 1
    case upsertCustomer = 2
    case upsertProperties = 3
    case deleteProperty = 4
    case upsertUnits = 5
    case createOrder = 6
    case updateOrder = 7
    case createComment = 10
    case createDocument = 11
    case createDocumentAttachment = 12
    case createOrderField = 20
    case createContactPerson = 21
    case createAppointment = 22
    case updateAppointment = 23
    case deleteAppointment = 24
    case consumeEed = 25
    case consumeEedBatch = 26
    case deleteOrder = 28
    case deleteCustomer = 29
    case deleteUnit = 30
    case deleteDocument = 31
    case deleteAttachment = 32
    case updateComment = 33
    case deleteComment = 34
    case updateOrderField = 35
    case deleteOrderField = 36
    case updateContactPerson = 37
    case deleteContactPerson = 38
    case updateDocument = 39
    /// Only in logs of earlier programs.
    case loadDatedRecords = 40
    case loadRecords = 41

    /// The type that is of this kind.
    public var type: any RecordChange.Type {
        switch self {
        case .createAddress: CreateAddress.self
        case .upsertCustomer: UpsertCustomer.self
        case .upsertProperties: UpsertProperties.self
        case .deleteProperty: DeleteProperty.self
        case .upsertUnits: UpsertUnits.self
        case .createOrder: CreateOrder.self
        case .updateOrder: UpdateOrder.self
        case .createComment: CreateComment.self
        case .createDocument: CreateDocument.self
        case .createDocumentAttachment: CreateDocumentAttachment.self
        case .createOrderField: CreateOrderField.self
        case .createContactPerson: CreateContactPerson.self
        case .createAppointment: CreateAppointment.self
        case .updateAppointment: UpdateAppointment.self
        case .deleteAppointment: DeleteAppointment.self
        case .consumeEed: ConsumeEed.self
        case .consumeEedBatch: ConsumeEedBatch.self
        case .deleteOrder: DeleteOrder.self
        case .deleteCustomer: DeleteCustomer.self
        case .deleteUnit: DeleteUnit.self
        case .deleteDocument: DeleteDocument.self
        case .deleteAttachment: DeleteAttachment.self
        case .updateComment: UpdateComment.self
        case .deleteComment: DeleteComment.self
        case .updateOrderField: UpdateOrderField.self
        case .deleteOrderField: DeleteOrderField.self
        case .updateContactPerson: UpdateContactPerson.self
        case .deleteContactPerson: DeleteContactPerson.self
        case .updateDocument: UpdateDocument.self
        case .loadDatedRecords: LoadDatedRecords.self
        case .loadRecords: LoadRecords.self
        }
    }

    /// Whether all that it does is to add records, or to take others' place: what an account may not do
    /// that has used up its quota. Of other kinds it is found out when they are done.
    var adds: Bool {
        switch self {
        case .createAddress, .upsertCustomer, .upsertProperties, .upsertUnits, .createOrder,
            .createComment, .createDocument, .createDocumentAttachment, .createOrderField,
            .createContactPerson, .createAppointment, .consumeEed, .consumeEedBatch:
            true
        default: false
        }
    }

    /// Reads a change record back; nil when it is of no known kind or not what its type wrote.
    public static func decode(
        _ number: UInt8, _ payload: UnsafeRawBufferPointer, _ parser: JSONParser
    ) -> (any RecordChange)? {
        ChangeKind(rawValue: number)?.type.init(payload: payload, parser: parser)
    }
}
