import HTTP2
import JSON
import RelayContract
import TestSupport

@testable import RelayClient

/// A vector's request on its way to the client, and what the client made of the answer.
struct ClientCall {
    /// What came of a call.
    enum Outcome {
        /// Success: the status, and the body as the client read it; nil when it is no JSON.
        case answered(status: Int, body: [UInt8]?)
        /// The service refused.
        case refused(status: Int)
        /// No answer, or one that the client does not understand.
        case failed(RelayClientError)
    }

    /// What the vector sends.
    let request: Vector.Request
    /// nil as long as no method was called: the contract refuses the request, or no method can say it.
    private(set) var outcome: Outcome?

    init(_ request: Vector.Request) { self.request = request }

    /// The value of a field of the request.
    subscript(name: String) -> String? { request.headers.first { $0.name == name }?.value }

    /// A body that is streamed, if it is JSON that its schema lets pass.
    func body<Model: ContractModel>(as type: Model.Type) -> Model? {
        guard self["content-type"] == "application/json" else { return nil }
        var faults = Faults()
        let model = try? JSONParser(depth: JSON.Limits.bodyDepth).parse(request.body ?? []) {
            Model(decoding: $0, into: &faults)
        }
        return faults.isEmpty ? model ?? nil : nil
    }

    /// Calls the client and notes what came of it.
    mutating func note<Answer: ClientAnswer>(
        _ call: (ClientCall) throws(RelayClientError) -> Answer
    ) {
        do throws(RelayClientError) {
            let answer = try call(self)
            outcome = .answered(status: answer.status, body: answer.body)
        } catch {
            fail(error)
        }
    }

    /// Calls a method that returns nothing, and notes what came of it.
    mutating func note(_ call: (ClientCall) throws(RelayClientError) -> Void) {
        do throws(RelayClientError) {
            try call(self)
            outcome = .answered(status: 204, body: [])
        } catch {
            fail(error)
        }
    }

    private mutating func fail(_ error: RelayClientError) {
        if case .refused(let status, _) = error {
            outcome = .refused(status: status)
        } else {
            outcome = .failed(error)
        }
    }
}

/// What the methods of the client return.
protocol ClientAnswer {
    var status: Int { get }
    /// What was read, written again; nil when the answer was no JSON.
    var body: [UInt8]? { get }
}

extension RelayAnswer: ClientAnswer {
    var body: [UInt8]? {
        switch value {
        case let model as any ContractModel: model.json
        case let id as UInt64: Array("\(id)".utf8)
        case let bytes as [UInt8]: bytes
        default: nil
        }
    }
}

extension RelayPage: ClientAnswer {
    var status: Int { 200 }
    var body: [UInt8]? {
        let list = records.map { String(decoding: $0.json, as: UTF8.self) }
        let text = "\(envelope.opening)\(list.joined(separator: ","))\(envelope.closing)"
        return Array(text.utf8)
    }
}

extension RelayFile: ClientAnswer {
    var status: Int { range.count == byteCount ? 200 : 206 }
    var body: [UInt8]? { nil }
}

extension DryRunAnswer: ClientAnswer {
    var body: [UInt8]? { json }
}

extension Optional: ClientAnswer where Wrapped: ClientAnswer {
    var status: Int { self?.status ?? 304 }
    var body: [UInt8]? {
        if let answer = self { answer.body } else { [] }
    }
}

extension ByteRange {
    /// The range that a Range field asks for; nil when there is none that `ByteRange` can say.
    init?(_ field: String?) {
        guard let match = field?.wholeMatch(of: /bytes=([0-9]*)-([0-9]*)/) else { return nil }
        switch (Int(match.1), Int(match.2)) {
        case (let first?, let last?) where first <= last: self = .bytes(first..<last + 1)
        case (let first?, nil): self = .from(first)
        case (nil, let count?): self = .last(count)
        default: return nil
        }
    }
}
