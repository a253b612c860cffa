import JSON

/// What the generated dispatch reads of a request. The bytes belong to the caller and outlive the dispatch.
@frozen
public struct APIRequest {
    /// The id in the path, from `RouteMatch`; 0 when the path has none.
    public var id0: UInt64
    /// The second id in the path; 0 when the path has one at most.
    public var id1: UInt64
    /// The query without its question mark.
    public var query: UnsafeRawBufferPointer
    /// The whole body.
    public var body: UnsafeRawBufferPointer

    /// A request for an operation that the router found.
    public init(
        id0: UInt64 = 0, id1: UInt64 = 0,
        query: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        body: UnsafeRawBufferPointer = .init(start: nil, count: 0)
    ) {
        self.id0 = id0
        self.id1 = id1
        self.query = query
        self.body = body
    }
}

extension APIRequest {
    /// The one of a closed set that the router found in the path.
    public func choice<Choice: RawRepresentable<UInt8>>() -> Choice {
        guard let choice = Choice(rawValue: UInt8(id0 - 1)) else {
            preconditionFailure("the router finds places of the set only")
        }
        return choice
    }

    /// The body of an operation as a model.
    public func body<Model: ContractModel>(
        as type: Model.Type, of operation: Operation, _ parser: JSONParser
    ) throws(InputRefusal) -> Model {
        let value: JSONValue
        do throws(JSONFault) {
            value = try parser.parse(body)
        } catch {
            throw .problem(Problem(error))
        }
        var faults = Faults()
        let model = Model(decoding: value, into: &faults)
        guard faults.isEmpty, let model else {
            throw .body(faults, BodyReferences(of: value, operation))
        }
        return model
    }

    /// Refuses a query: operations without parameters take none.
    public func expectNoQuery() throws(InputRefusal) {
        if query.isEmpty { return }
        var faults = Faults()
        var reader = QueryReader(query)
        while let parameter = reader.next() { faults.unknownParameter(parameter.name) }
        if !faults.isEmpty { throw .problem(Problem(.badQuery, faults)) }
    }
}
