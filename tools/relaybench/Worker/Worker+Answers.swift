import HTTP2

/// What a worker is told by its loop.
extension Worker {
    func fieldReceived(
        _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        let request = inFlight + slot
        if name.count == 13, request.pointee.total >= 0, name.elementsEqual("x-total-count".utf8) {
            request.pointee.seenTotal = DecimalText.read(value).map { Int($0) } ?? -1
        } else if request.pointee.isWalk, name.count == 4, let nextPaths,
            name.elementsEqual("link".utf8)
        {
            keepNext(slot, value, nextPaths + slot * pathBytes)
        }
    }

    /// Keeps the target of `Link: <…>; rel="next"`.
    private func keepNext(
        _ slot: Int, _ value: UnsafeRawBufferPointer, _ space: UnsafeMutablePointer<UInt8>
    ) {
        guard let end = value.firstIndex(of: UInt8(ascii: ">")), end > 1, end <= pathBytes,
            value[0] == UInt8(ascii: "<")
        else { return }
        for index in 1..<end { space[index - 1] = value[index] }
        inFlight[slot].nextLength = end - 1
        inFlight[slot].hasNext = true
    }

    func dataReceived(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        let request = inFlight + slot
        if bytes.isEmpty { return }
        let runner = runners[request.pointee.scenario]
        if !request.pointee.hasBegun {
            request.pointee.hasBegun = true
            if !runner.expectation.accepts(loop.status(slot)) {
                if runner.failedBody.isEmpty, request.pointee.isCounted {
                    runner.failedBody = Array(bytes.prefix(Limits.shownBytes))
                }
            } else if !request.pointee.begins(bytes, with: runner.expectation.head) {
                request.pointee.fault = .body
            }
        }
        request.pointee.lastByte = bytes[bytes.count - 1]
        if request.pointee.readsWhole { request.pointee.scanner.read(bytes) }
    }

    func ended(_ slot: Int, _ outcome: ResponseOutcome) {
        let request = inFlight + slot
        if request.pointee.phase == .underway {
            if outcome.failure == .refused, request.pointee.tries < Limits.retries {
                // Not processed, so it is sent again; the time since it was due runs on.
                request.pointee.tries += 1
                request.pointee.expectAnswer()
                refused += 1
                retries.append(slot)
                return
            }
            let runner = runners[request.pointee.scenario]
            count(slot, runner, fault(request, runner, outcome), outcome)
            underway -= 1
        }
        release(slot, loop.now)
    }

    func release(_ slot: Int, _ now: Int64) {
        inFlight[slot].phase = .free
        free.put(slot, now, pause: workload.think)
    }

    func unpark(_ connection: Int) {
        free.unpark(connection, loop?.now ?? 0)
    }

    /// Sends what was refused, on connections that take requests again.
    func sendAgain() {
        let slots = retries
        retries.removeAll(keepingCapacity: true)
        for slot in slots {
            if !loop.isUsable(slot) || !submit(slot) { retries.append(slot) }
        }
    }
}
