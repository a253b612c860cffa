import CivilTime
import HTTP2
import JSON
import Logs
import RelayContract

/// What logs and `/admin/stat` tell of one request: nothing of its key, its body, or a person.
///
/// To note one allocates nothing, unless its target is long: texts are made when they are asked for.
struct ObservedRequest: Sendable {
    /// When it was answered.
    let time = Timestamp.now
    /// Microseconds from the whole request to the sent answer.
    let microseconds: Int64
    private let kind: Int
    private let method: HTTP2.Method
    private let target: NotedTarget
    /// 0 when its client went before there was an answer.
    let status: Int
    let sentBytes: Int
    /// Id and account of its key.
    let key: (id: UInt64, account: UInt32)?
    /// Of a write: microseconds until the writer took it, until it was durable, and until its answer was
    /// sent.
    let write: (queue: Int64, commit: Int64, send: Int64)?

    init(
        _ exchange: Exchange, _ microseconds: Int64, _ key: (id: UInt64, account: UInt32)?
    ) {
        self.microseconds = microseconds
        self.key = key
        kind = exchange.kind
        method = exchange.method
        target = NotedTarget(exchange.path)
        status = exchange.status
        sentBytes = exchange.sentBytes
        let (times, start) = (exchange.writeTimes, exchange.completeAt)
        write =
            times.doneAt == 0
            ? nil
            : (
                max(0, times.takenAt - start), times.doneAt - max(start, times.takenAt),
                max(0, start + microseconds - times.doneAt)
            )
    }

    private var operation: String { RequestKind.name(kind) }

    private var path: String {
        target.withBytes { LoggedTarget.text($0, kind: kind, status: status) }
    }

    /// As fields of a line. A request without an answer has no status.
    func fields(traceID: String?) -> [LogEvent.Field] {
        var fields: [LogEvent.Field] = [
            ("method", .text(method.name)), ("path", .text(path)),
            ("operation", .text(operation)),
        ]
        if status > 0 { fields.append(("status", .number(status))) }
        fields += [("took_us", .number(Int(microseconds))), ("bytes", .number(sentBytes))]
        if let key {
            fields += [("key", .number(Int(key.id))), ("account", .number(Int(key.account)))]
        }
        if let traceID { fields.append(("traceId", .text(traceID))) }
        return fields
    }

    /// What a write spent its time on, as fields of a line.
    var phases: [LogEvent.Field] {
        guard let write else { return [] }
        return [
            ("queue_us", .number(Int(write.queue))), ("commit_us", .number(Int(write.commit))),
            ("send_us", .number(Int(write.send))),
        ]
    }

    /// Writes it as an object: `time`, `operation`, `method`, `path`, `status` (0: none), `microseconds`,
    /// of a write `queueMicroseconds`, `commitMicroseconds` and `sendMicroseconds`, and `key`.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time)
        json.member("operation", operation)
        json.member("method", method.name)
        json.member("path", path)
        json.member("status", status)
        json.member("microseconds", Int(microseconds))
        if let write {
            json.member("queueMicroseconds", Int(write.queue))
            json.member("commitMicroseconds", Int(write.commit))
            json.member("sendMicroseconds", Int(write.send))
        }
        if let key { json.member("key", key.id) }
        json.endObject()
    }
}

/// A request's target as it was sent, without memory of its own unless it is long.
private struct NotedTarget: Sendable {
    private var short = Limits.RememberedTarget(repeating: 0)
    private let count: Int
    private let long: [UInt8]?

    init(_ target: UnsafeRawBufferPointer) {
        count = target.count
        long = count > Limits.rememberedTargetBytes ? Array(target) : nil
        if long != nil { return }
        // SAFETY: there is room for `rememberedTargetBytes`.
        withUnsafeMutableBytes(of: &short) { $0.copyMemory(from: target) }
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // SAFETY: the closure's caller is done with the bytes when it returns.
        if let long { return long.withUnsafeBytes(body) }
        return withUnsafeBytes(of: short) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}
