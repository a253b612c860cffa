import RelayContract
import RelayRecords
import Testing

@testable import RelayServer

/// The parameters of getOrders stand in several places: the input, the filter, the fingerprint of
/// cursors and the question whether anything is asked for. One that is forgotten in one of them would
/// be passed over in silence.
@Suite struct OrderFilterMembersTests {
    /// A query for each member of the filter.
    private let queries = [
        "status": "status=OPEN", "type": "type=a", "propertyId": "propertyId=1",
        "customerId": "customerId=1", "internalId": "internalId=a",
        "isInternal": "isInternal=false", "dueFrom": "dueFrom=2025-01-01T00:00:00Z",
        "dueTo": "dueTo=2025-01-01T00:00:00Z", "updatedSince": "updatedSince=2025-01-01T00:00:00Z",
        "sort": "sort=-id",
    ]

    private func members(_ value: Any) -> Set<String> {
        Set(Mirror(reflecting: value).children.compactMap(\.label))
    }

    private func input(_ query: String) throws -> GetOrdersInput {
        try Array(query.utf8).withUnsafeBytes { try GetOrdersInput(APIRequest(query: $0)) }
    }

    @Test("Every parameter of getOrders reaches the filter, the cursor and the choice of the list.")
    func members() throws {
        let all = try input("limit=5")
        #expect(all.asksForAll)
        #expect(members(all).subtracting(["page", "ids"]) == Set(queries.keys))
        #expect(members(OrderFilter()) == Set(queries.keys))
        var fingerprints: Set<UInt64> = [fingerprint(OrderFilter(all))]
        for (name, query) in queries {
            let input = try input(query)
            #expect(!input.asksForAll, "\(name)")
            let filter = OrderFilter(input)
            #expect(filter != OrderFilter(), "\(name)")
            #expect(fingerprints.insert(fingerprint(filter)).inserted, "\(name)")
        }
    }

    private func fingerprint(_ filter: OrderFilter) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.mix(filter)
        return fingerprint.value
    }
}
