import RelayContract
import RelayStore

/// A body that its schema accepts has its references checked in the transaction that applies it; one
/// that its schema refuses, here.
extension BodyReferences {
    /// Adds a fault for each that names nothing.
    public func check(
        in view: borrowing StoreView, account: UInt32, _ faults: inout Faults
    ) throws(StoreError) {
        for reference in found {
            let resource = Resource(reference.kind)
            let detail: String
            switch reference.target {
            case .record(let id), .updated(let id):
                if Resource.isStorable(id), try view.document(resource.key(account, id)) != nil {
                    continue
                }
                let isUpdated = reference.target == .updated(id)
                detail = Faults.unknown(resource, id, isUpdated: isUpdated)
            case .named(let name):
                let key = UniqueKey(account, .internalID, resource, name)
                if try view.record(named: key) != nil { continue }
                detail = Faults.unknown(resource)
            }
            faults.add(.unknownReference, pointer: reference.pointer, detail)
        }
    }
}

extension Resource {
    /// The kind of record that a body refers to.
    init(_ kind: ReferredKind) {
        switch kind {
        case .address: self = .address
        case .customer: self = .customer
        case .order: self = .order
        case .property: self = .property
        case .unit: self = .unit
        }
    }
}
