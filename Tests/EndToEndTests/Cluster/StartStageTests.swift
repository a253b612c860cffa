import Glibc
import HTTP2
import TestSupport
import Testing

@Suite(
    "A start that takes long",
    .enabled(if: JetStreamServers.areWanted, "\(JetStreamServers.absence)"))
struct StartStageTests {
    /// What systemd would have been told.
    private func news(_ socket: TestSocket) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case let count = recv(
            socket.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0
        {
            text += String(decoding: buffer[..<count], as: UTF8.self) + "\n"
        }
        return text
    }

    @Test(
        "is told by the admin socket, the port for metrics, relayctl and to systemd, and goes on.")
    func told() throws {
        let fixture = try ClusterFixture()
        try fixture.begin()
        let repository = fixture.directory.file("repository")
        try fixture.save(fixture.store, into: repository)
        let place = TemporaryDirectory()
        let manager = try TestSocket(unix: place.file("notify"), type: SOCK_DGRAM, listens: false)
        let port = JetStreamServers.freePorts(1)[0]
        let (admin, output) = (place.file("a"), place.file("output"))
        // It waits for the engine.
        fixture.servers.kill(0)
        let relayd = ChildProcess(
            "relayd",
            [
                "--socket", place.file("s"), "--admin-socket", admin, "--store",
                place.file("store"), "--metrics", "127.0.0.1:\(port)", "--log", fixture.log,
                "--host-name", "second", "--join", repository,
            ], output: output, environment: ["NOTIFY_SOCKET=\(place.file("notify"))"])
        for _ in 0..<2_000 where !readText(output).contains("log_unreachable") { usleep(5_000) }
        let words = "relayd is starting (join): its store is made of a snapshot"
        let client = try ClientConnection(unix: admin)
        let early = try client.perform(ClientRequest("GET", "/readyz"))
        #expect(early.status == 503)
        #expect(String(decoding: early.body, as: UTF8.self).contains(words))
        for verb in [["health"], ["keys", "create", "--account", "1"], ["stat"]] {
            let run = ChildProcess.run("relayctl", verb + ["--admin-socket", admin])
            #expect(run.code == 1 && run.output.contains(words), "\(run)")
        }
        let curl = ChildProcess.run("curl", ["-si", "http://127.0.0.1:\(port)/readyz"])
        #expect(curl.output.contains("503 Service Unavailable"), "\(curl)")
        #expect(curl.output.contains("Retry-After: 1"), "\(curl)")
        #expect(curl.output.contains(words), "\(curl)")
        #expect(news(manager).hasPrefix("STATUS=\(words)\nEXTEND_TIMEOUT_USEC="))
        fixture.servers.start(0)
        for _ in 0..<2_000 where !readText(output).contains("ready on ") { usleep(10_000) }
        #expect(news(manager).contains("READY=1\nSTATUS=serving "))
        var status = 0
        for _ in 0..<2_000 where status != 200 {
            status = try client.perform(ClientRequest("GET", "/readyz")).status
            usleep(5_000)
        }
        #expect(status == 200, "\(readText(output))")
        let metrics = ChildProcess.run("curl", ["-s", "http://127.0.0.1:\(port)/metrics"])
        #expect(metrics.output.contains("relay_shared_log_up"))
        relayd.signal(SIGTERM)
        #expect(relayd.wait() == 0)
    }
}
