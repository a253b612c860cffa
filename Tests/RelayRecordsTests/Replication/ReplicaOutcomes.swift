import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

/// What commands came to, each of them once.
final class ReplicaOutcomes: Sendable {
    private struct State {
        var submitted = 0
        var texts: [String: String] = [:]
        var twice: [String] = []
    }

    private let state = Mutex(State())

    func submit() { state.withLock { $0.submitted += 1 } }

    func add(_ name: String, _ result: Result<any Sendable, StoreError>) {
        let text =
            switch result {
            case .success(let outcome): "\(outcome)"
            case .failure(let error): "failed: \(error)"
            }
        state.withLock { state in
            if state.texts.updateValue(text, forKey: name) != nil { state.twice.append(name) }
        }
    }

    var open: Int { state.withLock { $0.submitted - $0.texts.count } }
    var twice: [String] { state.withLock { $0.twice } }
    var texts: [String: String] { state.withLock { $0.texts } }
}

extension ReplicaOutcomes {
    /// Waits until all have come, or half a minute.
    func wait() { for _ in 0..<8_000 where open > 0 { usleep(5_000) } }
}

extension MemoryLog.Shared {
    /// A log that holds back, repeats or leaves unanswered so many of a hundred messages.
    static func make(_ percent: Int = 0) -> MemoryLog.Shared {
        MemoryLog.Shared(seed: 1, clock: StoreClock.system.now(), percent: percent)
    }
}

extension [ReplicaHost] {
    /// Three hosts, and a number of changes from each.
    func run(
        commands count: Int, seed: UInt64 = 70
    ) throws -> ReplicaOutcomes {
        let outcomes = ReplicaOutcomes()
        var sources = indices.map { CommandSource(seed: seed + UInt64($0)) }
        for number in 0..<count {
            let host = number % self.count
            outcomes.submit()
            let isTaken = try self[host].submit(sources[host].next().encoding) {
                outcomes.add("\(number)", $0)
            }
            if !isTaken { outcomes.add("\(number)", .failure(.stopped)) }
            if number % 40 == 39 { outcomes.wait() }
        }
        outcomes.wait()
        return outcomes
    }

    /// Hosts that have applied all of a log hold the same, and know it.
    func expectEqual(
        _ shared: MemoryLog.Shared, differing: [String] = []
    ) throws {
        // What hosts send that have nothing to say does not come between.
        shared.setReadOnly(true)
        for host in self {
            let reached = try host.waits(for: shared.entries.last!.sequence)
            #expect(
                reached, "\(host.name): \(String(describing: host.writer.replication?.figures))")
        }
        let state = try self[0].store.replicaState()
        let contents = try StoreContents(self[0].store)
        for host in self {
            #expect(try host.store.replicaState() == state)
            let differences = try StoreContents(host.store).differences(from: contents)
            #expect(differences == [], "\(host.name)")
            let reader = try host.store.makeReader()
            let sum = try reader.view.sumOfDocuments()
            #expect(sum == state?.documents)
            // One that has stopped tells of itself once a second.
            let client = host.writer.replication!
            for _ in 0..<2_000 where client.figures.following.differing != differing {
                usleep(5_000)
            }
            #expect(client.figures.following.differing == differing)
        }
        let report = try self[0].store.check()
        #expect(report.faults == [])
        shared.setReadOnly(false)
    }
}
