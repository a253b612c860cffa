import CNghttp2
import Glibc

/// One request and its response, in a slot of its loop's `StreamPool`.
///
/// A slot outlives its stream: memory is never returned to the system while the loop runs, so a
/// late completion may look at a slot and see by `generation` that its stream is gone.
///
/// The slot is followed in memory by two small buffers, one for kept request fields and one for
/// response field values, so that an ordinary request allocates nothing.
struct Stream: Handle {
    let pointer: UnsafeMutablePointer<StreamState>

    /// The slot's request bytes, behind the slot itself.
    var requestArena: UnsafeMutableRawPointer {
        // SAFETY: the pool allocates `StreamPool.slotBytes` for each slot, never freed.
        self.address + StreamPool.requestArenaOffset
    }

    /// The slot's bytes for response field values.
    var responseArena: UnsafeMutableRawPointer {
        // SAFETY: as above.
        self.address + StreamPool.responseArenaOffset
    }

    /// Keeps a request field's value; what cannot be kept is noted as a refusal.
    @inline(__always)
    func keep(_ field: RequestField, _ value: UnsafePointer<UInt8>, _ length: Int) {
        if self.present & field.bit != 0 { return keepAgain(field, value, length) }
        let end = self.requestUsed + length
        if end > Limits.requestFieldBytes, !growOverflow(to: end) { return }
        // SAFETY: the decoder keeps `value` while the field is looked at; the room was made above.
        memcpy(keptBase + self.requestUsed, value, length)
        self.kept[field.rawValue] = FieldSlice(
            offset: UInt32(truncatingIfNeeded: self.requestUsed),
            length: UInt32(truncatingIfNeeded: length))
        self.present |= field.bit
        self.requestUsed = end
    }

    /// A further line of a field: lists are combined in order (RFC 9110 §5.3).
    private func keepAgain(_ field: RequestField, _ value: UnsafePointer<UInt8>, _ length: Int) {
        guard field.isList else {
            self.refusal = self.refusal ?? .fieldRepeated(field)
            return
        }
        let first = self.kept[field.rawValue]
        // What was kept last goes on where it is; anything else moves behind it first.
        let isLast = Int(first.offset + first.length) == self.requestUsed
        let start = isLast ? Int(first.offset) : self.requestUsed
        let total = Int(first.length) + 2 + length
        if start + total > Limits.requestFieldBytes, !growOverflow(to: start + total) { return }
        // SAFETY: the decoder keeps `value` while the field is looked at; the room was made above.
        let space = keptBase + start
        if !isLast { memcpy(space, keptBase + Int(first.offset), Int(first.length)) }
        (space + Int(first.length)).copyMemory(from: ", ", byteCount: 2)
        memcpy(space + Int(first.length) + 2, value, length)
        self.kept[field.rawValue] = FieldSlice(offset: UInt32(start), length: UInt32(total))
        self.requestUsed = start + total
    }

    /// Where kept values lie: in the slot, or all of them in the overflow once it exists.
    @inline(__always)
    private var keptBase: UnsafeMutableRawPointer { self.overflow ?? requestArena }

    private func growOverflow(to length: Int) -> Bool {
        if length > Limits.maxFieldSectionBytes {
            self.refusal = .fieldsTooLarge
            return false
        }
        if self.overflow != nil { return true }
        // SAFETY: freed by StreamPool.release when the stream ends.
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: Limits.maxFieldSectionBytes, alignment: 8)
        bytes.copyMemory(from: requestArena, byteCount: self.requestUsed)
        self.overflow = bytes
        return true
    }

    /// A kept field's value, or nil when the request has no such field.
    @inline(__always)
    func field(_ field: RequestField) -> UnsafeRawBufferPointer? {
        if self.present & field.bit == 0 { return nil }
        let slice = self.kept[field.rawValue]
        // SAFETY: the slot's request bytes stay as they are until the slot is released.
        return UnsafeRawBufferPointer(
            start: keptBase + Int(slice.offset), count: Int(slice.length))
    }

    /// Leaves so many bytes of the request's target.
    func shortenPath(to length: Int) {
        precondition(length <= self.kept[RequestField.path.rawValue].length, "no longer target")
        self.kept[RequestField.path.rawValue].length = UInt32(length)
    }

    /// Appends to the request's body; false when it grows past what was admitted.
    func appendBody(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let end = self.requestBodyLength + length
        if end > self.maxRequestBody { return false }
        if end > self.requestBodyCapacity {
            let capacity = Swift.max(end, self.requestBodyCapacity * 2, 4096)
            self.requestBody = realloc(self.requestBody, capacity)
            self.requestBodyCapacity = capacity
        }
        // SAFETY: `bytes` are in the receive buffer; capacity was made above.
        memcpy(self.requestBody! + self.requestBodyLength, bytes, length)
        self.requestBodyLength = end
        return true
    }

    /// Frees what was received of the body.
    func dropBody() {
        // SAFETY: the slot's own; nobody is handed the body of a request that is not complete.
        free(self.requestBody)
        self.requestBody = nil
        self.requestBodyLength = 0
        self.requestBodyCapacity = 0
    }
}
