import CNghttp2
import Glibc

/// From received bytes to frames (RFC 9113 §4).
extension Connection {
    /// Takes received bytes, whatever part of a frame they begin and end in.
    func feed(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        var position = 0
        if self.input.prefaceSeen < FrameInput.preface.utf8CodeUnitCount {
            position = takePreface(bytes, count)
        }
        while position < count, self.standing == .open {
            let next = bytes + position
            let left = count - position
            if self.input.data.isArriving {
                position += takeData(next, left)
            } else if self.input.skipped > 0 {
                let skipped = Swift.min(self.input.skipped, left)
                self.input.skipped -= skipped
                position += skipped
            } else if self.input.partialLength > 0 {
                position += completePartial(next, left)
            } else if left < FrameHead.bytes {
                self.input.keep(next, left)
                return
            } else {
                position += takeFrame(next, left)
            }
        }
    }

    /// - Returns: how many of the bytes belong to the preface.
    private func takePreface(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let preface = FrameInput.preface
        for index in 0..<count {
            let place = self.input.prefaceSeen
            if place == preface.utf8CodeUnitCount { return index }
            guard bytes[index] == preface.utf8Start[place] else {
                // Behind its method there is nothing that another protocol would say.
                let foreign =
                    place < FrameInput.methodBytes
                    ? ForeignProtocol(bytes[index], at: place) : nil
                giveUp(foreign.map(Farewell.init) ?? .noPreface)
                return count
            }
            self.input.prefaceSeen += 1
        }
        return count
    }

    /// Takes a frame, or what has come of it.
    ///
    /// - Parameter available: bytes that have come, the header's among them: nine at least.
    /// - Returns: how many of them were taken.
    @inline(__always)
    private func takeFrame(_ start: UnsafePointer<UInt8>, _ available: Int) -> Int {
        let head = FrameHead(start)
        if !mayCome(head) { return available }
        if head.type == FrameType.data {
            beginData(head)
            return FrameHead.bytes
        }
        if !head.isOfUse {
            spendControlFrame()
            self.input.skipped = head.length
            return FrameHead.bytes
        }
        if available - FrameHead.bytes < head.length {
            self.input.keep(start, available)
            return available
        }
        take(head, start + FrameHead.bytes)
        return FrameHead.bytes + head.length
    }

    /// Adds to a frame that has come in part, and takes it when it is whole.
    ///
    /// - Returns: how many of the bytes belong to it.
    private func completePartial(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var taken = 0
        if self.input.partialLength < FrameHead.bytes {
            taken = Swift.min(FrameHead.bytes - self.input.partialLength, count)
            self.input.keep(bytes, taken)
            if self.input.partialLength < FrameHead.bytes { return taken }
        }
        let head = FrameHead(self.input.partialFrame)
        // Before any more of it is kept.
        if !mayCome(head) { return count }
        if head.isOfUse {
            let missing = FrameHead.bytes + head.length - self.input.partialLength
            let more = Swift.min(missing, count - taken)
            self.input.keep(bytes + taken, more)
            taken += more
            if more < missing { return taken }
        }
        let frame = self.input.partialFrame
        _ = takeFrame(frame, self.input.takePartial())
        self.input.free()
        return taken
    }

    /// Whether a frame may come here and is not too long; the connection is given up if not.
    @inline(__always)
    private func mayCome(_ head: FrameHead) -> Bool {
        let isUsual =
            head.length <= Limits.frameBytes && self.input.section.stream == 0
            && self.input.hasSettings
        return isUsual || mayComeUnusually(head)
    }

    @inline(never)
    private func mayComeUnusually(_ head: FrameHead) -> Bool {
        if !self.input.hasSettings {
            if head.type != FrameType.settings || head.has(FrameFlag.acknowledgement) {
                return fail(
                    NGHTTP2_PROTOCOL_ERROR,
                    "the preface is followed by SETTINGS (RFC 9113 section 3.4)")
            }
            self.input.hasSettings = true
        }
        if head.length > Limits.frameBytes {
            return fail(
                NGHTTP2_FRAME_SIZE_ERROR,
                "a frame has at most \(Limits.frameBytes) bytes (RFC 9113 section 4.2)")
        }
        let section = self.input.section.stream
        if section != 0, head.type != FrameType.continuation || head.stream != section {
            return fail(
                NGHTTP2_PROTOCOL_ERROR,
                "CONTINUATION is missing: a field section has not ended (RFC 9113 section 6.10)")
        }
        return true
    }

    /// Takes a whole frame that is not DATA.
    @inline(__always)
    private func take(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        switch head.type {
        case FrameType.headers:
            headersReceived(head, payload)
            if self.input.section.purpose == .nothing { spendStrayFrame() }
        case FrameType.windowUpdate: windowUpdateReceived(head, payload)
        default: takeRare(head, payload)
        }
    }

    @inline(never)
    private func takeRare(_ head: FrameHead, _ payload: UnsafePointer<UInt8>) {
        switch head.type {
        case FrameType.continuation:
            continuationReceived(head, payload)
            if self.input.section.purpose == .nothing { spendStrayFrame() }
        case FrameType.resetStream: resetReceived(head)
        case FrameType.settings: settingsReceived(head, payload)
        case FrameType.ping: pingReceived(head, payload)
        case FrameType.goAway: goAwayReceived(head, payload)
        case FrameType.priority: priorityReceived(head, payload)
        case FrameType.priorityUpdate: priorityUpdateReceived(head, payload)
        default: fail(NGHTTP2_PROTOCOL_ERROR, "a client pushes nothing (RFC 9113 section 8.4)")
        }
    }

    /// Gives the connection up for a breach of the protocol.
    ///
    /// - Returns: false, for use in a `return`.
    @discardableResult
    func fail(_ code: nghttp2_error_code, _ text: String) -> Bool {
        giveUp(Farewell(.protocolError, code, text))
        return false
    }

    /// Whether no frame but PRIORITY and PRIORITY_UPDATE may be on a stream yet (RFC 9113 §5.1, idle):
    /// its client has opened none as high, or it would be one of ours.
    @inline(__always)
    func isIdle(_ id: Int32) -> Bool { id & 1 == 0 || id > self.skippedIDs.highest }
}

extension FrameHead {
    /// Whether a frame of this type means anything here; others are ignored (RFC 9113 §5.5).
    @inline(__always)
    fileprivate var isOfUse: Bool {
        type <= FrameType.continuation && type != FrameType.data || type == FrameType.priorityUpdate
    }
}
