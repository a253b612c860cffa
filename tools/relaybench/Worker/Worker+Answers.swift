import HTTP2

/// What a worker is told by its loop.
extension Worker {
    func fieldReceived(
        _ slot: Int, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        let flight = flights + slot
        if name.count == 13, flight.pointee.total >= 0, name.elementsEqual("x-total-count".utf8) {
            flight.pointee.seenTotal = DecimalText.read(value).map { Int($0) } ?? -1
        } else if flight.pointee.isWalk, name.count == 4, let nextPaths,
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
        flights[slot].nextLength = end - 1
        flights[slot].hasNext = true
    }

    func dataReceived(_ slot: Int, _ bytes: UnsafeRawBufferPointer) {
        let flight = flights + slot
        if bytes.isEmpty { return }
        let runner = runners[flight.pointee.scenario]
        if !flight.pointee.hasBegun {
            flight.pointee.hasBegun = true
            if !runner.expectation.accepts(loop.status(slot)) {
                if runner.failedBody.isEmpty, flight.pointee.isCounted {
                    runner.failedBody = Array(bytes.prefix(Limits.shownBytes))
                }
            } else if !flight.pointee.begins(bytes, with: runner.expectation.head) {
                flight.pointee.fault = .body
            }
        }
        flight.pointee.lastByte = bytes[bytes.count - 1]
        if flight.pointee.readsWhole { flight.pointee.scanner.read(bytes) }
    }

    func ended(_ slot: Int, _ outcome: ResponseOutcome) {
        let flight = flights + slot
        if flight.pointee.phase == .underway {
            if outcome.failure == .refused, flight.pointee.tries < Limits.retries {
                // Not processed, so it is sent again; the time since it was due runs on.
                flight.pointee.tries += 1
                flight.pointee.expectAnswer()
                refused += 1
                retries.append(slot)
                return
            }
            let runner = runners[flight.pointee.scenario]
            count(slot, runner, fault(flight, runner, outcome), outcome)
            underway -= 1
        }
        release(slot, loop.now)
    }

    func release(_ slot: Int, _ now: Int64) {
        flights[slot].phase = .free
        free.put(slot, now, pause: load.think)
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
