import CNghttp2
import Glibc

/// What there is to know of a client loop's request and its answer: plain old data, reached through
/// `ClientStream`.
struct ClientStreamState {
    /// The slot's number in its loop.
    let slot: Int
    /// Path and body of the request: the loop's memory, alive as long as the loop.
    let path: UnsafeMutablePointer<UInt8>
    let body: UnsafeMutablePointer<UInt8>

    /// The stream's id; 0 while the slot is free.
    var id: Int32 = 0
    /// The body that is sent: the slot's own, or one that the caller keeps.
    var bodyStart: UnsafePointer<UInt8>
    var bodyLength = 0
    var bodySent = 0

    var status = 0
    var declaredBytes = -1
    var receivedBytes = 0

    init(slot: Int, path: UnsafeMutablePointer<UInt8>, body: UnsafeMutablePointer<UInt8>) {
        self.slot = slot
        self.path = path
        self.body = body
        // SAFETY: the loop's memory, alive as long as the loop.
        bodyStart = UnsafePointer(body)
    }
}

/// A slot for one request of a client loop and its answer: used again and again, without
/// allocation. nghttp2 carries the handle as the stream's user data.
struct ClientStream: Handle {
    let pointer: UnsafeMutablePointer<ClientStreamState>

    func begin(body: UnsafePointer<UInt8>?, bodyLength: Int) {
        // SAFETY: the caller keeps it as long as the loop, which keeps the slot's own.
        self.bodyStart = body ?? UnsafePointer(self.body)
        self.bodyLength = bodyLength
        self.bodySent = 0
        self.status = 0
        self.declaredBytes = -1
        self.receivedBytes = 0
    }

    func outcome(_ failure: ResponseOutcome.Failure?) -> ResponseOutcome {
        ResponseOutcome(
            status: self.status,
            declaredBytes: self.declaredBytes < 0 ? nil : self.declaredBytes,
            receivedBytes: self.receivedBytes, failure: failure)
    }
}
