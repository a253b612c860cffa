import Glibc
import Options
import TestSupport
import Testing

/// Options that are not typed, seen from outside.
@Suite("Settings", .serialized)
struct SettingsTests {
    @Test("come from the command line, a variable or a file, whichever of them is first.")
    func places() throws {
        let directory = TemporaryDirectory()
        let file = directory.file("relayd.conf")
        let text = "# ours\nloops = 3\nkeep-changes = 7\nwarm = true\n"
        try OutputFile.write(Array(text.utf8), to: file)
        let relayd = try Relayd(
            store: directory.file("store"), in: directory, arguments: ["--config", file],
            environment: ["RELAYD_LOOPS=2", "RELAYD_LOOP=5"])
        let output = relayd.output
        #expect(output.contains("2 loops"))
        #expect(output.contains("event=store_warmed "))
        #expect(
            output.contains(
                "relayd: the variable RELAYD_LOOP sets nothing; did you mean RELAYD_LOOPS?"))
        #expect(relayd.stop() == 0)
        let store = directory.file("store")
        let all = ChildProcess(
            "relayd", [], output: directory.file("log"),
            environment: [
                "RELAYD_STORE=\(store)", "RELAYD_SOCKET=\(relayd.socket)", "RELAYD_CONFIG=\(file)",
            ])
        for _ in 0..<2_000 where !readText(directory.file("log")).contains("ready") {
            usleep(5_000)
        }
        #expect(readText(directory.file("log")).contains("3 loops"))
        #expect(Curl().status(unix: relayd.socket) == 200)
        all.signal(SIGTERM)
        #expect(all.wait() == 0)
    }

    @Test("are printed with where they are from by --check-config, which makes and opens nothing.")
    func checked() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let socket = directory.file("s")
        let file = directory.file("relayd.conf")
        try OutputFile.write(Array("store = \(store)\nloops = 2\n".utf8), to: file)
        func check(_ more: String...) -> (code: Int32, output: String) { check(more) }
        func check(_ more: [String]) -> (code: Int32, output: String) {
            ChildProcess.run(
                "relayd", ["--check-config", "--config", file] + more,
                environment: ["RELAYD_MAP_SIZE=2GiB"])
        }
        let good = check("--socket", socket)
        #expect(good.code == 0)
        let lines = [
            "# from: \(file):1\nstore = \(store)\n", "# from: command line\nsocket = \(socket)\n",
            "# from: RELAYD_MAP_SIZE\nmap-size = 2GiB\n", "# the default\nscrub-rate = ",
        ]
        for text in lines { #expect(good.output.contains(text), "\(good.output)") }
        #expect(access(store, F_OK) != 0 && access(socket, F_OK) != 0)
        // What it prints can be the file.
        try OutputFile.write(Array(good.output.utf8), to: file)
        #expect(check().code == 0)
        // What starting would refuse, it refuses.
        #expect(check("--snapshot-every", "1h").code == 2)
        let long = directory.file(String(repeating: "s", count: 120))
        for (words, said) in [
            (["--listen", "0.0.0.0:99"], "no loopback address"),
            (["--metrics", "localhost"], "no loopback address"),
            (["--socket", long], "Linux allows"), (["--admin-socket", long], "Linux allows"),
            (["--socket", socket, "--socket-group", "no such group"], "no group of this machine"),
            (["--log", "nats://127.0.0.1"], "no address of a log"),
        ] {
            let refused = check(words)
            #expect(
                refused.code == 2 && refused.output.contains(said), "\(words): \(refused.output)")
            let started = ChildProcess.run("relayd", ["--config", file] + words)
            #expect(started.code == 2 && started.output.contains(said), "\(started.output)")
        }
        try OutputFile.write(Array("store = \(store)\nlops = 2\n".utf8), to: file)
        let bad = check("--socket", socket)
        #expect(bad.code == 2)
        let message = "relayd: \(file):2: there is no option lops; did you mean loops?"
        #expect(bad.output.hasPrefix(message), "\(bad.output)")
    }

    @Test("of relayctl and relaybench are RELAY_STORE, RELAY_SOCKET and RELAY_KEY_FILE.")
    func tools() throws {
        let sample = try SampleStore()
        let key = try sample.makeKey()
        let relayd = try sample.serve()
        let file = sample.directory.file("key")
        try OutputFile.write(Array("\(key)\n".utf8), to: file)
        let stat = ChildProcess.run(
            "relayctl", ["stat"], environment: ["RELAY_STORE=\(sample.store)"])
        #expect(stat.code == 0, "\(stat.output)")
        // What is typed wins.
        let other = ChildProcess.run(
            "relayctl", ["stat", "--store", sample.store], environment: ["RELAY_STORE=/nowhere"])
        #expect(other.code == 0, "\(other.output)")
        let load = ["run", "--quiet", "-n", "100", "--mix", "order-get"]
        func bench(_ words: [String], _ environment: [String]) -> (code: Int32, output: String) {
            ChildProcess.run("relaybench", load + words, environment: environment)
        }
        let variables = ["RELAY_SOCKET=\(relayd.socket)", "RELAY_KEY_FILE=\(file)"]
        #expect(bench([], variables).code == 0)
        #expect(bench(["--key-file", file], ["RELAY_SOCKET=\(relayd.socket)"]).code == 0)
        #expect(bench(["--key", key], variables).code == 0)
        let both = bench(["--key", key, "--key-file", file], variables)
        #expect(both.code == 2 && both.output.contains("--key and --key-file exclude"))
        try OutputFile.write(Array("\n".utf8), to: file)
        let none = bench([], variables)
        #expect(none.code == 2 && none.output.contains("the first line of \(file) is no API key"))
    }
}
