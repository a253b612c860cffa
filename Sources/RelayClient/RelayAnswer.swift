import HTTP2
import JSON
import RelayContract

/// What an operation answers: the value, and what stands in the fields beside it.
public struct RelayAnswer<Value: Sendable>: Sendable {
    /// The body: a record, an id, or JSON as it came.
    public var value: Value
    /// 200; 201 when a record was created.
    public var status: Int
    /// The entity tag of the record, with its quotes: what `ifMatch` and `ifNoneMatch` take. nil when
    /// the answer is about no single record.
    public var tag: String?
    /// The path of the record that was created, such as `/v1/orders/4711`; nil when none was, or when
    /// it has no path of its own.
    public var location: String?
}

extension RelayAnswer: Equatable where Value: Equatable {}

/// Reads what operations answer.
extension RelayClient {
    /// One object.
    func record<Model: ContractModel>(
        _ response: ClientResponse
    ) throws(RelayClientError) -> RelayAnswer<Model> {
        var faults = Faults()
        guard let model = Model(decoding: try parse(response), into: &faults), faults.isEmpty
        else { throw .badAnswer("a \(Model.self) that breaks the contract") }
        return answer(model, response)
    }

    /// A bare integer.
    func id(_ response: ClientResponse) throws(RelayClientError) -> RelayAnswer<UInt64> {
        guard let id = try parse(response).referencedId else { throw .badAnswer("no id") }
        return answer(id, response)
    }

    /// JSON as it is.
    func json(_ response: ClientResponse) throws(RelayClientError) -> RelayAnswer<[UInt8]> {
        answer(response.body, response)
    }

    /// No body.
    func nothing(_ response: ClientResponse) throws(RelayClientError) {
        guard response.body.isEmpty else { throw .badAnswer("a body where none belongs") }
    }

    private func answer<Value>(_ value: Value, _ response: ClientResponse) -> RelayAnswer<Value> {
        RelayAnswer(
            value: value, status: response.status, tag: response["etag"],
            location: response["location"])
    }
}
