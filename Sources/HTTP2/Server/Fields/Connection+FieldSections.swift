import CNghttp2

/// HEADERS and CONTINUATION (RFC 9113 §6.2 and §6.10): which stream they open or end, and what is in them.
extension Connection {
    @inline(__always)
    func headersReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        var start = 0
        var end = head.length
        var dependency: Int32 = -1
        if head.has(FrameFlag.padded | FrameFlag.priority) {
            guard let bounds = fieldBounds(head, payload) else { return }
            (start, end) = (bounds.start, bounds.end)
            if head.has(FrameFlag.priority) {
                dependency = FrameNumber.read31(payload + start - Self.priorityBytes)
            }
        }
        guard let purpose = admit(head.stream, dependency) else { return }
        self.input.section.begin(head.stream, purpose, ends: head.has(FrameFlag.endStream))
        decode(payload + start, end - start, isLast: head.has(FrameFlag.endHeaders))
    }

    func continuationReceived(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        if self.input.section.stream == 0 {
            fail(
                NGHTTP2_PROTOCOL_ERROR, "CONTINUATION of no field section (RFC 9113 section 6.10)")
            return
        }
        self.input.section.continuations += 1
        if self.input.section.continuations > Limits.continuations {
            return giveUp(.continuations)
        }
        decode(payload, head.length, isLast: head.has(FrameFlag.endHeaders))
    }

    /// Bytes of what HEADERS say of the stream's priority (RFC 7540 §6.2), which means nothing any more.
    private static var priorityBytes: Int { 5 }

    /// Where the part of a field section lies in a HEADERS frame that has more than that.
    @inline(never)
    private func fieldBounds(
        _ head: FrameHead, _ payload: UnsafePointer<UInt8>
    ) -> (start: Int, end: Int)? {
        var start = 0
        var end = head.length
        if head.has(FrameFlag.padded) {
            guard end > 0 else {
                failPadding("HEADERS")
                return nil
            }
            start = 1
            end -= Int(payload[0])
        }
        if head.has(FrameFlag.priority) { start += Self.priorityBytes }
        if start <= end { return (start, end) }
        if head.has(FrameFlag.padded) {
            failPadding("HEADERS")
        } else {
            failLength(head)
        }
        return nil
    }

    /// Decides what a field section on a stream is for.
    ///
    /// - Parameter dependency: the stream that it says to depend on.
    /// - Returns: nil when the connection was given up.
    @inline(__always)
    private func admit(_ id: Int32, _ dependency: Int32) -> ArrivingSection.Purpose? {
        if self.skippedIDs.isNext(id) {
            // The next request: what nearly all are.
            self.skippedIDs.advance()
        } else if id & 1 == 0 {
            fail(
                NGHTTP2_PROTOCOL_ERROR,
                "a client's stream has an odd number (RFC 9113 section 5.1.1)")
            return nil
        } else if id > self.skippedIDs.highest {
            self.skippedIDs.pass(id)
        } else {
            return admitTrailers(id)
        }
        if self.openStreams >= Int(Limits.maxConcurrentStreams) || self.isGoodbyeSaid
            || dependency == id
        {
            return turnAway(id, dependency)
        }
        openStream(id)
        return .request
    }

    /// A new stream that is not opened.
    @inline(never)
    private func turnAway(_ id: Int32, _ dependency: Int32) -> ArrivingSection.Purpose? {
        let isTooMany = self.openStreams >= Int(Limits.maxConcurrentStreams)
        if isTooMany, self.gotSettingsAck {
            fail(
                NGHTTP2_PROTOCOL_ERROR,
                "more than \(Limits.maxConcurrentStreams) streams are open (RFC 9113 section 5.1.2)"
            )
            return nil
        }
        // GOAWAY has told that they are not taken.
        if self.isGoodbyeSaid { return .nothing }
        if dependency == id {
            fail(
                NGHTTP2_PROTOCOL_ERROR,
                "HEADERS of a stream that depends on itself (RFC 7540 section 5.3.1)")
            return nil
        }
        sendReset(id, NGHTTP2_REFUSED_STREAM)
        return .nothing
    }

    /// HEADERS that are not the next request: trailers, of a stream that may be gone.
    @inline(never)
    private func admitTrailers(_ id: Int32) -> ArrivingSection.Purpose? {
        if let stream = stream(id) {
            if stream.phase == .reset { return .nothing }
            if !stream.isComplete { return .trailers }
        } else {
            if self.isLeaving { return .nothing }
            if self.skippedIDs.contains(id) {
                fail(
                    NGHTTP2_PROTOCOL_ERROR,
                    "HEADERS on a stream that was passed over (RFC 9113 section 5.1.1)")
                return nil
            }
            // Trailers that were on their way when we reset the stream are harmless.
            if self.resetStreams.mayContain(id) { return .nothing }
        }
        fail(
            NGHTTP2_STREAM_CLOSED,
            "HEADERS on a stream that its client has ended (RFC 9113 section 5.1)")
        return nil
    }

    /// Decodes a part of the field section that is arriving, and goes on when it was the last.
    @inline(__always)
    private func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool) {
        if !isLast || self.input.section.rest.count > 0 {
            return decodePart(bytes, count, isLast: isLast)
        }
        if decodeFields(bytes, count, isLast: true) != nil { sectionReceived() }
    }

    /// Decodes a part of a section that comes in several frames. The field that one breaks off in is kept.
    @inline(never)
    private func decodePart(_ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool) {
        self.input.section.rest.append(bytes, count)
        let rest = self.input.section.rest
        guard let read = decodeFields(rest.bytes, rest.count, isLast: isLast) else { return }
        if isLast {
            self.input.section.rest.free()
            sectionReceived()
        } else {
            self.input.section.rest.drop(read)
        }
    }

    /// Decodes fields.
    ///
    /// - Returns: bytes that were read; nil when the connection was given up.
    @inline(__always)
    private func decodeFields(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool
    ) -> Int? {
        do throws(FieldFault) {
            return try self.decoder.decode(
                bytes, count, isLast: isLast, self.loop.fieldWorkspace
            ) { name, nameLength, value, valueLength in
                switch self.input.section.purpose {
                case .request: header(name, nameLength, value, valueLength)
                case .trailers: trailer(name, nameLength, value, valueLength)
                case .nothing: break
                }
            }
        } catch {
            giveUp(error == .outOfMemory ? .outOfMemory : .undecodable)
            return nil
        }
    }

    @inline(__always)
    private func sectionReceived() {
        let section = self.input.section
        self.input.section.stream = 0
        switch section.purpose {
        case .request:
            guard let stream = self.receiving else { return }
            self.receiving = nil
            fieldsReceived(stream, section.ends)
        case .trailers:
            guard let stream = stream(section.stream) else { return }
            if section.ends { requestComplete(stream) } else { reset(stream) }
        case .nothing: break
        }
    }
}
