import Glibc

/// A connection of `PlainServer`: one request, one answer, the end.
struct PlainConnection {
    let socket: Int32
    /// When it is closed whatever its client does, in milliseconds on the monotonic clock.
    let deadline: Int64
    private var received: [UInt8] = []
    private var answer: [UInt8] = []
    private var sent = 0

    init(_ socket: Int32, deadline: Int64) {
        self.socket = socket
        self.deadline = deadline
    }

    /// What it waits for: events of poll(2).
    var events: Int16 {
        Int16(answer.isEmpty || sent == answer.count ? POLLIN : POLLOUT)
    }

    /// Goes on with it.
    ///
    /// - Parameter respond: answers what has come; nil while that is no whole request.
    /// - Returns: false once it is over.
    mutating func goOn(_ respond: ([UInt8]) -> [UInt8]?) -> Bool {
        if answer.isEmpty {
            guard read() else { return false }
            guard let bytes = respond(received) else { return true }
            answer = bytes
        } else if sent == answer.count {
            // All was said: what the client still sends is dropped until it closes.
            received = []
            return read()
        }
        return write()
    }

    private mutating func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: Limits.plainHeadBytes)
        let count = recv(socket, &buffer, buffer.count, 0)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        received += buffer[..<count]
        return count > 0
    }

    private mutating func write() -> Bool {
        while sent < answer.count {
            // SAFETY: the bytes are copied during the call.
            let count = answer.withUnsafeBytes {
                send(socket, $0.baseAddress! + sent, answer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            sent += count
        }
        shutdown(socket, Int32(SHUT_WR))
        return true
    }
}
