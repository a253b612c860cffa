import HTTP2

/// What becomes of an answer: a success or an error, and a time in the histograms.
extension Worker {
    func fault(
        _ flight: UnsafeMutablePointer<Flight>, _ runner: Runner, _ outcome: ResponseOutcome
    ) -> Fault? {
        var fault: Fault?
        switch outcome.failure {
        case .reset, .refused: fault = .reset
        case .connectionLost: fault = .connection
        case nil:
            let expected = runner.expectation
            if outcome.status != expected.status {
                fault = .status
            } else if (outcome.declaredBytes ?? outcome.receivedBytes) != outcome.receivedBytes
                || (expected.length ?? outcome.receivedBytes) != outcome.receivedBytes
            {
                fault = .length
            } else {
                fault = flight.pointee.verdict(expected)
            }
        }
        if runner.plan.isWalk {
            if fault == nil { fault = runner.walked(flight) } else { flight.pointee.nextLength = 0 }
        }
        return fault
    }

    func count(
        _ flight: UnsafeMutablePointer<Flight>, _ runner: Runner, _ fault: Fault?, _ bytes: Int
    ) {
        guard flight.pointee.isCounted else { return }
        let now = loop.now
        let sinceDue = now - flight.pointee.intended
        runner.tally.record(fault, sinceDue: sinceDue, sinceSent: now - flight.pointee.sent)
        runner.tally.bytes += bytes
        if flight.pointee.readsWhole { runner.tally.readWhole += 1 }
        lastAnswer = now
        let index = Int((now - measuredFrom) / (Int64(Limits.interval) * 1_000_000))
        if index != secondIndex { publish(index) }
        second.record(sinceDue)
        if fault != nil { secondErrors += 1 }
    }
}
