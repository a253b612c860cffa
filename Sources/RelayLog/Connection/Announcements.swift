import RelayStore

/// What hosts tell each other beside the log, by subjects that no stream keeps.
struct Announcements {
    private let publisher: Publisher
    private let prefix: String
    private let host: String
    private var inbox: EngineInbox?

    init(_ publisher: Publisher, log name: String, host: String) {
        (self.publisher, self.host) = (publisher, host)
        prefix = "relay.\(name).beat"
    }

    /// Sends, unless there is no connection. What is lost is told again before long.
    mutating func send(_ message: [UInt8]) {
        guard let connection = try? publisher.connection() else { return }
        _ = connection.publish(message, to: "\(prefix).\(host)")
    }

    /// What has come in.
    mutating func take() -> [[UInt8]] {
        guard let connection = try? publisher.connection() else { return [] }
        if inbox?.connection !== connection { inbox = connection.inbox("\(prefix).*") }
        guard let inbox else { return [] }
        var messages: [[UInt8]] = []
        while messages.count < Limits.announcements,
            case .message(let message) = inbox.next(milliseconds: 0)
        {
            messages.append(message.bytes)
        }
        return messages
    }
}
