import Testing

@testable import relayctl

@Suite struct TopViewTests {
    private func sample(_ pid: Int, _ requests: Int, at time: Int) throws -> TopSample {
        let json = "{\"pid\":\(pid),\"requests\":\(requests)}"
        return try #require(TopSample(Array(json.utf8), time: time))
    }

    @Test("A silence is counted from the first question that had no answer.")
    func silence() throws {
        var view = TopView()
        view.add(try sample(7, 0, at: 0))
        view.add(try sample(7, 100, at: 1_000))
        #expect(view.lines(at: 1_000).contains { $0.hasPrefix("requests  100/s") })
        view.note("nobody listens", since: 2_000)
        view.note("still nobody", since: 3_000)
        let lines = view.lines(at: 7_500)
        #expect(lines[0] == "! no answer for 5 s: still nobody")
        // What was known last still stands there.
        #expect(lines.contains { $0.hasPrefix("requests  100/s") })
        view.add(try sample(7, 100, at: 8_000))
        #expect(!view.lines(at: 8_000)[0].hasPrefix("!"))
    }

    @Test("A restarted relayd is told from one that goes on, and has no rates yet.")
    func restart() throws {
        var view = TopView()
        view.add(try sample(7, 1_000, at: 0))
        view.add(try sample(8, 5, at: 1_000))
        let lines = view.lines(at: 1_000)
        #expect(lines[0] == "! relayd was restarted: process 7 is now 8")
        #expect(lines.contains { $0.hasPrefix("requests  0/s") })
        view.add(try sample(8, 15, at: 2_000))
        #expect(!view.lines(at: 2_000)[0].hasPrefix("!"))
    }

    @Test("Lines are broken between words, and the footer is always the last row.")
    func layout() {
        let line = "requests  5/s   2xx 1  3xx 2  4xx 3  5xx 4   1 a turn"
        let rows = TopLayout.fit([line], footer: "q ends", rows: 24, columns: 30)
        #expect(
            rows == [
                "requests  5/s   2xx 1  3xx 2 ", "          4xx 3  5xx 4   1 a", "          turn",
                "q ends",
            ])
        let wide = TopLayout.fit([line], footer: "q ends", rows: 24, columns: 200)
        #expect(wide == [line, "q ends"])
        let low = TopLayout.fit(["a", "b", "c"], footer: "q ends", rows: 3, columns: 80)
        #expect(low == ["a", "… the window is too low for more", "q ends"])
        #expect(TopLayout.fit(["a"], footer: "q ends", rows: 1, columns: 80) == ["q ends"])
        let word = String(repeating: "x", count: 100)
        let cut = TopLayout.fit([word], footer: "", rows: 24, columns: 40)
        #expect(cut.allSatisfy { $0.count <= 40 })
        #expect(cut.joined().filter { $0 == "x" }.count == 100)
    }
}
