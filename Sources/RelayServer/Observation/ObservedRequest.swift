import CivilTime
import HTTP2
import JSON
import Logs
import RelayContract

/// What logs and `/admin/stat` tell of one request: nothing of its key, its body, or a person.
struct ObservedRequest: Sendable {
    /// When it was answered.
    let time = Timestamp.now
    /// Microseconds from the whole request to the sent answer.
    let microseconds: Int64
    let operation: String
    let method: String
    let target: String
    /// 0 when its client went before there was an answer.
    let status: Int
    let sentBytes: Int
    /// Id and account of its key.
    let key: (id: UInt64, account: UInt32)?
    let traceID: String?
    /// Of a write: microseconds until the writer took it, until it was durable, and until its answer was
    /// sent.
    let write: (queue: Int64, commit: Int64, send: Int64)?

    init(
        _ exchange: Exchange, _ microseconds: Int64, _ key: (id: UInt64, account: UInt32)?
    ) {
        self.microseconds = microseconds
        self.key = key
        operation = RequestKind.name(exchange.kind)
        method = exchange.method.name
        target = LoggedTarget.text(exchange)
        status = exchange.status
        sentBytes = exchange.sentBytes
        traceID = TraceParent.traceID(exchange.field(.traceparent))
        let (times, start) = (exchange.writeTimes, exchange.completeAt)
        write =
            times.doneAt == 0
            ? nil
            : (
                max(0, times.takenAt - start), times.doneAt - max(start, times.takenAt),
                max(0, start + microseconds - times.doneAt)
            )
    }

    /// As fields of a line. A request without an answer has no status.
    var fields: [LogEvent.Field] {
        var fields: [LogEvent.Field] = [
            ("method", .text(method)), ("path", .text(target)), ("operation", .text(operation)),
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
        json.member("method", method)
        json.member("path", target)
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
