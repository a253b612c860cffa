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
            ["compare", "one"],
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
                "--timeseries", series,
            ])
        usleep(700_000)
        bench.signal(SIGINT)
        #expect(bench.wait() == 130)
        let report = try #require(Bench.tree(json))
        #expect(report["ended"]?.text == "interrupted")
        let run = try #require(report["runs"]?.elements.first)
        #expect((run["good"]?.number ?? 0) > 50)
        #expect(run["errors"]?.number == 0)
        #expect(
            readText(series).hasPrefix(
                "run,second,requests,errors,p50_us,p99_us,max_us,waiting_us\n1,0,"))
    }

    @Test("The distribution is written in HdrHistogram's format, and --json - is nothing but JSON.")
    func files() throws {
        let directory = TemporaryDirectory()
        let server = try BadServerProcess([], in: directory)
        let hdr = directory.file("latency.hgrm")
        let output = directory.file("stdout")
        let bench = ChildProcess(
            "relaybench",
            [
                "run", "--quiet", "--socket", server.socket, "-n", "500", "--hdr", hdr, "--json",
                "-",
            ], output: output)
        #expect(bench.wait() == 0)
        #expect(Bench.tree(output)?["runs"]?.elements.first?["good"]?.number == 500)
        let text = readText(hdr)
        #expect(text.hasPrefix("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"))
        #expect(text.contains("Total count    =          500]"))
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
}
