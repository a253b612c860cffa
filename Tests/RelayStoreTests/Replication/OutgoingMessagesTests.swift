import Testing

@testable import RelayStore

/// What a host does with messages that a shared log does not answer.
@Suite("A message for a shared log")
struct OutgoingMessagesTests {
    private func next(
        _ messages: inout OutgoingMessages, at now: Int64
    ) -> (sent: [UInt64], errors: [StoreError]) {
        let work = messages.next(now, clock: 0, room: .max, nil)
        return (work.messages.map(\.number), work.ended.map(\.error))
    }

    /// Those of a host whose first message is kept.
    private func begun() -> OutgoingMessages {
        var messages = OutgoingMessages(HostName("a")!, .random)
        messages.open()
        _ = next(&messages, at: 0)
        _ = messages.settle(1, .kept(at: 2), 0)
        return messages
    }

    @Test(
        "is not told to be out of the log while it is out, also when the engine is given up then.")
    func out() {
        var messages = OutgoingMessages(HostName("a")!, .random)
        messages.open()
        #expect(next(&messages, at: 0).sent == [1])
        _ = messages.settle(1, .kept(at: 2), 0)
        let command = PendingCommand(NoteKeyUse(of: [], day: 0)) { _ in }
        #expect(messages.submit(command, evenIfFull: false, 0) == .accepted)
        #expect(next(&messages, at: 0).sent == [2])
        // Refused until shortly before the engine is given up; then it is sent once more.
        var now: Int64 = 0
        while now < Limits.downAfter - 2 * Limits.refusedPause {
            _ = messages.settle(2, .refused(why: "no leader"), now)
            now += Limits.refusedPause
            #expect(next(&messages, at: now).sent == [2])
        }
        let down = Limits.downAfter + 1
        #expect(messages.condition(at: down) == .down)
        #expect(next(&messages, at: down).errors == [])
        #expect(next(&messages, at: Limits.logDeadline).errors == [.replica(.outcomeUnknown)])
    }

    @Test("is neither sent nor sent again while the log may be another one.")
    func held() {
        var messages = begun()
        let command = PendingCommand(NoteKeyUse(of: [], day: 0)) { _ in }
        #expect(messages.submit(command, evenIfFull: false, 0) == .accepted)
        #expect(next(&messages, at: 0).sent == [2])
        #expect(messages.submit(command, evenIfFull: false, 0) == .accepted)
        messages.hold()
        #expect(next(&messages, at: 2 * Limits.resendInterval).sent == [])
        #expect(messages.condition(at: 2 * Limits.resendInterval) == .electing)
        messages.open()
        #expect(next(&messages, at: 3 * Limits.resendInterval).sent == [2, 3])
    }

    @Test("has an end that is not known, at once, when its session is over.")
    func over() {
        var messages = begun()
        let command = PendingCommand(NoteKeyUse(of: [], day: 0)) { _ in }
        #expect(messages.submit(command, evenIfFull: false, 0) == .accepted)
        #expect(next(&messages, at: 0).sent == [2])
        _ = messages.settle(2, .kept(at: 4), 1)
        let stop = ReplicaStop.sessionOver(sequence: 4, host: HostName("a")!)
        messages.refuseAll(stop)
        #expect(next(&messages, at: 2).errors == [.replica(.outcomeUnknown)])
        #expect(messages.submit(command, evenIfFull: false, 2) == .refused(.stopped(stop)))
    }

    @Test(
        "rests before it is sent again, whatever the engine answered; nothing else is sent meanwhile if it takes none.",
        arguments: [
            AppendOutcome.refused(why: "no"), .declined(why: "no"), .unknown(why: "no"),
        ])
    func rests(outcome: AppendOutcome) {
        var messages = begun()
        let command = PendingCommand(NoteKeyUse(of: [], day: 0)) { _ in }
        _ = messages.submit(command, evenIfFull: false, 0)
        #expect(next(&messages, at: 0).sent == [2])
        _ = messages.settle(2, outcome, 1)
        #expect(next(&messages, at: Limits.refusedPause).sent == [])
        #expect(next(&messages, at: Limits.refusedPause + 1).sent == [2])
        guard case .declined = outcome else { return }
        _ = messages.settle(2, outcome, 300)
        _ = messages.submit(command, evenIfFull: false, 300)
        #expect(next(&messages, at: 301).sent == [])
        #expect(messages.condition(at: 301) == .refusesWrites)
        let down = next(&messages, at: Limits.downAfter + 2)
        #expect(down.errors == [.replica(.unavailable(why: "no"))] && down.sent == [2])
        #expect(
            messages.submit(command, evenIfFull: false, Limits.downAfter + 3)
                == .refused(.unavailable(why: "no")))
        _ = messages.settle(2, .kept(at: 3), Limits.downAfter + 4)
        #expect(messages.condition(at: Limits.downAfter + 4) == .up)
    }

    @Test("is told to be out of the log when the engine has refused it and is given up.")
    func refused() {
        var messages = begun()
        let command = PendingCommand(NoteKeyUse(of: [], day: 0)) { _ in }
        _ = messages.submit(command, evenIfFull: false, 0)
        #expect(next(&messages, at: 0).sent == [2])
        _ = messages.settle(2, .refused(why: "no leader"), 0)
        #expect(
            next(&messages, at: Limits.downAfter).errors
                == [.replica(.unavailable(why: "no leader"))])
    }
}
