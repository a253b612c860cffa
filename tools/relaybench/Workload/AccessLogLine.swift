import JSON

/// A line of relayd's log, in either format.
struct AccessLogLine {
    /// What can be sent again of it.
    enum Content: Equatable {
        case request(method: String, path: String)
        /// A request that cannot be sent again as it was, and why.
        case leftOut(Reason)
        /// It is about something else.
        case none
    }

    /// Why a request of a log is not sent again.
    enum Reason: CaseIterable {
        /// Its body is not in the log.
        case write
        /// A part of its path is not in the log, which may be about a person.
        case veiled
        /// It was answered with an error, or with nothing.
        case failed
        /// It waited for changes, as long as it took.
        case waiting

        /// So many of them.
        func text(_ count: Int) -> String {
            switch self {
            case .write: "\(count) writes, whose bodies are not in a log"
            case .veiled: "\(count) with values that a log leaves out"
            case .failed: "\(count) that were answered with an error"
            case .waiting: "\(count) that waited for changes"
            }
        }
    }

    let content: Content

    /// Nil for a line that is of no log of relayd's.
    init?(_ line: Substring) {
        // journald's priority, where it was not taken away.
        let text = line.first == "<" ? line.drop { $0 != ">" }.dropFirst() : line
        let fields: [String: String]?
        if text.first == "{" {
            fields = Self.object(text)
        } else if text.hasPrefix("time=") {
            fields = Self.logfmt(text)
        } else {
            return nil
        }
        guard let fields, let event = fields["event"] else { return nil }
        guard event == "access", let method = fields["method"], let path = fields["path"] else {
            content = .none
            return
        }
        content = Self.content(method, path, status: fields["status"].flatMap { Int($0) })
    }

    private static func content(_ method: String, _ path: String, status: Int?) -> Content {
        guard ["GET", "HEAD"].contains(method) else { return .leftOut(.write) }
        guard let status, (200..<400).contains(status) else { return .leftOut(.failed) }
        if path.contains("*") { return .leftOut(.veiled) }
        if path.contains("wait=") { return .leftOut(.waiting) }
        return .request(method: method, path: path)
    }

    private static func object(_ text: Substring) -> [String: String]? {
        try? JSONParser().parse(Array(text.utf8)) { root in
            var fields: [String: String] = [:]
            for member in root.members {
                let value = member.value
                fields[String(member.name)] =
                    value.string.map { String($0) } ?? value.integer.map { "\($0)" }
            }
            return fields
        }
    }

    /// `name=value` and `name="value"`, the latter a string of JSON.
    private static func logfmt(_ text: Substring) -> [String: String]? {
        var fields: [String: String] = [:]
        var rest = text
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && $0 != " " }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=", !name.isEmpty else { return nil }
            rest.removeFirst()
            let value = rest.first == "\"" ? quoted(rest) : rest.prefix { $0 != " " }
            guard let value, let read = value.first == "\"" ? unquoted(value) : String(value)
            else { return nil }
            fields[String(name)] = read
            rest = rest.dropFirst(value.count).drop { $0 == " " }
        }
        return fields
    }

    /// A string with both quotes at the beginning of a text.
    private static func quoted(_ text: Substring) -> Substring? {
        var isEscaped = false
        for index in text.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if text[index] == "\\" {
                isEscaped = true
            } else if text[index] == "\"" {
                return text[...index]
            }
        }
        return nil
    }

    private static func unquoted(_ text: Substring) -> String? {
        // Some value has to be in an array: a string alone is no document to everyone.
        try? JSONParser().parse(Array("[\(text)]".utf8)) { root -> String? in
            root.elements.map { $0.string.map { String($0) } }.first ?? nil
        }
    }
}
