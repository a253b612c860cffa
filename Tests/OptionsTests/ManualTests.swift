import Options
import Testing

@Suite struct ManualTests {
    @Test("A page says what the help says, with what roff would misread escaped.")
    func page() throws {
        let page = try #require(Sample.program.manual(for: ["sample"]))
        #expect(page.hasPrefix(".TH "))
        #expect(page.contains(".SH OPTIONS\n"))
        #expect(page.contains("\\-\\-store DIR"))
        #expect(Sample.program.manual(for: ["nonsense"]) == nil)
    }

    @Test("There is a page for the program and one for each verb.")
    func pages() {
        let files = Sample.program.manualPages.map(\.file)
        #expect(files.count == Sample.program.verbs.count + 1)
        #expect(Set(files).count == files.count)
    }

    @Test("--man prints the page, wherever it stands.")
    func option() throws {
        guard case .help(let text) = try Sample.program.parse(["sample", "--man"]) else {
            Issue.record("--man is not understood")
            return
        }
        #expect(text == Sample.program.manual(for: ["sample"]))
    }

    @Test("Scripts for all shells name every verb and option.", arguments: Shell.allCases)
    func completions(shell: Shell) {
        let script = Sample.program.completions(for: shell)
        for verb in Sample.program.verbs {
            for option in verb.options { #expect(script.contains(option.name)) }
            for word in verb.name.split(separator: " ") { #expect(script.contains(word)) }
        }
    }
}
