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

    @Test(
        "is told by each host of itself and of the others, asked five times a second, and told to be back."
    )
    func told() throws {
        let hosts = try ReplicaHost.make(2, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 10).open == 0)
        let client = hosts[0].writer.replication!
        #expect(try ReplicaHost.waits { try hosts[0].conditions() == ["host-0 ok", "host-1 ok"] })
        #expect(client.writesRefused == nil)
        let why = "maximum bytes exceeded"
        shared.setDeclining(why)
        // Each has something to send.
        for host in hosts {
            let pending = PendingCommand(MarkLog()) { _ in }
            #expect(host.writer.submit(pending) == .accepted)
        }
        let both = ["host-0 refuses-writes", "host-1 refuses-writes"]
        #expect(try ReplicaHost.waits { try hosts[0].conditions() == both })
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
        #expect(try ReplicaHost.waits { try hosts[0].conditions() == ["host-0 ok", "host-1 ok"] })
        #expect(client.writesRefused == nil)
        for host in hosts { host.writer.stop() }
    }
}
