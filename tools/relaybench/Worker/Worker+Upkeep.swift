import Glibc
import HTTP2
import Synchronization
import System

/// What a worker does now and then, and at the end.
extension Worker {
    func publish(_ index: Int) {
        board.publish(
            secondIndex, by: number, second, errors: secondErrors, waiting: secondWaiting)
        second.reset()
        secondErrors = 0
        secondWaiting = 0
        secondIndex = index
    }

    func tick(_ now: Int64) {
        var oldest = now
        for slot in 0..<loop.slotCount where inFlight[slot].phase == .underway {
            if now - inFlight[slot].sent > workload.timeout {
                expire(slot, .timeout, now)
            } else if inFlight[slot].isCounted {
                oldest = Swift.min(oldest, inFlight[slot].intended)
            }
        }
        if pacer.isOpen, pacer.nextDue >= measuredFrom, pacer.nextDue < pacer.end, left > 0 {
            oldest = Swift.min(oldest, pacer.nextDue)
        }
        if now >= measuredFrom {
            if interval(now) != secondIndex { publish(interval(now)) }
            secondWaiting = Swift.max(secondWaiting, now - oldest)
            ticks += 1
            if workload.abortsOnThreshold, ticks % 3 == 1 {
                board.keep(runners.map(\.tally), of: number)
            }
        }
        if loop.reconnect() > 0 {
            ticksWithoutServer = 0
        } else {
            ticksWithoutServer += 1
            if Int64(ticksWithoutServer) * Limits.tick > Limits.serverGone {
                board.isServerGone.store(true, ordering: .relaxed)
            }
        }
    }

    private func expire(_ slot: Int, _ fault: Fault, _ now: Int64) {
        let request = inFlight + slot
        request.pointee.phase = .abandoned
        request.pointee.nextLength = 0
        underway -= 1
        if now >= measuredFrom { ended += 1 }
        if request.pointee.isCounted {
            let runner = runners[request.pointee.scenario]
            runner.tally.record(
                fault, sinceDue: now - request.pointee.intended,
                sinceSent: now - request.pointee.sent)
            note(slot, fault, nil)
            second.record(now - request.pointee.intended)
            secondErrors += 1
        }
        // Without a stream there is nothing whose end would free the slot.
        if !loop.cancel(slot) {
            retries.removeAll { $0 == slot }
            release(slot, now)
        }
    }

    /// The end: what is still under way has timed out, what was due is counted as never sent.
    func giveUp() {
        let now = SystemClock.monotonic.nanoseconds
        let index = interval(now)
        if index != secondIndex { publish(index) }
        for slot in 0..<loop.slotCount where inFlight[slot].phase == .underway {
            expire(slot, .timeout, now)
        }
        while pacer.isOpen, pacer.nextDue < Swift.min(pacer.end, now), left > 0 {
            if pacer.nextDue >= measuredFrom {
                let runner = runners[weights.count == 1 ? 0 : pick()]
                runner.tally.recordUnsent(sinceDue: now - pacer.nextDue)
                secondWaiting = Swift.max(secondWaiting, now - pacer.nextDue)
                left -= 1
            }
            pacer.advance()
        }
        publish(secondIndex + 1)
    }
}
