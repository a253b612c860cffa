import CNats
import Glibc
import RelayStore

/// A connection to the engine, which libnats makes anew as often as it is lost. Only a server that refuses
/// it ends it.
final class EngineConnection: @unchecked Sendable {
    // SAFETY: set in init, freed in deinit; what is behind it libnats locks for itself.
    private let pointer: OpaquePointer

    /// Begins to connect, for a few seconds at most; goes on by itself.
    init(
        _ url: JetStreamURL, name: String, credentials: LogCredentials?, events: EngineEvents
    ) throws(SharedLogError) {
        let scheme = url.isSecure ? "tls" : "nats"
        let servers = url.servers.map { UnsafePointer<CChar>(strdup("\(scheme)://\($0)")) }
        let texts = [name, credentials?.path, events.subject].map { $0.flatMap { strdup($0) } }
        // SAFETY: libnats copies what it is handed; all is freed behind the call. The events are
        // retained until on_end, behind which libnats calls nothing of theirs.
        let context = Unmanaged.passRetained(events)
        var why = [CChar](repeating: 0, count: Limits.textBytes)
        let made = servers.withUnsafeBufferPointer { servers in
            var settings = relay_nats_settings()
            settings.servers = servers.baseAddress
            settings.server_count = Int32(servers.count)
            settings.name = UnsafePointer(texts[0])
            settings.credentials = UnsafePointer(texts[1])
            settings.subject = UnsafePointer(texts[2])
            settings.tls = url.isSecure
            settings.connect_timeout = Limits.connectMilliseconds
            settings.reconnect_wait = Limits.reconnectMilliseconds
            settings.write_deadline = Limits.writeMilliseconds
            settings.ping_interval = Limits.pingMilliseconds
            settings.context = context.toOpaque()
            settings.on_message = { context, message in
                EngineEvents.of(context).arrived(EngineMessage(message!))
            }
            settings.on_change = { EngineEvents.of($0).changed() }
            settings.on_end = { Unmanaged<EngineEvents>.fromOpaque($0!).release() }
            return relay_nats_connect(&settings, &why, why.count)
        }
        for text in servers { free(UnsafeMutablePointer(mutating: text)) }
        for text in texts { free(text) }
        guard let made else {
            throw .unfit(why: "no connection to \(url): \(Self.text(why))")
        }
        pointer = made
    }

    deinit { relay_nats_destroy(pointer) }

    /// Loads libnats, and asks whether it will do for an address.
    static func load(for url: JetStreamURL) throws(SharedLogError) {
        if let why = relay_nats_load() { throw .unfit(why: String(cString: why)) }
        let version = relay_nats_library_version()
        guard url.isSecure, version < Limits.leastLibraryWithTLS else { return }
        throw .unfit(
            why: "tls:// needs libnats 3.11 or newer, and this is \(version >> 16)."
                + "\(version >> 8 & 0xFF).\(version & 0xFF), which reads and writes in two threads "
                + "without a lock: speak nats:// to a server of NATS on this host, and have that "
                + "speak TLS to the others")
    }

    /// Whether it is connected now.
    var isConnected: Bool { relay_nats_is_connected(pointer) }

    /// Whether it has ended for good: another one has to be made.
    var isClosed: Bool { relay_nats_is_closed(pointer) }

    /// How often it was lost so far.
    var losses: UInt64 { relay_nats_losses(pointer) }

    /// What libnats says of its last fault. May wait while it connects.
    var lastError: String {
        var text = [CChar](repeating: 0, count: Limits.textBytes)
        relay_nats_last_error(pointer, &text, text.count)
        return Self.text(text)
    }

    /// Bytes of a message that its server takes; nil when that is not known. May wait while it connects.
    var mostBytes: Int? {
        let most = relay_nats_max_payload(pointer)
        return most > 0 ? Int(most) : nil
    }

    /// What became of sending.
    enum Sending {
        case sent
        /// Not a byte of it.
        case refused
        /// A part may have been.
        case unknown
    }

    /// Sends a message; may wait for the socket, and while libnats connects.
    func publish(
        _ message: [UInt8], to subject: String, reply: String? = nil, id: String? = nil,
        stream: String? = nil
    ) -> Sending {
        // SAFETY: the array's bytes, during the call, which copies them.
        let code = message.withUnsafeBytes { bytes in
            relay_nats_publish(
                pointer, subject, reply, id == nil ? nil : "Nats-Msg-Id", id,
                stream == nil ? nil : "Nats-Expected-Stream", stream, bytes.baseAddress,
                bytes.count)
        }
        switch Int(code) {
        case RELAY_NATS_OK: return .sent
        case RELAY_NATS_NOT_SENT: return .refused
        default: return .unknown
        }
    }

    /// An inbox for a subject; nil when libnats has none to give.
    func inbox(_ subject: String) -> EngineInbox? {
        relay_nats_subscribe(pointer, subject).map { EngineInbox($0, of: self) }
    }

    /// Nobody takes out of an inbox any more.
    fileprivate func unsubscribe(_ inbox: OpaquePointer) { relay_nats_unsubscribe(pointer, inbox) }

    /// Ends it: whoever waits in it is woken.
    func close() { relay_nats_close(pointer) }

    private static func text(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A subscription that is asked for its messages.
final class EngineInbox: @unchecked Sendable {
    // SAFETY: set in init, given back in deinit; freed with the connection. libnats locks it for itself.
    private let pointer: OpaquePointer
    let connection: EngineConnection

    fileprivate init(_ pointer: OpaquePointer, of connection: EngineConnection) {
        (self.pointer, self.connection) = (pointer, connection)
    }

    deinit { connection.unsubscribe(pointer) }

    /// What came.
    enum Arrival: ~Copyable {
        case message(EngineMessage)
        /// Nothing within the time.
        case nothing
        /// Nobody listens to what was asked.
        case noResponders
        /// The connection has ended.
        case ended
    }

    /// Takes the next message out, or waits for one.
    func next(milliseconds: Int64) -> Arrival {
        var message: OpaquePointer?
        let code = relay_nats_next(pointer, milliseconds, &message)
        switch Int(code) {
        case RELAY_NATS_OK: return message.map { .message(EngineMessage($0)) } ?? .nothing
        case RELAY_NATS_TIMEOUT: return .nothing
        case RELAY_NATS_NO_RESPONDERS: return .noResponders
        default: return .ended
        }
    }
}

/// What a connection tells from libnats' threads.
final class EngineEvents: Sendable {
    /// The subject whose messages come here.
    let subject: String
    private let onMessage: @Sendable (borrowing EngineMessage) -> Void
    private let onChange: @Sendable () -> Void

    init(
        subject: String, onMessage: @escaping @Sendable (borrowing EngineMessage) -> Void,
        onChange: @escaping @Sendable () -> Void
    ) {
        self.subject = subject
        (self.onMessage, self.onChange) = (onMessage, onChange)
    }

    fileprivate func arrived(_ message: borrowing EngineMessage) { onMessage(message) }

    fileprivate func changed() { onChange() }

    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> EngineEvents {
        // SAFETY: retained by the connection until on_end.
        Unmanaged<EngineEvents>.fromOpaque(context!).takeUnretainedValue()
    }
}
