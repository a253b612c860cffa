import JSON
import RelayContract
import RelayStore

/// The end of records. One that others refer to stays; parts of it and their files go with it.
extension RecordTransaction {
    /// Takes a record from what finds it and removes its document.
    mutating func remove(
        _ resource: Resource, _ id: UInt64, _ links: RecordLinks
    ) throws(StoreError) {
        try transaction.relink(id, from: links, to: RecordLinks())
        try transaction.deleteDocument(resource.key(account, id))
        try transaction.touch(account: account, resource: resource.rawValue, sequence: sequence)
    }

    /// Deletes a customer that nothing refers to.
    mutating func deleteCustomer(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Customer.self, .customer, id) else {
            return .missing(.customer, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var referrers = Referrers()
        try referrers.add(
            Property.self, .property, on: RecordList.propertiesOfCustomer.key(account, id),
            named: \.name, self)
        try referrers.add(
            Order.self, .order, on: RecordList.ordersOfCustomer.key(account, id), named: \.title,
            self)
        try referrers.add(
            Appointment.self, .appointment,
            on: RecordList.appointmentsOfCustomerByStart.key(account, id), named: \.title, self)
        try referrers.add(
            Document.self, .document, on: RecordList.documentsOfCustomer.key(account, id),
            named: \.title, self)
        guard referrers.isEmpty else {
            return RecordAnswer(referrers.problem(record: "customer \(id)"))
        }
        try begin()
        try remove(.customer, id, stored.model.links(account))
        return RecordAnswer(200, body: stored.model.json)
    }

    /// Deletes a unit without energy data.
    mutating func deleteUnit(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Unit.self, .unit, id) else { return .missing(.unit, id) }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        var referrers = Referrers()
        try referrers.add(monthsOfUnit: id, self)
        guard referrers.isEmpty else {
            return RecordAnswer(referrers.problem(record: "unit \(id)", isFinal: true))
        }
        let unit = stored.model
        guard let property = try load(Property.self, .property, unit.propertyId)?.model else {
            throw .corrupted(what: "unit \(id)")
        }
        try begin()
        try remove(.unit, id, unit.links(account, of: property))
        return RecordAnswer(200, body: unit.json)
    }

    /// Deletes an order with its fields, comments and contact persons, and their files.
    mutating func deleteOrder(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Order.self, .order, id) else { return .missing(.order, id) }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        try begin()
        try remove(.order, id, stored.model.links(account))
        try removeAttachments(stored.model.attachmentIDs)
        return RecordAnswer(200, body: stored.model.json)
    }

    /// Deletes a document with its files.
    mutating func deleteDocument(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Document.self, .document, id) else {
            return .missing(.document, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        try begin()
        try remove(.document, id, stored.model.links(account))
        try removeAttachments(stored.model.attachments.map(\.id))
        return RecordAnswer(200, body: stored.model.json)
    }

    /// Deletes a file, from the comment or document that it belongs to as well.
    mutating func deleteAttachment(
        _ id: UInt64, _ precondition: RecordPrecondition
    ) throws(StoreError) -> RecordAnswer {
        guard let stored = try load(Attachment.self, .attachment, id) else {
            return .missing(.attachment, id)
        }
        if let refusal = precondition.refusal(of: stored.version) { return refusal }
        try begin()
        while let orderID = try owner(of: id, on: .ordersByAttachment) {
            guard let old = try load(Order.self, .order, orderID)?.model else {
                throw .corrupted(what: "order \(orderID)")
            }
            var order = old
            order.attachments.removeAll { $0.id == id }
            for index in order.comments.indices {
                order.comments[index].attachments.removeAll { $0.id == id }
            }
            // A list that names an order without this file would lead here for ever.
            guard order != old else { throw .corrupted(what: "order \(orderID)") }
            order.updatedAt = time
            try replace(old, with: order)
        }
        while let documentID = try owner(of: id, on: .documentsByAttachment) {
            guard let old = try load(Document.self, .document, documentID)?.model else {
                throw .corrupted(what: "document \(documentID)")
            }
            var document = old
            document.attachments.removeAll { $0.id == id }
            guard document != old else { throw .corrupted(what: "document \(documentID)") }
            document.updatedAt = time
            try replace(old, with: document)
        }
        try removeAttachments([id])
        return RecordAnswer(200, body: stored.model.json)
    }

    /// Removes files that nothing has any more, and gives their bytes up.
    mutating func removeAttachments(_ ids: [UInt64]) throws(StoreError) {
        for id in ids where Resource.isStorable(id) {
            if try isAttached(id) { continue }
            let key = Resource.attachment.key(account, id)
            // An order from a dump may name files that did not come with it, or one twice.
            guard let content = try content(of: key) else { continue }
            try transaction.releaseBlob(content, of: key)
            try transaction.deleteDocument(key)
            try transaction.touch(
                account: account, resource: Resource.attachment.rawValue, sequence: sequence)
        }
    }

    /// The id of an attachment's content; nil when there is no such attachment.
    private func content(of key: DocumentKey) throws(StoreError) -> UInt64? {
        guard let document = try transaction.intactDocument(key) else { return nil }
        guard let content = AttachmentContent(privateBytes: document.privateBytes) else {
            throw .corrupted(what: "attachment \(key.id)")
        }
        return content.content
    }
}

/// deleteCustomer.
public typealias DeleteCustomer = Deletion<Customer>

extension Customer: DeletableRecord {
    /// deleteCustomer.
    public static var deletion: ChangeKind { .deleteCustomer }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteCustomer(id, precondition)
    }
}

/// deleteUnit.
public typealias DeleteUnit = Deletion<Unit>

extension Unit: DeletableRecord {
    /// deleteUnit.
    public static var deletion: ChangeKind { .deleteUnit }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteUnit(id, precondition)
    }
}

/// deleteOrder.
public typealias DeleteOrder = Deletion<Order>

extension Order: DeletableRecord {
    /// deleteOrder.
    public static var deletion: ChangeKind { .deleteOrder }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteOrder(id, precondition)
    }
}

/// deleteDocument.
public typealias DeleteDocument = Deletion<Document>

extension Document: DeletableRecord {
    /// deleteDocument.
    public static var deletion: ChangeKind { .deleteDocument }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteDocument(id, precondition)
    }
}

/// deleteAttachment: the bytes go with it.
public typealias DeleteAttachment = Deletion<Attachment>

extension Attachment: DeletableRecord {
    /// deleteAttachment.
    public static var deletion: ChangeKind { .deleteAttachment }

    /// Deletes one.
    public static func delete(
        _ id: UInt64, _ precondition: RecordPrecondition, in transaction: inout RecordTransaction
    ) throws(StoreError) -> RecordAnswer {
        try transaction.deleteAttachment(id, precondition)
    }
}
