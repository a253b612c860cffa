import Testing

@testable import Options

@Suite struct HelpTests {
    private func help(_ program: Program, _ words: String...) throws -> String {
        guard case .help(let text) = try program.parse(words) else { return "no help" }
        return text
    }

    @Test("The help of a verb says everything that its description knows.")
    func verb() throws {
        let expected = """
            Make a store of sample data.

            Usage: relayctl sample --store DIR [OPTIONS]

            Options:
              --store DIR               where the store is (required)
              -n, --orders N            how many orders to make (default: 10)
              --seed S                  what the random choices begin with
              --cache SIZE              memory to keep (default: 64KiB)
              --wait TIME               how long to wait (default: 1500ms)
              --json                    write JSON instead of text
              --format WORD             how to print (one of text, lines; default: text)
              --label TEXT              what to call it (may be repeated)
              -h, --help                explain this
              --man                     print the manual page, as roff for man(1)

            Exit codes: 0 done, 1 failed, 2 wrong command line.

            """
        #expect(try help(Sample.program, "sample", "--help") == expected)
    }

    @Test("Help wins over faults in the rest of the line.")
    func helpWins() throws {
        #expect(try help(Sample.program, "sample", "--bogus", "--help").hasPrefix("Make a store"))
        #expect(try help(Sample.program, "sample", "-h").hasPrefix("Make a store"))
    }

    @Test("The help of a program and of a group lists their verbs.")
    func groups() throws {
        let all = try help(Sample.program, "--help")
        #expect(all.contains("\n  sample                    Make a store of sample data\n"))
        #expect(all.contains("keys revoke"))
        let keys = try help(Sample.program, "keys", "--help")
        #expect(keys.contains("keys create") && !keys.contains("sample"))
    }

    @Test("No line of a help text is wider than a terminal.")
    func width() throws {
        for words in [["--help"], ["sample", "--help"], ["keys", "revoke", "--help"]] {
            guard case .help(let text) = try Sample.program.parse(words) else { continue }
            for line in text.split(separator: "\n") { #expect(line.count <= Limits.helpColumns) }
        }
    }

    @Test("A program without verbs explains its options at once.")
    func noVerbs() throws {
        let text = try help(Sample.daemon, "--help")
        #expect(text.contains("Usage: relayd --store DIR [OPTIONS]"))
        #expect(text.contains("--version"))
    }

    @Test(
        "The version is the program's name and number, wherever it is asked for.",
        arguments: [["--version"], ["-V"], ["--store", "x", "--version"], ["-V", "--store", "x"]])
    func version(words: [String]) throws {
        guard case .version(let line) = try Sample.daemon.parse(words) else {
            Issue.record("no version")
            return
        }
        #expect(line == "relayd 1.2.3")
        guard case .version = try Sample.program.parse(["sample"] + words) else {
            Issue.record("no version")
            return
        }
        // Behind two dashes it is an operand.
        #expect(Sample.daemonError("--store", "x", "--", "--version").contains("unexpected"))
    }

    @Test(
        "Help is found by a word too, and with options before it.",
        arguments: [
            ["help", "sample"], ["sample", "--help"], ["--store", "x", "sample", "--help"],
            ["-h", "sample"], ["--help", "sample", "--bogus"], ["--json", "help", "sample"],
        ])
    func word(words: [String]) throws {
        guard case .help(let text) = try Sample.program.parse(words) else {
            Issue.record("no help")
            return
        }
        #expect(text.hasPrefix("Make a store"))
    }

    @Test("The word help alone explains the program, and a wrong word after it is named.")
    func wordAlone() throws {
        #expect(try help(Sample.program, "help") == help(Sample.program, "--help"))
        #expect(try help(Sample.daemon, "help") == help(Sample.daemon, "--help"))
        #expect(try help(Sample.program, "help", "keys").contains("keys create"))
        #expect(Sample.error("help", "smaple") == "unknown verb smaple; did you mean sample?")
        #expect(Sample.error("smaple", "--help") == "unknown verb smaple; did you mean sample?")
        #expect(Sample.error("keys", "--man").hasPrefix("a verb is missing; expected one of keys"))
    }

    @Test("A program without verbs says its version wherever that is asked for.")
    func versionBehindOptions() throws {
        guard case .version = try Sample.daemon.parse(["--store", "x", "--version"]) else {
            Issue.record("no version")
            return
        }
        // Behind two dashes it is an operand.
        #expect(Sample.daemonError("--store", "x", "--", "--version").contains("unexpected"))
    }
}
