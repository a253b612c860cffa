import TestSupport
import Testing

@testable import relaybench

/// Several generators, each a process, and one report of them.
@Suite struct MergeTests {
    /// Two generators at the same time.
    private static func together(
        _ arguments: [String], in directory: TemporaryDirectory
    ) throws -> [String] {
        let server = try BadServerProcess([], in: directory)
        let files = [directory.file("a.json"), directory.file("b.json")]
        let processes = files.enumerated().map { index, file in
            ChildProcess(
                "relaybench",
                ["run", "--quiet", "--json", file, "--url", "unix:\(server.socket):/mirror"]
                    + Bench.patience + ["-c", "\(index + 1)"] + arguments,
                output: directory.file("output"))
        }
        for process in processes { #expect(process.wait() == 0) }
        return files
    }

    @Test("Counters, rates and histograms of a merged report are the sums of all.")
    func sums() throws {
        let directory = TemporaryDirectory()
        let files = try Self.together(
            ["--rate", "400", "--duration", "3s", "--method", "PUT"], in: directory)
        let merged = directory.file("merged.json")
        let (log, metrics) = (directory.file("all.hlog"), directory.file("all.prom"))
        let (distribution, seconds) = (directory.file("all.hgrm"), directory.file("all.csv"))
        let result = ChildProcess.run(
            "relaybench",
            ["merge", "--json", merged, "--hdr-log", log, "--openmetrics", metrics]
                + ["--hdr", distribution, "--timeseries", seconds] + files)
        #expect(result.code == 0, "\(result.output)")
        let parts = try files.map { try GeneratorReport($0) }
        let whole = try GeneratorReport(merged)
        #expect(whole.workload.connections == 3)
        #expect(whole.workload.schedule == .rate(800))
        let (run, runs) = (whole.runs[0], parts.map { $0.runs[0] })
        #expect(run.all.requests == runs.reduce(0) { $0 + $1.all.requests })
        let sum = Histogram()
        for run in runs { sum.add(run.all.corrected) }
        #expect(run.all.corrected.encoded == sum.encoded)
        #expect(run.intervals.reduce(0) { $0 + $1.requests } == sum.count)
        #expect(run.all.statuses[250] == sum.count)
        // The same server, seen by both.
        let spent = runs.compactMap { $0.server?.microsecondsPerRequest }
        let shared = try #require(run.server?.microsecondsPerRequest)
        #expect(shared < spent.max() ?? 0)
        let lines = readText(log).split(separator: "\n").filter { $0.first?.isNumber ?? false }
        #expect(lines.count == run.intervals.count { $0.requests > 0 })
        let logged = Histogram(digits: Limits.intervalDigits)
        for line in lines {
            let text = line.split(separator: ",").last.map { String($0) } ?? ""
            logged.add(try #require(Histogram(encoded: text)))
        }
        #expect(logged.count == sum.count)
        let figures = readText(metrics)
        #expect(figures.contains("relaybench_requests_total{scenario=\"url\"} \(sum.count)\n"))
        #expect(
            figures.contains("relaybench_latency_seconds_count{scenario=\"url\"} \(sum.count)\n"))
        #expect(figures.hasSuffix("# EOF\n"))
        #expect(readText(distribution).contains(" \(sum.count)]\n"))
        #expect(readText(seconds).split(separator: "\n").count == 1 + run.intervals.count)
    }

    @Test("A threshold is judged by the merged figures.")
    func thresholds() throws {
        let directory = TemporaryDirectory()
        let files = try Self.together(
            ["--rate", "50", "--duration", "3s", "--method", "PUT"], in: directory)
        for (threshold, code) in [("url:p(99)<1h", Int32(2)), ("p(99)<3600s", 0), ("rate<1", 99)] {
            let result = ChildProcess.run(
                "relaybench", ["merge", "--threshold", threshold] + files)
            #expect(result.code == code, "\(threshold): \(result.output)")
        }
    }

    @Test("What are no parts of one load is refused with the reason.")
    func refused() throws {
        let directory = TemporaryDirectory()
        let files = try Self.together(["--rate", "50", "--duration", "1s"], in: directory)
        let elsewhere = TemporaryDirectory()
        let other = try Self.together(
            ["--rate", "50", "--duration", "1s", "-m", "3"], in: elsewhere)
        for (paths, reason) in [
            ([files[0]], "two reports"), ([files[0], files[0]], "named twice"),
            ([files[0], other[1]], "differ in streams"),
            ([files[0], directory.file("output")], "is not a report"),
        ] {
            let result = ChildProcess.run("relaybench", ["merge"] + paths)
            #expect(result.code != 0 && result.output.contains(reason), "\(result.output)")
        }
    }
}
