import RelayContract
import RelayStore

extension Order {
    /// The order with what a merge patch says of the members that need no look at the store.
    func merged(with patch: OrderPatch) -> Order {
        var order = self
        order.title = patch.title ?? title
        order.status = patch.status ?? status
        order.dueDate = patch.merged(patch.dueDate, .dueDate, over: dueDate)
        order.followUpDate = patch.merged(patch.followUpDate, .followUpDate, over: followUpDate)
        order.internalId = patch.merged(patch.internalId, .internalId, over: internalId)
        order.isInternal = patch.merged(patch.isInternal, .isInternal, over: isInternal)
        order.type = patch.merged(patch.type, .type, over: type)
        order.taskId = patch.merged(patch.taskId, .taskId, over: taskId)
        order.propertyId = patch.merged(patch.propertyId, .propertyId, over: propertyId)
        order.customerId = patch.merged(patch.customerId, .customerId, over: customerId)
        order.casaviOrderId = patch.merged(
            patch.casaviOrderId, .casaviOrderId, over: casaviOrderId)
        order.casaviTicketId = patch.merged(
            patch.casaviTicketId, .casaviTicketId, over: casaviTicketId)
        return order
    }
}

/// Fields and contact persons that come with an order, all at once.
extension RecordTransaction {
    /// Fields in the order in which they were given. One that says what a present one says is that
    /// one and keeps its id: whoever sends all of them again changes nothing.
    mutating func fields(
        _ new: [NewOrderField], keeping old: [OrderField]
    ) throws(StoreError) -> [OrderField] {
        var left = old
        var fields: [OrderField] = []
        for field in new {
            if let place = left.firstIndex(where: { $0.says(field) }) {
                fields.append(left.remove(at: place))
                continue
            }
            fields.append(
                OrderField(
                    id: try newID(.orderField), position: field.position, name: field.name,
                    content: field.content))
        }
        return fields
    }

    /// Contact persons, likewise.
    mutating func contactPersons(
        _ new: [NewContactPerson], keeping old: [ContactPerson]
    ) throws(StoreError) -> [ContactPerson] {
        var left = old
        var persons: [ContactPerson] = []
        for person in new {
            if let place = left.firstIndex(where: { $0.says(person) }) {
                persons.append(left.remove(at: place))
                continue
            }
            persons.append(
                ContactPerson(
                    type: person.type, name: person.name, id: try newID(.contactPerson),
                    telephone: person.telephone, mobile: person.mobile,
                    emailAddress: person.email))
        }
        return persons
    }
}

extension OrderField {
    fileprivate func says(_ new: NewOrderField) -> Bool {
        position == new.position && name.hasBytes(of: new.name)
            && content.hasBytes(of: new.content)
    }
}

extension ContactPerson {
    fileprivate func says(_ new: NewContactPerson) -> Bool {
        type.hasBytes(of: new.type) && name.hasBytes(of: new.name)
            && telephone.hasBytes(of: new.telephone) && mobile.hasBytes(of: new.mobile)
            && emailAddress.hasBytes(of: new.email)
    }
}
