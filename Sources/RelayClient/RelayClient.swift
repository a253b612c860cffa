import HTTP2
import JSON
import RelayContract

/// A typed client of a Relay sidecar, over its Unix socket or a loopback port.
///
/// Not Sendable: one thread uses it. Requests go out one at a time; for many at once use
/// `connection` with `ClientRequest`s of your own.
///
///     let relay = try RelayClient(unix: "/run/relay/relay.sock", key: key)
///     let order = try relay.order(4711)
///     var page = try relay.page(of: Order.self, at: "/v1/orders", limit: 500)
///     while let next = try relay.page(after: page) { page = next }
public final class RelayClient {
    /// The connection underneath.
    public let connection: ClientConnection
    private let key: String
    private let parser = JSONParser()

    /// Connects to a sidecar's Unix socket.
    ///
    /// - Parameter key: an API key, as `relayctl keys create` prints it.
    public convenience init(unix path: String, key: String) throws(TransportError) {
        self.init(connection: try ClientConnection(unix: path), key: key)
    }

    /// Connects to a sidecar's loopback port, such as `127.0.0.1:8080`.
    public convenience init(loopback address: String, key: String) throws(TransportError) {
        self.init(connection: try ClientConnection(loopback: address), key: key)
    }

    /// Uses a connection that exists.
    public init(connection: ClientConnection, key: String) {
        self.connection = connection
        self.key = key
    }

    // MARK: Records

    /// One order with its fields, attachments, comments and contact persons.
    public func order(_ id: UInt64) throws(RelayClientError) -> Order {
        try decode(Order.self, perform("GET", "/v1/orders/\(id)"))
    }

    /// One property.
    public func property(_ id: UInt64) throws(RelayClientError) -> Property {
        try decode(Property.self, perform("GET", "/v1/properties/\(id)"))
    }

    /// One customer.
    public func customer(_ id: UInt64) throws(RelayClientError) -> Customer {
        try decode(Customer.self, perform("GET", "/v1/customers/\(id)"))
    }

    /// One address.
    public func address(_ id: UInt64) throws(RelayClientError) -> Address {
        try decode(Address.self, perform("GET", "/v1/addresses/\(id)"))
    }

    /// Creates an order.
    ///
    /// - Returns: its id.
    public func createOrder(_ order: NewOrder) throws(RelayClientError) -> UInt64 {
        try decode(IdObject.self, perform("POST", "/v1/orders", order)).id
    }

    /// Changes an order.
    ///
    /// - Parameter tag: an entity tag; the order is changed only while it still has it.
    public func updateOrder(
        _ id: UInt64, _ patch: OrderPatch, ifMatch tag: String? = nil
    ) throws(RelayClientError) {
        let fields = tag.map { [HeaderField("if-match", $0)] } ?? []
        _ = try perform("PATCH", "/v1/orders/\(id)", patch, fields: fields)
    }

    /// Creates a customer, or updates the one that it names.
    public func createCustomer(
        _ upsert: CustomerUpsert
    ) throws(RelayClientError) -> CustomerUpsertResult {
        try decode(CustomerUpsertResult.self, perform("POST", "/v1/customers", upsert))
    }

    /// Creates or updates properties, all or none.
    public func createProperties(
        _ upsert: PropertyUpsert
    ) throws(RelayClientError) -> PropertyUpsertResult {
        try decode(PropertyUpsertResult.self, perform("POST", "/v1/properties", upsert))
    }

    /// Creates or updates units, all or none.
    public func createUnits(_ upsert: UnitUpsert) throws(RelayClientError) -> [Unit] {
        try decode(UnitList.self, perform("POST", "/v1/units", upsert)).units
    }

    // MARK: Lists

