/// One order as the generator makes it, before it takes the contract's form. Times are milliseconds
/// since 1970, ids are counted per account.
struct SampleOrder {
    var id: Int
    var title: String
    var status: Status
    var type: String
    var address: SampleAddress
    var propertyId: Int
    var customerId: Int
    var createdAt: Int
    var updatedAt: Int
    var dueDate: Int?
    var followUpDate: Int?
    var internalId: String
    var isInternal: Bool
    var taskId: String?
    var casaviOrderId: Int?
    var casaviTicketId: Int?
    var fields: [Field] = []
    var comments: [Comment] = []
    var contacts: [Contact] = []

    /// An order has no files of its own, only those of its comments.
    var attachments: [Attachment] { comments.flatMap(\.attachments) }

    enum Status: String {
        case open = "OPEN"
        case inProgress = "IN_PROGRESS"
        case finished = "FINISHED"
        case declined = "DECLINED"
        case null = "NULL"
        case prepare = "PREPARE"
    }

    struct Field {
        var id: Int
        var position: Int
        var name: String
        var content: String
    }

    /// What is known of a file. A sample has no bytes to it and therefore no id to fetch them by.
    struct Attachment {
        var name: String
        var updatedAt: Int

        var itemType: String { name.hasSuffix(".pdf") ? "application/pdf" : "image/jpeg" }
    }

    struct Comment {
        var id: Int
        var text: String
        var author: String
        var statusChange: Status?
        var attachments: [Attachment] = []
        var createdAt: Int
    }

    struct Contact {
        var id: Int
        var type: String
        var name: String
        var telephone: String?
        var mobile: String?
        var email: String
    }
}
