import CivilTime
import Glibc
import HTTP2
import JSON
import RelayContract
import TestSupport
import Testing

/// A record of a list that can be asked for what was changed.
protocol PolledRecord: ContractModel {
    /// Where the list is.
    static var path: String { get }
    /// The member of the answer that has the list; nil where the answer is the list.
    static var member: StaticString? { get }
    /// The record's id.
    var id: UInt64 { get }
    /// When it was changed last.
    var updatedAt: Timestamp { get }
    /// A text of it that a writer changes.
    var text: String? { get }
    /// A request that changes that text.
    static func change(_ id: UInt64, to text: String) -> ClientRequest
}

/// A client that keeps a copy of all records of a kind by asking for what was changed since the newest
/// change that it has seen, as contract.md promises that it may.
final class UpdatePoller<Record: PolledRecord> {
    /// What it has of each record.
    private(set) var records: [UInt64: Record] = [:]
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
        var target: String? = Record.path + "?sort=updatedAt&limit=1000&offset=0" + since
        while let path = target {
            let response = try connection.perform(
                ClientRequest(
                    "GET", path, fields: [HeaderField("authorization", "Bearer \(key)")]))
            try #require(response.status == 200)
            try response.body.withUnsafeBytes { bytes in
                for element in try elements(try parser.parse(bytes)) {
                    var faults = Faults()
                    let record = try #require(Record(decoding: element, into: &faults))
                    records[record.id] = record
                    seen.insert(record.id)
                    newest = max(newest ?? record.updatedAt, record.updatedAt)
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

    private func elements(_ answer: JSONValue) throws -> JSONElements {
        guard let member = Record.member else { return answer.elements }
        return try #require(answer.members.first { $0.0.matches(member) }?.1.elements)
    }
}

extension ClientRequest {
    /// A change whose body is JSON.
    fileprivate init(_ method: String, _ path: String, json: String) {
        self.init(
            method, path, fields: [HeaderField("content-type", "application/json")],
            body: Array(json.utf8))
    }
}

extension Order: PolledRecord {
    static var path: String { "/v1/orders" }
    static var member: StaticString? { nil }
    var text: String? { internalId }

    static func change(_ id: UInt64, to text: String) -> ClientRequest {
        ClientRequest("PATCH", "/v1/orders/\(id)", json: "{\"internalId\":\"\(text)\"}")
    }
}

extension Property: PolledRecord {
    static var path: String { "/v1/properties" }
    static var member: StaticString? { "properties" }
    var text: String? { name }

    static func change(_ id: UInt64, to text: String) -> ClientRequest {
        ClientRequest(
            "POST", "/v1/properties", json: "{\"properties\":[{\"id\":\(id),\"name\":\"\(text)\"}]}"
        )
    }
}

extension Unit: PolledRecord {
    static var path: String { "/v1/units" }
    static var member: StaticString? { "units" }
    var text: String? { name }

    static func change(_ id: UInt64, to text: String) -> ClientRequest {
        ClientRequest(
            "POST", "/v1/units", json: "{\"units\":[{\"id\":\(id),\"name\":\"\(text)\"}]}")
    }
}

extension Document: PolledRecord {
    static var path: String { "/v2/documents" }
    static var member: StaticString? { "documents" }
    var text: String? { title }

    static func change(_ id: UInt64, to text: String) -> ClientRequest {
        ClientRequest("PATCH", "/v2/documents/\(id)", json: "{\"title\":\"\(text)\"}")
    }
}
