import Glibc
import TestSupport
import Testing

@testable import relaybench

/// Exit codes, files and Ctrl-C of the real program.
@Suite struct CommandTests {
    @Test("--list explains every scenario.")
    func list() {
        let (code, output) = ChildProcess.run("relaybench", ["run", "--list"])
        #expect(code == 0)
        for scenario in Scenario.all { #expect(output.contains(scenario.name)) }
    }

    @Test(
        "A wrong command line ends with 2.",
        arguments: [
            ["run"], ["run", "--socket", "x", "--mix", "nothing"],
            ["run", "--socket", "x", "--mix", "order-get=0"],
            ["run", "--socket", "x", "--threshold", "p99"],
            ["run", "--socket", "x", "--rate", "5", "--ramp", "1:2"],
            ["run", "--socket", "x", "--threshold", "units-page:p(99)<1ms"],
            ["run", "--url", "ftp://x"], ["run", "--socket", "x", "-t", "9", "-c", "8"],
            ["compare", "one"], ["run", "--socket", "x", "--rate", "0"],
            ["run", "--socket", "x", "--stages", "5s"],
            ["run", "--socket", "x", "--method", "PUT"],
            ["run", "--socket", "x", "--rate", "5", "--think", "1s"],
            ["run", "--socket", "x", "--abort-on-threshold"],
            ["run", "--socket", "x", "--header", "no colon"],
            ["run", "--socket", "x", "--header", "content-length: 5"],
            ["run", "--url", "http://127.0.0.1:1/" + String(repeating: "a", count: 40_000)],
        ])
    func usage(arguments: [String]) {
        let (code, output) = ChildProcess.run("relaybench", arguments)
        #expect(code == 2, "\(output)")
    }

    @Test("A server that does not exist ends with 1, and the report says why.")
    func noServer() {
        let directory = TemporaryDirectory()
        let outcome = Bench.run(["--socket", directory.file("nobody")], in: directory)
        #expect(outcome.code == 1)
        #expect(outcome.report?["ended"]?.text == "failed")
        #expect(outcome.report?["exitCode"]?.number == 1)
        #expect(outcome.report?["error"]?.text != nil)
    }

    @Test("A threshold that is kept ends with 0, one that is missed with 99.")
    func thresholds() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let base = ["--socket", server.socket, "-n", "200", "-c", "1", "-m", "1"]
        let kept = Bench.run(base + ["--threshold", "errors<1%"], in: directory)
        #expect(kept.code == 0, "\(kept.output)")
        let missed = Bench.run(
            base + ["--threshold", "errors<1%", "--threshold", "order-get:p(50)<=0us"],
            in: directory)
        #expect(missed.code == 99, "\(missed.output)")
        #expect(missed.output.contains("MISSED order-get:p(50)<=0us"))
        let judged = missed.report?["thresholds"]?.elements ?? []
        #expect(judged.map { $0["holds"]?.isTrue } == [true, false])
    }