    /// One page of a list.
    ///
    /// - Parameters:
    ///   - path: the list's path, such as `/v1/orders`, with filters in its query if any.
    ///   - limit: records, 1…1000.
    ///   - offset: records to skip.
    public func page<Model: ContractModel>(
        of type: Model.Type, at path: String, limit: Int, offset: Int = 0
    ) throws(RelayClientError) -> RelayPage<Model> {
        let mark = path.contains("?") ? "&" : "?"
        return try page(of: type, target: "\(path)\(mark)limit=\(limit)&offset=\(offset)")
    }

    /// The page that follows another one; nil after the last.
    public func page<Model: ContractModel>(
        after page: RelayPage<Model>
    ) throws(RelayClientError) -> RelayPage<Model>? {
        guard let next = page.next else { return nil }
        return try self.page(of: Model.self, target: next)
    }

    private func page<Model: ContractModel>(
        of type: Model.Type, target: String
    ) throws(RelayClientError) -> RelayPage<Model> {
        let response = try perform("GET", target)
        var records: [Model] = []
        var faults = Faults()
        guard let value = parse(response.body) else { throw .badAnswer("not JSON") }
        // A list is a bare array, or the one member of an object.
        var elements = value
        if value.kind == .object {
            for (_, member) in value.members { elements = member }
        }
        guard elements.kind == .array else { throw .badAnswer("no list") }
        for element in elements.elements {
            guard let model = Model(decoding: element, into: &faults), faults.isEmpty else {
                throw .badAnswer("a record that breaks the contract")
            }
            records.append(model)
        }
        return RelayPage(
            records: records, total: response["x-total-count"].flatMap { Int($0) } ?? 0,
            next: response["link"].flatMap { RelayPage<Model>.next(in: $0) })
    }

    // MARK: Requests

    /// Sends a request with the key and a JSON body; throws for any status of 400 or more.
    public func perform(
        _ method: String, _ path: String, _ body: (any ContractModel)? = nil,
        fields: [HeaderField] = []
    ) throws(RelayClientError) -> ClientResponse {
        var request = ClientRequest(
            method, path, fields: [HeaderField("authorization", "Bearer \(key)")] + fields)
        if let body {
            request.body = body.json
            request.fields.append(HeaderField("content-type", "application/json"))
        }
        let response: ClientResponse
        do throws(TransportError) {
            response = try connection.perform(request)
        } catch {
            throw .transport(error)
        }
        if response.status < 400 { return response }
        throw .refused(
            status: response.status, problem: String(decoding: response.body, as: UTF8.self))
    }

    private func parse(_ bytes: [UInt8]) -> JSONValue? {
        // The parser keeps what it parsed until the next call.
        // SAFETY: parsing copies the bytes.
        bytes.withUnsafeBytes { try? parser.parse($0) }
    }

    func decode<Model: ContractModel>(
        _ type: Model.Type, _ response: ClientResponse
    ) throws(RelayClientError) -> Model {
        var faults = Faults()
        guard let value = parse(response.body),
            let model = Model(decoding: value, into: &faults), faults.isEmpty
        else { throw .badAnswer("a record that breaks the contract") }
        return model
    }
}

/// A page of a list.
public struct RelayPage<Model: ContractModel>: Sendable {
    /// The records, in the list's order.
    public var records: [Model]
    /// Records in the whole list.
    public var total: Int
    /// The target of the page that follows; nil on the last page.
    public var next: String?

    /// The target of `rel="next"` in a Link field (RFC 8288).
    static func next(in link: String) -> String? {
        guard let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"),
            link.contains("rel=\"next\"")
        else { return nil }
        return String(link[link.index(after: start)..<end])
    }
}

/// Why a request brought no answer.
public enum RelayClientError: Error, Sendable {
    /// The connection failed.
    case transport(TransportError)
    /// The service refused; `problem` is its problem+json.
    case refused(status: Int, problem: String)
    /// The answer is not what the contract says.
    case badAnswer(String)
}

extension RelayClientError: CustomStringConvertible {
    /// What happened.
    public var description: String {
        switch self {
        case .transport(let error): error.description
        case .refused(let status, let problem): "status \(status): \(problem)"
        case .badAnswer(let what): "the answer is \(what)"
        }
    }
}
