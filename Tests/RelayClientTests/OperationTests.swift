import HTTP2
import JSON
import RelayClient
import RelayContract
import TestSupport
import Testing

/// The vectors of proto-json once more, sent by the methods of the client to a real relayd: an operation
/// that has a vector has a call of its method.
@Suite("The client's method of an operation")
struct OperationTests {
    static let vectors = (try? Vector.all()) ?? []

    @Test("is called, and reads what its vectors answer.", arguments: Operation.allCases)
    func calls(operation: RelayContract.Operation) throws {
        let vectors = Self.vectors.filter { $0.operation == "\(operation.name)" }
        var calls = 0
        for vector in vectors where vector.steps[0].request.key != .revoked {
            calls += try Replay(vector).run(counting: operation)
        }
        #expect(calls > 0, "no vector of \(operation.name) comes to a call of its method")
    }
}

/// A vector that is played to a relayd of its own, by the methods of the client where there are any.
private struct Replay {
    private let vector: Vector
    private let directory = TemporaryDirectory()
    private let relayd: Relayd
    private let keys: [Vector.Key: String]
    private let clients: [Vector.Key: RelayClient]
    private let parser = JSONParser(depth: JSON.Limits.bodyDepth)

    init(_ vector: Vector) throws {
        self.vector = vector
        relayd = try Relayd(store: ":memory:", in: directory)
        keys = [
            .default: try relayd.makeKey(account: 1), .other: try relayd.makeKey(account: 2),
            .limited: try relayd.makeKey(account: 1, limits: ",\"rate\":\"1/h\""),
            // A client has always some key: one that opens nothing will do.
            .none: "none",
        ]
        let relayd = relayd
        clients = try keys.mapValues { RelayClient(connection: try relayd.connect(), key: $0) }
    }

    /// Plays the vector.
    ///
    /// - Returns: how many calls of the operation's method succeeded.
    func run(counting operation: RelayContract.Operation) throws -> Int {
        var answers: [Vector.Answer] = []
        for request in vector.setup { answers.append(try send(request.resolved(after: answers))) }
        var calls = 0
        for (index, step) in vector.steps.enumerated() {
            let request = try step.request.resolved(after: answers)
            let (called, outcome) = call(request)
            guard let outcome else {
                let answer = try send(request)
                #expect(answer.status == step.expectation.status, "\(vector) (step \(index))")
                continue
            }
            let place = Testing.Comment(
                rawValue: "\(vector) (step \(index), \(called.map { "\($0.name)" } ?? ""))")
            switch outcome {
            case .answered(let status, let body):
                #expect(status == step.expectation.status, place)
                if let body { #expect(step.expectation.differences(fromBody: body) == [], place) }
                if called == operation { calls += 1 }
            case .refused(let status): #expect(status == step.expectation.status, place)
            case .failed(let error): Issue.record(error, place)
            }
        }
        return calls
    }

    /// Has the method called that the request is for; no outcome when there is none that can say it.
    private func call(
        _ request: Vector.Request
    ) -> (RelayContract.Operation?, ClientCall.Outcome?) {
        guard let client = clients[request.key], request.headers.allSatisfy(Self.isSaid) else {
            return (nil, nil)
        }
        var call = ClientCall(request)
        var calls = ClientCalls(client: client)
        let parts = request.path.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (path, query) = (Array(parts[0].utf8), Array((parts.dropFirst().first ?? "").utf8))
        // A method escapes what it is given: it cannot be wrong.
        let rest = query.split(separator: UInt8(ascii: "%")).dropFirst(query.first == 37 ? 0 : 1)
        if !rest.allSatisfy({ Int(String(decoding: $0.prefix(2), as: UTF8.self), radix: 16) != nil }
        ) {
            return (nil, nil)
        }
        let asksCondition = request.headers.contains {
            ["if-match", "if-none-match"].contains($0.name)
        }
        let method = RelayContract.Method.allCases.first { "\($0.name)" == request.method }
        // SAFETY: the arrays' own bytes, during this call.
        let operation = path.withUnsafeBytes { path -> RelayContract.Operation? in
            let match = Router.match(method: method ?? .other, path: path)
            guard case .operation(let operation) = match.outcome, !match.isHead else { return nil }
            if asksCondition, !Self.answersGET(path) { return nil }
            // SAFETY: likewise.
            query.withUnsafeBytes { query in
                (request.body ?? []).withUnsafeBytes { body in
                    // What the contract refuses no client can send.
                    try? calls.dispatch(
                        operation,
                        APIRequest(id0: match.id0, id1: match.id1, query: query, body: body),
                        parser, &call)
                }
            }
            return operation
        }
        return (operation, call.outcome)
    }

    /// Whether a path has something that a condition could be about.
    private static func answersGET(_ path: UnsafeRawBufferPointer) -> Bool {
        if case .operation = Router.match(method: .get, path: path).outcome { return true }
        return false
    }

    /// Whether the client's methods can say a field.
    private static func isSaid(_ field: (name: String, value: String)) -> Bool {
        switch field.name {
        case "content-type": field.value == "application/json"
        case "range": ByteRange(field.value) != nil
        case "if-match", "if-none-match", "if-range", "idempotency-key": true
        default: false
        }
    }

    /// Sends a request as the file has it.
    private func send(_ request: Vector.Request) throws -> Vector.Answer {
        var fields = request.headers.map { HeaderField($0.name, $0.value) }
        if request.key != .none, let key = keys[request.key] {
            fields.append(HeaderField("authorization", "Bearer \(key)"))
        }
        let response = try relayd.connect().perform(
            ClientRequest(request.method, request.path, fields: fields, body: request.body ?? []))
        return Vector.Answer(
            status: response.status, headers: response.fields.map { ($0.name, $0.value) },
            body: response.body)
    }
}
