import Glibc
import TestSupport
import Testing

@testable import RelayRecords
@testable import RelayStore

@Suite("A host that is gone for good")
struct ForgottenHostsTests {
    private let directory = TemporaryDirectory()
    private let shared = MemoryLog.Shared.make()

    private func file(_ host: ReplicaHost) -> String {
        readText(host.directory + "/forgotten-hosts")
    }

    @Test(
        "stays forgotten when all hosts are started anew, until it is back; then it is known again, also by them."
    )
    func outlasts() throws {
        let hosts = try ReplicaHost.make(3, of: shared, in: directory.path)
        #expect(try hosts.run(commands: 10).open == 0)
        let (all, two) = (
            ["host-0 ok", "host-1 ok", "host-2 ok"], ["host-0 ok", "host-1 ok"]
        )
        for host in hosts {
            #expect(try ReplicaHost.waits(seconds: 30) { try host.conditions() == all })
        }
        hosts[2].end()
        #expect(
            try ReplicaHost.waits(seconds: 30) {
                try hosts[0].conditions().last == "host-2 missing"
            })
        let gone = HostName("host-2")!
        // It has not written for long, as the log has it.
        shared.advance(RelayStore.Limits.hostSilence + 1_000)
        #expect(hosts[1].writer.submit(PendingCommand(MarkLog()) { _ in }) == .accepted)
        #expect(
            try ReplicaHost.waits(seconds: 30) {
                try hosts[0].writer.replication!.forget(gone) == nil
            })
        #expect(file(hosts[0]).hasPrefix("host-2="))
        #expect(ReplicaHost.waits(seconds: 30) { file(hosts[1]) == file(hosts[0]) })
        // What a killed process left is in nobody's way.
        let left = open(hosts[0].directory + "/forgotten-hosts.new", O_CREAT | O_WRONLY, 0o600)
        try #require(left >= 0 && write(left, "x", 1) == 1 && close(left) == 0)
        for _ in 0..<2 {
            for host in hosts[..<2] { host.end() }
            for host in hosts[..<2] { try host.restart() }
            for host in hosts[..<2] {
                #expect(try ReplicaHost.waits(seconds: 30) { try host.conditions() == two })
            }
        }
        try hosts[2].restart()
        for host in hosts {
            #expect(try ReplicaHost.waits(seconds: 30) { try host.conditions() == all })
        }
        #expect(ReplicaHost.waits(seconds: 30) { file(hosts[0]).isEmpty && file(hosts[1]).isEmpty })
        #expect(access(hosts[0].directory + "/forgotten-hosts.new", F_OK) != 0)
        for host in hosts { host.writer.stop() }
    }
}
