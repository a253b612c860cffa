import CNats

/// A message that came in; freed with its owner.
struct EngineMessage: ~Copyable {
    private let pointer: OpaquePointer

    /// Takes a message over.
    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { relay_nats_free(pointer) }

    // SAFETY (all pointers of this file): libnats keeps subject, reply, bytes and headers until the message
    // is freed, which its owner does behind these calls; what is returned is a copy.

    /// The subject that it was sent to.
    var subject: String { String(cString: relay_nats_subject(pointer)) }

    /// What it carries.
    var bytes: [UInt8] {
        let count = relay_nats_count(pointer)
        guard count > 0, let start = relay_nats_bytes(pointer) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A header's value.
    func header(_ name: StaticString) -> String? {
        name.withUTF8Buffer { name in
            // SAFETY: a static string ends with a zero and never goes away.
            relay_nats_header(
                pointer, UnsafeRawPointer(name.baseAddress!).assumingMemoryBound(to: CChar.self)
            ).map { String(cString: $0) }
        }
    }

    /// The number that the engine says a thing by instead of sending a message: `404`; nil for a message.
    var status: Int? { relay_nats_count(pointer) > 0 ? nil : header("Status").flatMap { Int($0) } }

    /// Where in its stream it stands; nil for one that no reader was sent.
    var place: MessagePlace? {
        guard let reply = relay_nats_reply(pointer) else { return nil }
        return MessagePlace(reply: reply)
    }

    /// What follows the last dot of its subject, as a number.
    var token: UInt64? {
        guard let subject = relay_nats_subject(pointer) else { return nil }
        var token: UInt64?
        var next = subject
        while next.pointee != 0 {
            let byte = UInt8(bitPattern: next.pointee)
            next += 1
            if byte == UInt8(ascii: ".") {
                token = 0
            } else if let value = token {
                let digit = byte &- UInt8(ascii: "0")
                token = digit <= 9 ? value &* 10 &+ UInt64(digit) : nil
            }
        }
        return token
    }
}

/// Where in its stream a message stands, as the subject for its acknowledgement says:
/// `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`. Where accounts
/// are linked, domain and account come before the stream, and perhaps something random at the end.
struct MessagePlace: Equatable {
    /// Its number in the stream.
    let sequence: UInt64
    /// When the engine took it, in milliseconds since 1970.
    let time: Int64

    /// Reads the subject, which ends with a zero.
    init?(reply: UnsafePointer<CChar>) {
        // SAFETY: the caller lends the text for the call.
        var numbers: InlineArray<12, UInt64?> = .init(repeating: nil)
        var count = 0
        var number: UInt64? = 0
        var next = reply
        while true {
            let byte = UInt8(bitPattern: next.pointee)
            next += 1
            if byte == UInt8(ascii: ".") || byte == 0 {
                guard count < 12 else { return nil }
                numbers[count] = number
                count += 1
                number = 0
                if byte == 0 { break }
            } else if let value = number {
                let digit = byte &- UInt8(ascii: "0")
                number = digit <= 9 ? value &* 10 &+ UInt64(digit) : nil
            }
        }
        guard count == 9 || count >= 11 else { return nil }
        let first = count == 9 ? 5 : 7
        guard let sequence = numbers[first], sequence > 0, let nanoseconds = numbers[first + 2]
        else { return nil }
        self.sequence = sequence
        time = Int64(nanoseconds / 1_000_000)
    }
}
