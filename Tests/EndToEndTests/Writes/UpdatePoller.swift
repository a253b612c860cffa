import CivilTime
import Glibc
import HTTP2
import JSON
import RelayContract
import TestSupport
import Testing

/// A client that keeps a copy of all orders by asking for what was changed since the newest change
/// that it has seen, as contract.md promises that it may.
final class UpdatePoller {
    /// What it has of each order.
    private(set) var orders: [UInt64: Order] = [:]
    /// The newest change that it has seen.
    private(set) var newest: Timestamp?
    private let connection: ClientConnection
    private let key: String
    private let parser = JSONParser()

    init(_ connection: ClientConnection, key: String) {
        self.connection = connection
        self.key = key
    }

    /// Asks once, for all pages; returns the ids that came.
    @discardableResult
    func poll() throws -> Set<UInt64> {
        let since = newest.map { "&updatedSince=\($0)" } ?? ""
        var seen: Set<UInt64> = []
        var target: String? = "/v1/orders?sort=updatedAt&limit=1000" + since
        while let path = target {
            let response = try connection.perform(
                ClientRequest(
                    "GET", path, fields: [HeaderField("authorization", "Bearer \(key)")]))
            try #require(response.status == 200)
            try response.body.withUnsafeBytes { bytes in
                for element in try parser.parse(bytes).elements {
                    var faults = Faults()
                    let order = try #require(Order(decoding: element, into: &faults))
                    orders[order.id] = order
                    seen.insert(order.id)
                    newest = max(newest ?? order.updatedAt, order.updatedAt)
                }
            }
            target = response["link"].flatMap { link in
                link.firstIndex(of: "<").flatMap { start in
                    link.firstIndex(of: ">").map { String(link[link.index(after: start)..<$0]) }
                }
            }
        }
        return seen
    }
}
