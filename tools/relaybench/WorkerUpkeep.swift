import Glibc
import HTTP2
import Synchronization

/// What a worker does now and then, and at the end.
extension Worker {
    func publish(_ index: Int) {
        if second.count > 0 { board.publish(secondIndex, second, errors: secondErrors) }
        second.reset()
        secondErrors = 0
        secondIndex = index
    }

    func tick(_ now: Int64) {
        for slot in 0..<loop.slotCount
        where flights[slot].phase == .underway && now - flights[slot].sent > load.timeout {
            expire(slot, .timeout, now)
            _ = loop.cancel(slot)
        }
        if loop.reconnect() > 0 {
            ticksWithoutServer = 0
            if freeCount == 0, !parked.isEmpty { slotFreeSince = now }
            for slot in parked {
                free[freeCount] = slot
                freeCount += 1
            }
            parked.removeAll(keepingCapacity: true)
        } else {
            ticksWithoutServer += 1
            if Int64(ticksWithoutServer) * Limits.tick > 2_000_000_000 {
                board.isServerGone.store(true, ordering: .relaxed)
            }
        }
    }

    private func expire(_ slot: Int, _ fault: Fault, _ now: Int64) {
        let flight = flights + slot
        flight.pointee.phase = .abandoned
        flight.pointee.nextLength = 0
        underway -= 1
        guard flight.pointee.isCounted else { return }
        runners[flight.pointee.scenario].tally.record(
            fault, sinceDue: now - flight.pointee.intended, sinceSent: now - flight.pointee.sent)
        second.record(now - flight.pointee.intended)
        secondErrors += 1
    }

    /// The end: what is still under way has timed out, what was due is counted as never sent.
    func giveUp() {
        let now = ClientLoop.clock()
        for slot in 0..<loop.slotCount where flights[slot].phase == .underway {
            expire(slot, .timeout, now)
        }
        while measuredFrom != .max, pacer.isOpen, pacer.nextDue < Swift.min(pacer.end, now),
            left > 0
        {
            let runner = runners[weights.count == 1 ? 0 : pick()]
            runner.tally.recordUnsent(sinceDue: now - pacer.nextDue)
            pacer.advance()
        }
        publish(secondIndex + 1)
    }
}
