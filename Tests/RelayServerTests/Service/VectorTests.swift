import HTTP2
import RelayContract
import RelayRecords
import RelayServer
import RelayStore
import TestSupport
import Testing

/// The same files run in this process and over a real socket: what differs is HTTP/2 alone.
@Suite("Vectors of proto-json")
struct VectorTests {
    static let vectors = (try? Vector.all()) ?? []

    @Test("Every file is run, and every operation has at least three.")
    func complete() throws {
        // `vectors` would be empty, and all its tests with it, if one file could not be read.
        #expect(try Vector.all().count == Self.vectors.count)
        let operations = TemporaryDirectory.names(in: Vector.directory).filter { $0.first != "." }
        let files = operations.flatMap { operation in
            TemporaryDirectory.names(in: "\(Vector.directory)/\(operation)")
                .filter { $0.hasSuffix(".json") }
                .map { "\(operation)/\($0)" }
        }
        #expect(Set(files) == Set(Self.vectors.map { "\($0.operation)/\($0.file).json" }))
        for operation in Operation.allCases {
            let own = Self.vectors.filter { $0.operation == "\(operation.name)" }
            #expect(own.count >= 3, "\(operation.name)")
        }
    }

    @Test("Each holds in-process.", arguments: vectors)
    func inProcess(vector: Vector) throws {
        let fixture = try ServiceFixture()
        try run(vector, fixture.store, fixture.keys) { fixture.perform($0) }
        #expect(try fixture.store.check().faults == [], "\(vector)")
        let reader = try fixture.store.makeReader()
        #expect(try RecordCheck(reader.view).findings == [], "\(vector)")
    }

    @Test("Each holds over a real socket.", arguments: vectors)
    func overSocket(vector: Vector) throws {
        let served = try ServedStore()
        try run(vector, served.store, served.keys) { try served.client.perform($0) }
    }

    private func run(
        _ vector: Vector, _ store: Store, _ keys: TestKeys,
        _ perform: (ClientRequest) throws -> ClientResponse
    ) throws {
        func answer(_ request: Vector.Request) throws -> Vector.Answer {
            let fields = request.headers.map { HeaderField($0.name, $0.value) }
            let response = try perform(
                ClientRequest(
                    request.method, request.path, fields: keys.field(request.key) + fields,
                    body: request.body ?? []))
            return Vector.Answer(
                status: response.status,
                headers: response.fields.map { (name: $0.name, value: $0.value) },
                body: response.body)
        }
        var answers: [Vector.Answer] = []
        for request in vector.setup {
            let given = try answer(request.resolved(after: answers))
            let text = String(decoding: given.body.prefix(500), as: UTF8.self)
            #expect(given.status / 100 == 2, "\(vector) (setup \(answers.count)): \(text)")
            answers.append(given)
        }
        for (index, step) in vector.steps.enumerated() {
            let before = try store.newestSequence()
            let given = try answer(step.request.resolved(after: answers))
            // Whoever has no key, or asks for no record at all, is told nothing of the store.
            let isTold = given["relay-seq"] != nil
            let isAnonymous =
                given.status == 401 || ["getOpenAPI", "getProblemType"].contains(vector.operation)
            let isOfStore = [200, 201, 204, 304, 409, 410, 412, 422].contains(given.status)
            #expect(!isAnonymous || !isTold, "\(vector) (step \(index))")
            let hasAllow = given["allow"] != nil
            #expect(
                isAnonymous || !isOfStore || hasAllow || isTold, "\(vector) (step \(index))")
            let differences = step.expectation.differences(from: given)
            #expect(differences == [], "\(vector) (step \(index))")
            if step.expectation.status >= 400 {
                #expect(try store.newestSequence() == before, "\(vector): a change was left")
            }
        }
    }
}
