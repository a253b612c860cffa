import JSON

/// What the generated dispatch needs of a request that is being answered.
public protocol APIExchange {
    /// Answers with a problem; nothing was carried out.
    mutating func reject(_ problem: Problem)
}

/// What the generated dispatch reads of a request. The bytes belong to the caller and outlive the dispatch.
@frozen
public struct APIRequest {
    /// The id in the path, from `RouteMatch`.
    public var id0: UInt64
    /// The query without its question mark.
    public var query: UnsafeRawBufferPointer
    /// The whole body.
    public var body: UnsafeRawBufferPointer

    /// A request for an operation that the router found.
    public init(
        id0: UInt64 = 0, query: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        body: UnsafeRawBufferPointer = .init(start: nil, count: 0)
    ) {
        self.id0 = id0
        self.query = query
        self.body = body
    }
}

extension APIRequest {
    /// The body as a model; nil after the problem has been answered, or when the reader keeps what its
    /// schema refuses.
    public func body<Model: ContractModel>(
        as type: Model.Type, _ reader: BodyReader, _ exchange: inout some APIExchange
    ) -> Model? {
        let value: JSONValue
        do throws(JSONFault) {
            value = try reader.parser.parse(body)
        } catch {
            exchange.reject(Problem(error))
            return nil
        }
        var faults = Faults()
        let model = Model(decoding: value, into: &faults)
        guard faults.isEmpty, let model else {
            reader.refuse(value, faults)
            return nil
        }
        return model
    }

    /// True when there is no query, which is what operations without parameters expect.
    public func hasNoQuery(_ exchange: inout some APIExchange) -> Bool {
        if query.isEmpty { return true }
        var faults = Faults()
        var reader = QueryReader(query)
        while let parameter = reader.next() { faults.unknownParameter(parameter.name) }
        if faults.isEmpty { return true }
        exchange.reject(Problem(.badQuery, faults))
        return false
    }
}
