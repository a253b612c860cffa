import RelayStore
import Synchronization
import Testing

@testable import relayctl

@Suite("The first message of a log") struct FirstMessageTests {
    @Test("is asked for again while the server that answers lacks it.")
    func late() throws {
        let log = LateLog(answersWithout: 3)
        #expect(try ClusterCommand.first(of: log)?.sequence == 1)
        #expect(log.questions.load(ordering: .relaxed) == 4)
    }

    @Test("is given up when it does not come.")
    func never() throws {
        #expect(try ClusterCommand.first(of: LateLog(answersWithout: .max)) == nil)
    }
}

/// A log whose server has its first message late.
private final class LateLog: SharedLog {
    let place = "late"
    let questions = Atomic(0)
    private let answersWithout: Int

    init(answersWithout: Int) { self.answersWithout = answersWithout }

    func entry(at sequence: UInt64) -> SharedLogEntry? {
        let count = questions.add(1, ordering: .relaxed).newValue
        return count > answersWithout ? SharedLogEntry(sequence: 1, time: 0, message: []) : nil
    }

    func append(
        _ message: [UInt8], id: String, _ outcome: @escaping @Sendable (AppendOutcome) -> Void
    ) { outcome(.refused(why: "it is late")) }

    func read(
        after sequence: UInt64, waitMilliseconds: Int64
    ) -> [SharedLogEntry] { [] }

    func state() -> SharedLogState {
        SharedLogState(identity: .random, first: 1, last: 1, bytes: 0, leader: nil)
    }

    func announce(_ message: [UInt8]) {}

    func announcements() -> [[UInt8]] { [] }

    func close() {}
}
