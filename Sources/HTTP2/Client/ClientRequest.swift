/// A field of a message, in the order and spelling of the wire.
public struct HeaderField: Equatable, Sendable {
    /// Lower-case name.
    public var name: String
    /// Value, without surrounding white space.
    public var value: String

    /// Makes a field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a client asks.
public struct ClientRequest: Equatable, Sendable {
    /// Method as on the wire, such as `GET`.
    public var method: String
    /// Path and query.
    public var path: String
    /// Further fields, without pseudo fields; `content-length` is left to the caller.
    public var fields: [HeaderField]
    /// Body; empty means that the request ends with its fields.
    public var body: [UInt8]
    /// `:authority`; any is fine for Relay.
    public var authority: String

    /// Makes a request.
    public init(
        _ method: String, _ path: String, fields: [HeaderField] = [], body: [UInt8] = [],
        authority: String = "localhost"
    ) {
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body
        self.authority = authority
    }
}

/// What the server answered.
public struct ClientResponse: Equatable, Sendable {
    /// Status code, 100…599.
    public var status = 0
    /// Fields in the order of the wire, without `:status`.
    public var fields: [HeaderField] = []
    /// The whole body.
    public var body: [UInt8] = []

    /// An empty response.
    public init() {}

    /// The first value of a field, or nil.
    public subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
