import Glibc
import TestSupport
import Testing

@testable import relaybench

@Suite struct ReportPageTests {
    /// A report of a made-up run, as `run --json` writes it.
    static func sample(_ name: String = "order-get") -> String {
        let steps = (0..<40).map { index in
            let percent = 100 * (1 - 1 / (1 + Double(index) * Double(index) * 5))
            return "[\(percent),\(120 + index * index * 3)]"
        }
        let latency =
            #"{"p50":140,"p90":200,"p99":900,"p999":2100,"p9999":4000,"max":4800,"mean":160,"#
            + #""distribution":[\#(steps.joined(separator: ",")),[100,4800]]}"#
        let intervals = (0..<30).map {
            #"{"second":\#($0),"requests":\#(9_800 + $0 % 7 * 60),"errors":0,"p50":\#(130 + $0 % 5 * 8),"p99":\#(800 + $0 % 4 * 90),"max":\#(3_000 + $0 % 3 * 600)}"#
        }
        return
            #"{"relaybench":"x","format":1,"time":"2026-01-01T00:00:00.000Z","ended":"finished","#
            + #""machine":{"system":"Linux","processor":"A <processor>","cores":4},"#
            + #""load":{"unix":"/run/relay.sock","mode":"rate","rate":10000,"connections":8,"#
            + #""streams":32,"threads":2},"clientWasLimit":false,"#
            + #""thresholds":[{"threshold":"p(99)<5ms","figure":900,"holds":true}],"#
            + #""runs":[{"rate":10000,"errors":0,"latency":\#(latency),"#
            + #""server":{"cpuMicrosecondsPerRequest":2.4,"busiestThread":0.3},"#
            + #""client":{"cpuMicrosecondsPerRequest":1.9,"busiestThread":0.2},"#
            + #""scenarios":[{"name":"\#(name)","requests":300000,"errors":0,"latency":\#(latency)}],"#
            + #""intervals":[\#(intervals.joined(separator: ","))]}]}"#
    }

    @Test("A page needs nothing from anywhere, and holds charts, tables and machine.")
    func page() throws {
        let report = try SavedReport("sample", bytes: Array(Self.sample().utf8))
        let html = ReportPage(report: report).html
        for word in ["http://", "https://", "<script", "<link", "@import", "url("] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.components("<svg") == 6 && html.components("</svg>") == 6)
        #expect(html.contains("prefers-color-scheme: dark"))
        #expect(html.contains("order-get") && html.contains("A &lt;processor&gt;"))
        #expect(html.contains("kept</span> p(99)&lt;5ms"))
    }

    @Test("Charts have a size for telephones, whose text is not scaled down.")
    func narrow() throws {
        let report = try SavedReport("sample", bytes: Array(Self.sample().utf8))
        let html = ReportPage(report: report).html
        #expect(html.components("viewBox=\"0 0 860 320\"") == 3)
        // 400 pixels less the page's own margins: a pixel is a pixel.
        #expect(html.components("viewBox=\"0 0 360 300\"") == 3)
        #expect(html.contains("@media (max-width: 640px)"))
    }

    @Test("The pointer shows values, and thresholds are drawn.")
    func hover() throws {
        let report = try SavedReport("sample", bytes: Array(Self.sample().utf8))
        let charts = ReportCharts(report: report, run: report.runs[0])
        #expect(charts.latencies.limits.map(\.y) == [5_000])
        #expect(charts.distribution.limits.count == 1 && charts.throughput.limits.isEmpty)
        #expect(charts.latencies.hovers.count == 30)
        let svg = charts.latencies.svg
        #expect(svg.contains("<title>second 3\nlongest wait") && svg.contains("p(99)&lt;5ms"))
        #expect(svg.contains("class=\"limit\""))
    }

    @Test("Other runs of --repeat are on the page.")
    func runs() throws {
        let text = Self.sample()
        let start = try #require(text.firstRange(of: #""runs":["#)?.upperBound)
        let run = text[start...].dropLast(2)
        let twice = String(text[..<start]) + run + "," + run + "]}"
        let report = try SavedReport("sample", bytes: Array(twice.utf8))
        let html = ReportPage(report: report).html
        #expect(html.contains("<summary>Run 1 over time</summary>"))
        #expect(html.components("<svg") == 10)
    }

    @Test("Text of a report cannot become markup.")
    func escapes() throws {
        let report = try SavedReport("x", bytes: Array(Self.sample("<b>x</b>").utf8))
        #expect(!ReportPage(report: report).html.contains("<b>x"))
    }

    @Test("The picture is one SVG that stands alone, with both latencies of an open loop.")
    func picture() throws {
        let report = try SavedReport("sample", bytes: Array(Self.sample().utf8))
        let svg = ReportPage(report: report).distribution.picture
        #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("from the intended time") && svg.contains("prefers-color-scheme"))
    }

    /// A browser, where one is installed. Its sandbox needs rights that a container lacks.
    static let browser: String? = ["/usr/bin/chromium", "/usr/bin/google-chrome"]
        .first { access($0, X_OK) == 0 }

    @Test(
        "A real browser shows the page: lines, text and no blank screen.",
        .enabled(
            if: browser != nil,
            "no browser is installed: apt-get install chromium to look at the page"),
        arguments: [("light", 1_000), ("dark", 1_000), ("light", 400)])
    func screenshot(scheme: String, width: Int) throws {
        let directory = TemporaryDirectory()
        let (json, html) = (directory.file("r.json"), directory.file("r.html"))
        try TextFile.write(Array(Self.sample().utf8), to: json)
        let (code, _) = ChildProcess.run("relaybench", ["report", json, "--html", html])
        #expect(code == 0)
        let picture = directory.file("r.png")
        let dark = scheme == "dark" ? ["--blink-settings=preferredColorScheme=0"] : []
        _ = ChildProcess.run(
            try #require(Self.browser),
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--user-data-dir=\(directory.file("profile"))", "--window-size=\(width),1700",
                "--screenshot=\(picture)", "file://\(html)",
            ] + dark)
        let bytes = try TextFile.read(picture)
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        // An empty page of this size is a PNG of 6 KB.
        #expect(bytes.count > 30_000, "\(bytes.count) bytes")
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
