import Glibc
import Synchronization
import System
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("A log that answers and takes no message")
struct RefusedWritesTests {
    private let directory = TemporaryDirectory()
    private let shared = MemoryLog.Shared.make()

    /// Waits until something holds, for 20 s at most.
    private func waits(_ holds: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<2_000 {
            if try holds() { return true }
            usleep(10_000)
        }
        return false
    }

    @Test(
        "is told by each host of itself and of the others, asked five times a second, and told to be back."
    )
    func told() throws {
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 10).open == 0)
        let client = hosts[0].writer.replication!
        func conditions() throws -> [String] {
            try client.hosts().map { "\($0.host) \($0.condition.rawValue)" }
        }
        #expect(try waits { try conditions() == ["host-0 ok", "host-1 ok"] })
        #expect(client.writesRefused == nil)
        let why = "maximum bytes exceeded"
        shared.setDeclining(why)
        // Each has something to send.
        for host in hosts {
            let pending = PendingCommand(MarkLog()) { _ in }
            #expect(host.writer.submit(pending) == .accepted)
        }
        let both = ["host-0 refuses-writes", "host-1 refuses-writes"]
        #expect(try waits { try conditions() == both })
        #expect(client.figures.publishing.condition == .refusesWrites)
        #expect(client.writesRefused == "the log takes no messages: \(why)")
        let beat = try #require(client.own)
        #expect(HostBeat(beat.bytes) == beat && beat.writesRefused.contains(why))
        // Reads are answered as before.
        #expect(client.whyNotReady == nil && !client.permit.isRefused)
        let before = shared.handed
        usleep(1_000_000)
        // Two hosts, one message each.
        #expect((2...24).contains(shared.handed - before), "\(shared.handed - before)")
        shared.setDeclining(nil)
        #expect(try waits { try conditions() == ["host-0 ok", "host-1 ok"] })
        #expect(client.writesRefused == nil)
        for host in hosts { host.writer.stop() }
    }
}
