import Glibc
import HTTP2

/// A client that writes frames by hand, to say what no library would.
final class RawConnection {
    struct Frame {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        /// Error code of a GOAWAY or RST_STREAM frame.
        var errorCode: UInt32 {
            let code = type == RawConnection.goAway ? payload[4..<8] : payload[0..<4]
            return code.reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    static let headers: UInt8 = 1
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8

    private let socket: Int32
    private var received: [UInt8] = []

    /// The client's end of a pair whose other end a loop without a thread adopts.
    init(connected socket: Int32) {
        self.socket = socket
        begin()
    }

    /// Connects.
    ///
    /// - Parameter acknowledges: with the acknowledgement of the server's SETTINGS, ahead of their coming.
    init(_ path: String, preface: Bool = true, acknowledges: Bool = true) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafeBytes(of: &address) {
            connect(
                socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard result == 0 else { throw TransportError.system("connect", errno: errno) }
        if preface { begin(acknowledges) }
    }

    private func begin(_ acknowledges: Bool = true) {
        write(Self.preface + Self.frame(Self.settings))
        if acknowledges { write(Self.frame(Self.settings, flags: 1)) }
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    deinit { close() }

    /// Closes the socket, read or not.
    func close() {
        if !isClosed { Glibc.close(socket) }
        isClosed = true
    }

    private var isClosed = false

    static func frame(
        _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)]
            + [type, flags]
            + [UInt8(stream >> 24), UInt8(stream >> 16 & 255), UInt8(stream >> 8 & 255)]
            + [UInt8(stream & 255)] + payload
    }

    /// A GET as one HEADERS frame, without Huffman coding or the dynamic table.
    static func get(_ path: String, stream: UInt32, ends: Bool = true) -> [UInt8] {
        let block = [0x82, 0x86, 0x04, UInt8(path.utf8.count)] + Array(path.utf8)
        return frame(headers, flags: ends ? 5 : 4, stream: stream, block)
    }

    /// A POST's fields; its body follows as DATA.
    static func post(
        _ path: String, stream: UInt32, field: (name: String, value: String)? = nil
    ) -> [UInt8] {
        var block = [0x83, 0x86, 0x04, UInt8(path.utf8.count)] + Array(path.utf8)
        if let field {
            block += [0, UInt8(field.name.utf8.count)] + Array(field.name.utf8)
            block += [UInt8(field.value.utf8.count)] + Array(field.value.utf8)
        }
        return frame(headers, flags: 4, stream: stream, block)
    }

    /// Writes bytes; false when the peer has closed.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Closes the client's side only.
    func endWriting() { shutdown(socket, Int32(SHUT_WR)) }

    /// The next frame; nil when the connection ends or nothing comes in time.
    func next(timeout: Int32 = 3_000) -> Frame? {
        while true {
            if received.count >= 9 {
                let length = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
                if received.count >= 9 + length {
                    let stream = received[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                    let frame = Frame(
                        type: received[3], flags: received[4], stream: stream & 0x7FFF_FFFF,
                        payload: Array(received[9..<9 + length]))
                    received.removeFirst(9 + length)
                    return frame
                }
            }
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, timeout) <= 0 { return nil }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { return nil }
            received += buffer[0..<count]
        }
    }

    /// The first frame of a type; nil when the connection ends before.
    func first(_ type: UInt8, timeout: Int32 = 3_000) -> Frame? {
        while let frame = next(timeout: timeout) {
            if frame.type == type { return frame }
        }
        return nil
    }

    /// All bytes that come until the peer closes.
    func rest(timeout: Int32 = 3_000) -> [UInt8] {
        var bytes = received
        received = []
        while true {
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, timeout) <= 0 { return bytes }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 { return bytes }
            bytes += buffer[0..<count]
        }
    }

    /// Whether the peer closes the connection within `timeout` milliseconds of silence.
    func isClosed(timeout: Int32) -> Bool {
        while true {
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, timeout) <= 0 { return false }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            if recv(socket, &buffer, buffer.count, 0) <= 0 { return true }
        }
    }
}
