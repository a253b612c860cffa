import CivilTime
import JSON
import RelayStore
import System

/// Asks the engine, one question at a time, and waits for the answer.
struct Questions {
    private let publisher: Publisher
    private let name: String
    /// What the subjects of its answers begin with: answers to somebody else's are not for it.
    private let prefix: String
    private let parser = JSONParser()
    private var inbox: EngineInbox?
    private var number: UInt64 = 0

    /// - Parameter token: tells it from others over the same connection.
    init(_ publisher: Publisher, log name: String, token: String) {
        (self.publisher, self.name) = (publisher, name)
        prefix = "\(publisher.inbox).\(token)"
    }

    /// What the engine says of the log's stream now.
    mutating func describe() throws(SharedLogError) -> StreamDescription {
        try description(try ask("$JS.API.STREAM.INFO.\(name)"))
    }

    /// Asks whether the server that this host is connected to takes the longest messages.
    func checkPayload() throws(SharedLogError) {
        guard let most = try publisher.connection().mostBytes,
            let fault = PayloadFault(most: most, of: "the server")
        else { return }
        throw .unfit(why: "\(fault.found): \(fault.toDo)")
    }

    /// Everything that the engine says of the log's stream and that matters.
    mutating func inspect() throws(SharedLogError) -> StreamInspection {
        let name = name
        let answer = try ask("$JS.API.STREAM.INFO.\(name)")
        return try read(answer) { answer in
            Result { () throws(SharedLogError) in try StreamInspection(answer, name: name) }
        }.get()
    }

    /// Makes the log's stream; a stream that is there, and is the same, counts as made.
    mutating func makeStream(
        identity: LogIdentity, replicas: Int
    ) throws(SharedLogError) -> StreamDescription {
        let configuration = StreamConfiguration.stream(
            name, identity: identity, replicas: replicas)
        let answer = try ask(
            "$JS.API.STREAM.CREATE.\(name)", configuration, within: Limits.creationMilliseconds)
        do {
            return try description(answer)
        } catch .unreachable(let why) {
            throw .unfit(why: "the log \(name) cannot be made: \(why)")
        } catch {
            throw error
        }
    }

    /// Makes a reader that begins with a message.
    mutating func makeReader(_ reader: String, from sequence: UInt64) throws(SharedLogError) {
        let answer = try ask(
            "$JS.API.CONSUMER.CREATE.\(name).\(reader)",
            StreamConfiguration.reader(reader, of: name, from: sequence))
        let failure = try read(answer) { answer in
            answer["error"].map { StreamDescription.failure($0, of: name) }
        }
        if let failure { throw failure }
    }

    /// One message of the log, from any server that has it; nil when that has none of the number.
    mutating func entry(at sequence: UInt64) throws(SharedLogError) -> SharedLogEntry? {
        let answer = try ask("$JS.API.DIRECT.GET.\(name)", StreamConfiguration.message(sequence))
        switch answer.status {
        case 404: return nil
        case let status?: throw .unreachable(why: "the engine says \(status) to a direct get")
        case nil: break
        }
        guard let text = answer.header("Nats-Time-Stamp"), let time = Timestamp(rfc3339: text),
            answer.header("Nats-Sequence") == "\(sequence)"
        else { throw .unreachable(why: "the engine's answer to a direct get cannot be read") }
        return SharedLogEntry(
            sequence: sequence, time: time.milliseconds, message: answer.bytes)
    }

    private func description(
        _ answer: borrowing EngineMessage
    ) throws(SharedLogError) -> StreamDescription {
        let name = name
        return try read(answer) { answer in
            Result { () throws(SharedLogError) in try StreamDescription(answer, name: name) }
        }.get()
    }

    private func read<Value>(
        _ answer: borrowing EngineMessage, _ body: (JSONValue) -> Value
    ) throws(SharedLogError) -> Value {
        do {
            return try parser.parse(answer.bytes, body)
        } catch {
            throw .unreachable(why: "the engine's answer is no JSON: \(error)")
        }
    }

    /// Asks, and waits for the answer to this very question.
    private mutating func ask(
        _ subject: String, _ body: [UInt8] = [],
        within milliseconds: Int64 = Limits.questionMilliseconds
    ) throws(SharedLogError) -> EngineMessage {
        let connection = try publisher.connection()
        if inbox == nil || inbox?.connection !== connection {
            inbox = connection.inbox("\(prefix).*")
        }
        guard let inbox else { throw .unreachable(why: "no subscription for answers") }
        number += 1
        let losses = connection.losses
        let reply = "\(prefix).\(number)"
        guard connection.publish(body, to: subject, reply: reply) == .sent else {
            throw .unreachable(why: "\(subject) cannot be asked: \(connection.lastError)")
        }
        let end = SystemClock.monotonic.milliseconds + milliseconds
        while case let left = end - SystemClock.monotonic.milliseconds, left > 0 {
            switch inbox.next(milliseconds: min(left, Limits.lookMilliseconds)) {
            case .message(let answer):
                if answer.token == number { return answer }
            case .noResponders: throw .unreachable(why: "nobody answers to \(subject)")
            case .ended: throw .unreachable(why: "the connection has ended")
            case .nothing: break
            }
            guard connection.losses == losses else {
                throw .unreachable(why: "the connection was lost before \(subject) was answered")
            }
        }
        let words = connection.lastError
        throw .unreachable(
            why: "no answer to \(subject) within \(milliseconds) ms"
                + (words.isEmpty ? "" : ": \(words)"))
    }
}
