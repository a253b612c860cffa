import HTTP2
import System

/// What becomes of an answer: a success or an error, and a time in the histograms.
extension Worker {
    func fault(
        _ request: UnsafeMutablePointer<InFlightRequest>, _ runner: Runner,
        _ outcome: ResponseOutcome
    ) -> Fault? {
        var fault: Fault?
        switch outcome.failure {
        case .reset: fault = .reset
        case .refused: fault = .refused
        case .connectionLost: fault = .connection
        case nil:
            if !runner.expectation.accepts(outcome.status) {
                fault = .status
            } else if request.pointee.hasContent(outcome.status),
                (outcome.declaredBytes ?? outcome.receivedBytes) != outcome.receivedBytes
            {
                fault = .length
            } else {
                fault = request.pointee.verdict(runner.expectation)
            }
        }
        if runner.plan.isWalk {
            if fault == nil {
                fault = runner.walked(request)
            } else {
                request.pointee.nextLength = 0
            }
        }
        return fault
    }

    func count(
        _ slot: Int, _ runner: Runner, _ fault: Fault?, _ outcome: ResponseOutcome
    ) {
        let request = inFlight + slot
        let now = loop.now
        if now >= measuredFrom { ended += 1 }
        guard request.pointee.isCounted else { return }
        let sinceDue = now - request.pointee.intended
        runner.tally.record(fault, sinceDue: sinceDue, sinceSent: now - request.pointee.sent)
        runner.tally.record(status: outcome.status)
        runner.tally.bytes += outcome.receivedBytes
        if request.pointee.readsWhole { runner.tally.readWhole += 1 }
        lastAnswer = now
        let index = interval(now)
        if index != secondIndex { publish(index) }
        second.record(sinceDue)
        if let fault {
            secondErrors += 1
            note(slot, fault, outcome)
        }
    }

    /// Keeps the first failing answer of a scenario.
    func note(_ slot: Int, _ fault: Fault, _ outcome: ResponseOutcome?) {
        let request = inFlight + slot
        let runner = runners[request.pointee.scenario]
        if runner.tally.firstFailure != nil { return }
        // SAFETY: the slot's path is as long as it was written.
        let path = UnsafeBufferPointer(
            start: loop.path(slot), count: Int(request.pointee.pathLength))
        let status = outcome?.status ?? 0
        let body = fault == .status ? runner.failedBody : []
        runner.tally.firstFailure = Failure(
            fault: fault, at: SystemClock.monotonic.nanoseconds - measuredFrom,
            method: runner.method(request),
            path: String(decoding: path.prefix(Limits.shownBytes), as: UTF8.self),
            status: status == 0 ? nil : status,
            why: outcome.map { request.pointee.explain(fault, $0) } ?? "",
            body: String(decoding: body, as: UTF8.self))
    }

    /// Which second of the measured part a time lies in.
    func interval(_ now: Int64) -> Int {
        Int(Swift.max(0, now - measuredFrom) / (Int64(Limits.interval) * 1_000_000))
    }
}
