import JSON
import RelayContract
import RelayStore

/// The references of a body that its schema refuses, for its problem to list those that name nothing
/// as well. A body that its schema accepts has them checked in the transaction that applies it.
public struct BodyReferences {
    private struct Reference {
        let pointer: String
        let resource: Resource
        let target: Target
    }

    private enum Target {
        case record(UInt64)
        /// The record that an element of a batch updates.
        case updated(UInt64)
        case named(String)
    }

    private var found: [Reference] = []

    /// Finds the members of an operation's body that are references and can be read as such.
    public init(of body: JSONValue, _ operation: RelayContract.Operation) {
        switch operation {
        case .createOrder: add(body, "", [.property, .customer], address: true)
        case .updateOrder: add(body, "", [], address: true)
        case .createOrderField, .createContactPerson: add(body, "", [.order])
        case .createAppointment, .updateAppointment: add(body, "", [.customer])
        case .createDocumentV1: add(body, "", [.property, .customer])
        case .createDocument:
            add(body, "", [.property, .customer])
            addName(body, "internalPropertyId", .property)
            addName(body, "internalCustomerId", .customer)
        case .consumeEed: add(body, "", [.unit, .property, .customer])
        case .createCustomer:
            guard let customer = body["customer"] else { return }
            add(customer, "/customer", updated: .customer, [], address: true)
        case .createProperties:
            addEach(of: body, "properties") {
                $0.add($1, $2, updated: .property, [.customer], address: true)
            }
        case .createUnits:
            addEach(of: body, "units") { $0.add($1, $2, updated: .unit, [.property]) }
        default: return
        }
    }

    private mutating func addEach(
        of body: JSONValue, _ member: StaticString,
        _ add: (inout BodyReferences, JSONValue, String) -> Void
    ) {
        guard let elements = body[member]?.elements else { return }
        var index = 0
        for element in elements {
            add(&self, element, "/\(member)/\(index)")
            index += 1
        }
    }

    /// - Parameter pointer: to the object.
    private mutating func add(
        _ object: JSONValue, _ pointer: String, updated: Resource? = nil, _ resources: [Resource],
        address: Bool = false
    ) {
        if let updated, let id = object["id"]?.referencedId {
            found.append(
                Reference(pointer: pointer + "/id", resource: updated, target: .updated(id)))
        }
        for resource in resources { addRecord(object, pointer, resource.referrer, resource) }
        guard address, let inner = object["address"] else { return }
        addRecord(inner, pointer + "/address", "id", .address)
    }

    private mutating func addRecord(
        _ object: JSONValue, _ pointer: String, _ member: StaticString, _ resource: Resource
    ) {
        guard let id = object[member]?.referencedId else { return }
        found.append(
            Reference(pointer: "\(pointer)/\(member)", resource: resource, target: .record(id)))
    }

    private mutating func addName(
        _ object: JSONValue, _ member: StaticString, _ resource: Resource
    ) {
        guard let name = object[member]?.string else { return }
        found.append(
            Reference(
                pointer: "/\(member)", resource: resource, target: .named(String(name))))
    }

    /// Adds a fault for each that names nothing.
    public func check(
        in view: borrowing StoreView, account: UInt32, _ faults: inout Faults
    ) throws(StoreError) {
        for reference in found {
            let resource = reference.resource
            let detail: String
            switch reference.target {
            case .record(let id), .updated(let id):
                if Resource.isStorable(id), try view.document(resource.key(account, id)) != nil {
                    continue
                }
                let isUpdated = if case .updated = reference.target { true } else { false }
                detail = Faults.unknown(resource, id, isUpdated: isUpdated)
            case .named(let name):
                let key = LookupKey(account, .internalID, resource, name)
                if try view.lookup(key) != nil { continue }
                detail = Faults.unknown(resource)
            }
            faults.add(.unknownReference, pointer: reference.pointer, detail)
        }
    }
}

extension Resource {
    /// The member that refers to a record of this kind.
    fileprivate var referrer: StaticString {
        switch self {
        case .property: "propertyId"
        case .customer: "customerId"
        case .order: "orderId"
        case .unit: "unitId"
        default: preconditionFailure("no body refers to \(self) by a member of its own")
        }
    }
}
