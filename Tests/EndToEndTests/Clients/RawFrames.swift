import Glibc
import HTTP2

/// HTTP/2 frames written by hand, for clients that say what no library would.
enum RawFrames {
    static func text(_ text: String) -> [UInt8] {
        precondition(text.utf8.count < 127, "one byte tells the length")
        return [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func frame(
        _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8]
    ) -> [UInt8] {
        word(payload.count).dropFirst() + [type, flags] + word(Int(stream)) + payload
    }

    static func write(to socket: Int32, _ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            // SAFETY: the array outlives the call.
            let count = bytes.withUnsafeBytes {
                send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TransportError.connectionClosed("by the server") }
            sent += count
        }
    }
}
