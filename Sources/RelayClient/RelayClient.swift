import HTTP2
import JSON
import RelayContract

/// A typed client of a Relay sidecar, over its Unix socket or a loopback port: a method for each
/// operation of the contract, under the operation's name.
///
/// Not Sendable: one thread uses a client, and it sends one request at a time. To have many under way, use
/// `connection` with `ClientRequest`s of your own.
///
///     let relay = try RelayClient(unix: "/run/relay/relay.sock", key: key)
///     let order = try relay.getOrder(4711)
///     try relay.updateOrder(4711, OrderPatch(status: .finished), ifMatch: order.tag)
///     var page = try relay.getOrders(status: [.open], limit: 500)
///     while let next = try relay.page(after: page) { page = next }
public final class RelayClient {
    /// The connection underneath.
    public let connection: ClientConnection
    private let key: String
    private let parser = JSONParser()

    /// Connects to a sidecar's Unix socket.
    ///
    /// - Parameters:
    ///   - path: the socket's path, at most 107 bytes.
    ///   - key: an API key, as `relayctl keys create` prints it.
    public convenience init(unix path: String, key: String) throws(TransportError) {
        self.init(connection: try ClientConnection(unix: path), key: key)
    }

    /// Connects to a sidecar's loopback port.
    ///
    /// - Parameters:
    ///   - address: such as `127.0.0.1:8080`.
    ///   - key: an API key, as `relayctl keys create` prints it.
    public convenience init(loopback address: String, key: String) throws(TransportError) {
        self.init(connection: try ClientConnection(loopback: address), key: key)
    }

    /// Uses a connection that exists.
    public init(connection: ClientConnection, key: String) {
        self.connection = connection
        self.key = key
    }

    /// The same writes as dry runs: the service checks and answers them in full, and changes nothing.
    public var dryRun: RelayDryRun { RelayDryRun(client: self) }

    /// Sends a request of your own with the key, such as one to a path that the contract lacks.
    ///
    /// - Parameters:
    ///   - method: as on the wire, such as `GET`.
    ///   - target: path and query, percent-encoded.
    ///   - body: sent as `application/json`; nil for none.
    ///   - fields: beside Authorization and Content-Type, with names in lower case.
    /// - Returns: the answer, whose status is below 400.
    /// - Throws: `transport`, or `refused` for any status of 400 or more.
    public func perform(
        _ method: String, _ target: String, _ body: (any ContractModel)? = nil,
        fields: [HeaderField] = []
    ) throws(RelayClientError) -> ClientResponse {
        var fields = fields
        if body != nil { fields.append(HeaderField("content-type", "application/json")) }
        return try perform(method, target, fields, body?.json ?? [])
    }

    /// Sends a request of an operation.
    func send(_ request: RelayRequest) throws(RelayClientError) -> ClientResponse {
        try perform(
            "\(request.operation.method.name)", request.target, request.fields, request.body)
    }

    /// Sends a request with `dryRun=true`.
    func answerDryRun(_ request: RelayRequest) throws(RelayClientError) -> DryRunAnswer {
        var request = request
        request.add("dryRun", true)
        let response = try send(request)
        return DryRunAnswer(status: response.status, json: response.body)
    }

    private func perform(
        _ method: String, _ target: String, _ fields: [HeaderField], _ body: [UInt8]
    ) throws(RelayClientError) -> ClientResponse {
        let response: ClientResponse
        do throws(TransportError) {
            response = try connection.perform(
                ClientRequest(
                    method, target,
                    fields: [HeaderField("authorization", "Bearer \(key)")] + fields, body: body))
        } catch {
            throw .transport(error)
        }
        if response.status < 400 { return response }
        throw .refused(
            status: response.status, problem: String(decoding: response.body, as: UTF8.self))
    }

    /// Reads a body, which the parser keeps until it reads the next one.
    func parse(_ response: ClientResponse) throws(RelayClientError) -> JSONValue {
        // SAFETY: parsing copies the bytes.
        guard let value = response.body.withUnsafeBytes({ try? parser.parse($0) }) else {
            throw .badAnswer("not JSON")
        }
        return value
    }
}
