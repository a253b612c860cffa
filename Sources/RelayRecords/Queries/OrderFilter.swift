import CivilTime
import JSON
import RelayContract

/// Which orders are asked for, and in which order: what the parameters of getOrders say.
public struct OrderFilter: Equatable, Sendable {
    /// Only orders in one of these states.
    public var status: AnyOf<OrderStatus>?
    /// Only orders of one of these types.
    public var type: AnyOf<String>?
    /// Only orders of one of these properties.
    public var propertyId: AnyOf<UInt64>?
    /// Only orders of one of these customers.
    public var customerId: AnyOf<UInt64>?
    /// Only orders with this id of another system.
    public var internalId: String?
    /// Only orders that were given this value.
    public var isInternal: Bool?
    /// Only orders that are due then or later.
    public var dueFrom: Timestamp?
    /// Only orders that are due before then.
    public var dueTo: Timestamp?
    /// Only orders that were changed then or later.
    public var updatedSince: Timestamp?
    /// The order; by ascending id if nil.
    public var sort: OrderSort?

    /// All orders, by ascending id.
    public init() {}

    /// The list that one value names which is all that is asked for, whatever the order: nothing has
    /// to be looked up for it.
    var namedList: (RecordList, UInt64)? {
        var rest = self
        (rest.status, rest.propertyId, rest.customerId, rest.sort) = (nil, nil, nil, nil)
        guard rest == OrderFilter() else { return nil }
        switch (status, propertyId, customerId) {
        case (let status?, nil, nil) where status.others.isEmpty:
            return (.ordersOfStatus, status.first.parameter)
        case (nil, let property?, nil) where property.others.isEmpty:
            return (.ordersOfProperty, property.first)
        case (nil, nil, let customer?) where customer.others.isEmpty:
            return (.ordersOfCustomer, customer.first)
        default: return nil
        }
    }
}