    @Test("Ctrl-C ends the run, and everything is still reported.")
    func interrupt() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let json = directory.file("stopped.json")
        let series = directory.file("stopped.csv")
        let bench = ChildProcess(
            "relaybench",
            [
                "run", "--socket", server.socket, "-D", "1h", "--rate", "500", "--json", json,
                "--timeseries", series, "--threshold", "p(99)<3600s",
            ])
        usleep(700_000)
        bench.signal(SIGINT)
        #expect(bench.wait() == 130)
        let report = try #require(Bench.tree(json))
        #expect(report["ended"]?.text == "interrupted")
        // Nobody knows what would have come.
        #expect(report["thresholds"]?.elements.allSatisfy { $0["holds"] == nil } == true)
        let run = try #require(report["runs"]?.elements.first)
        #expect((run["good"]?.number ?? 0) > 50)
        #expect(run["errors"]?.number == 0)
        #expect(
            readText(series).hasPrefix(
                "run,second,requests,errors,p50_us,p99_us,max_us,waiting_us\n1,0,"))
    }

    @Test("Ctrl-C in the warm-up ends the run without figures.")
    func interruptWarmUp() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let (json, output) = (directory.file("stopped.json"), directory.file("output"))
        let bench = ChildProcess(
            "relaybench",
            ["run", "--socket", server.socket, "--warm-up", "1h", "--json", json], output: output)
        usleep(700_000)
        bench.signal(SIGINT)
        #expect(bench.wait() == 130)
        let report = try #require(Bench.tree(json))
        #expect(report["ended"]?.text == "interrupted")
        #expect(report["runs"]?.elements.isEmpty == true)
        #expect(readText(output).contains("before anything was measured"))
    }

    @Test("A threshold that is missed ends the run, if it is told to.")
    func abort() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "-D", "5m", "--rate", "100", "--abort-on-threshold",
                "--threshold", "p(50)<=0us", "--threshold", "order-get:max<3600s",
            ], in: directory)
        #expect(outcome.code == 99, "\(outcome.output)")
        #expect(outcome.report?["ended"]?.text == "aborted")
        let judged = outcome.report?["thresholds"]?.elements ?? []
        #expect(
            judged.first?["holds"]?.isTrue == false && judged.dropFirst().first?["holds"] == nil)
        #expect((outcome.report?["runs"]?.elements.first?["seconds"]?.number ?? 300) < 100)
    }

    @Test("compare refuses what did not finish and another mix, and fails for errors.")
    func incomparable() throws {
        let directory = TemporaryDirectory()
        let reports = ["none", "status", "page"].map { directory.file("\($0).json") }
        let loads = [
            ("none", "order-get"), ("status", "order-get"), ("none", "orders-page"),
        ]
        for (path, (fault, mix)) in zip(reports, loads) {
            let server = try BadServerProcess(["--fault", fault], in: directory)
            _ = ChildProcess.run(
                "relaybench",
                [
                    "run", "--quiet", "--socket", server.socket, "-n", "300", "--mix", mix,
                    "--json", path,
                ] + Bench.patience)
            server.process.signal(SIGKILL)
            server.process.wait()
        }
        let (worse, text) = ChildProcess.run(
            "relaybench", ["compare", reports[0], reports[1], "--fail-over", "100000%"])
        #expect(worse == 99 && text.contains("of the requests failed"), "\(text)")
        let (mixed, why) = ChildProcess.run("relaybench", ["compare", reports[0], reports[2]])
        #expect(mixed == 1 && why.contains("order-get:uniform"), "\(why)")
    }

    @Test("A report is written through a symbolic link and into a pipe.")
    func outputs() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let (target, link) = (directory.file("target.json"), directory.file("link.json"))
        #expect(symlink(target, link) == 0)
        let (pipe, copy) = (directory.file("pipe"), directory.file("copy"))
        #expect(mkfifo(pipe, 0o600) == 0)
        let reader = ChildProcess("/bin/cat", [pipe], output: copy)
        let (code, output) = ChildProcess.run(
            "relaybench",
            [
                "run", "--quiet", "--socket", server.socket, "-n", "50", "--json", link,
                "--timeseries", pipe, "--hdr", "/dev/null",
            ] + Bench.patience)
        #expect(code == 0, "\(output)")
        #expect(reader.wait() == 0 && readText(copy).hasPrefix("run,second"))
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(Bench.tree(target)?["ended"]?.text == "finished")
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test("Files are as HdrHistogram and OpenMetrics have them; --json - is nothing but JSON.")
    func files() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let hdr = directory.file("latency.hgrm")
        let (log, metrics) = (directory.file("latency.hlog"), directory.file("figures.prom"))
        let output = directory.file("stdout")
        let bench = ChildProcess(
            "relaybench",
            [
                "run", "--quiet", "--socket", server.socket, "-n", "500", "--hdr", hdr, "--json",
                "-", "--hdr-log", log, "--openmetrics", metrics,
            ], output: output)
        #expect(bench.wait() == 0)
        #expect(Bench.tree(output)?["runs"]?.elements.first?["good"]?.number == 500)
        let text = readText(hdr)
        #expect(text.hasPrefix("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"))
        #expect(text.contains("Total count    =          500]"))
        let lines = readText(log).split(separator: "\n").filter { $0.first?.isNumber ?? false }
        let histograms = lines.compactMap { line in
            line.split(separator: ",").last.flatMap { Histogram(encoded: String($0)) }
        }
        #expect(histograms.reduce(0) { $0 + $1.count } == 500)
        #expect(readText(metrics).contains("_requests_total{scenario=\"order-get\"} 500\n"))
    }

    @Test("--repeat makes runs that compare can judge, and compare sees none where none is.")
    func compare() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let (first, second) = (directory.file("a.json"), directory.file("b.json"))
        for path in [first, second] {
            let (code, output) = ChildProcess.run(
                "relaybench",
                [
                    "run", "--quiet", "--socket", server.socket, "--rate", "200", "-D", "200ms",
                    "--repeat", "2", "--json", path,
                ] + Bench.patience)
            #expect(code == 0, "\(output)")
        }
        let (code, output) = ChildProcess.run(
            "relaybench", ["compare", first, second, "--fail-over", "100000%"])
        #expect(code == 0, "\(output)")
        #expect(output.contains("requests/s"))
        let (none, _) = ChildProcess.run("relaybench", ["compare", first, "/dev/null"])
        #expect(none == 1)
    }

    @Test("When the client is the limit, thresholds are not judged and the report says so.")
    func clientLimit() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--rate", "2000", "-D", "300ms", "--threshold",
                "p(99)<3600s",
            ], in: directory, patience: ["--allow-late", "0ms", "--allow-busy", "100"])
        #expect(outcome.code == 1, "\(outcome.output)")
        #expect(outcome.output.contains("THE CLIENT WAS THE LIMIT"))
        #expect(outcome.output.contains("not judged p(99)<3600s"), "\(outcome.output)")
        #expect(outcome.report?["thresholds"]?.elements.first?["holds"] == nil)
        #expect(outcome.report?["clientWasLimit"]?.isTrue == true)
        let json = directory.file("report.json")
        let (code, output) = ChildProcess.run("relaybench", ["compare", json, json])
        #expect(code == 1 && output.contains("the client was the limit"))
    }

    @Test("A search says each step and the rate that it found.")
    func search() throws {
        let directory = TemporaryDirectory()
        // Not a promise that anybody makes, but one that holds up to a rate and not beyond it.
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            [
                "--socket", server.socket, "--find-max", "rate<900", "-D", "100ms", "-c", "1",
                "-m", "8",
            ], in: directory)
        let steps = try #require(outcome.report?["search", "steps"]?.elements)
        #expect(steps.count >= 3, "\(outcome.output)")
        let rate = try #require(outcome.report?["search", "rate"]?.number)
        #expect((500...1_000).contains(rate), "\(outcome.output)")
    }

    @Test("A search that comes to the client's own limit says so, and not that no rate would do.")
    func searchLimit() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let outcome = Bench.run(
            ["--socket", server.socket, "--find-max", "p(99)<3600s", "-D", "200ms"], in: directory,
            patience: ["--allow-late", "0ms", "--allow-busy", "100"])
        #expect(outcome.code == 1, "\(outcome.output)")
        #expect(outcome.output.contains("where relaybench itself was the limit"))
        #expect(!outcome.output.contains("No rate"))
        #expect(outcome.report?["search", "clientLimit"]?.number != nil)
    }
}
