import CivilTime
import JSON

/// What a line of the log looks like.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `time=… level=info event=ready …`: values with anything in them but a word are quoted as in JSON.
    case logfmt
    /// An object of JSON with the same names.
    case json

    /// A whole line, its end included. Members are `time`, `level`, `event`, the event's fields and
    /// `msg`, in this order.
    ///
    /// - Parameter hasPriority: begin with `<N>`, which journald takes away and keeps as the priority.
    func line(_ event: LogEvent, at time: Timestamp, hasPriority: Bool) -> [UInt8] {
        var line: [UInt8] = hasPriority ? Array("<\(event.level.rawValue)>".utf8) : []
        switch self {
        case .json: line += Self.object(event, time)
        case .logfmt: Self.append(event, time, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func object(_ event: LogEvent, _ time: Timestamp) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.name("time")
        json.value(time)
        json.member("level", constant: event.level.name)
        json.member("event", constant: event.name)
        for field in event.fields {
            switch field.value {
            case .text(let text): json.member(field.name, text)
            case .number(let number): json.member(field.name, number)
            }
        }
        if let message = event.message { json.member("msg", message) }
        json.endObject()
        return json.bytes
    }

    private static func append(_ event: LogEvent, _ time: Timestamp, to line: inout [UInt8]) {
        line += Array("time=\(time) level=\(event.level.name) event=\(event.name)".utf8)
        for field in event.fields {
            line += Array(" \(field.name)=".utf8)
            switch field.value {
            case .text(let text): line += quoted(text)
            case .number(let number): line += Array("\(number)".utf8)
            }
        }
        if let message = event.message { line += Array(" msg=".utf8) + quoted(message) }
    }

    /// A value as it is where that is a word, else as a string of JSON.
    private static func quoted(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if !bytes.isEmpty, bytes.allSatisfy(isPlain) { return bytes }
        var json = JSONWriter()
        json.value(text)
        return json.bytes
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "="), UInt8(ascii: "\\"): false
        default: byte > 0x20 && byte < 0x7F
        }
    }
}
