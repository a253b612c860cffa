import Glibc
import TestSupport
import Testing

@Suite("The options of all programs")
struct OptionTableTests {
    static let programs = ["relayd", "relayctl", "relaybench"]
    /// What every verb has.
    static let everywhere: Set<String> = ["--help", "--man", "--version"]

    private static func help(_ words: [Substring]) -> [Substring] {
        let run = ChildProcess.run(
            String(words[0]), words.dropFirst().map(String.init) + ["--help"])
        #expect(run.code == 0, "\(words): \(run.output)")
        return run.output.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The first words of a section's entries, up to the two spaces before their explanation.
    private static func entries(_ lines: [Substring], of title: String) -> [Substring] {
        guard let start = lines.firstIndex(of: "\(title):") else { return [] }
        return lines[(start + 1)...].prefix { $0.hasPrefix(" ") }
            .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .map { line in
                let words = line.dropFirst(2)
                return words.firstRange(of: "  ").map { words[..<$0.lowerBound] } ?? words
            }
    }

    /// The names of the options that a verb says it has, with their letters.
    private static func options(_ words: [Substring]) -> [String: String?] {
        var options: [String: String?] = [:]
        for entry in entries(help(words), of: "Options") {
            let names = entry.split(separator: " ").filter { $0.hasPrefix("-") }
            let letter = names.first.flatMap { $0.hasPrefix("--") ? nil : $0.prefix(2) }
            options[String(names[names.count - 1])] = .some(letter.map(String.init))
        }
        return options
    }

    /// Programs with their verbs, as `OptionTable` names them.
    private static func verbs() -> [[Substring]] {
        programs.flatMap { program -> [[Substring]] in
            let verbs = entries(help([program[...]]), of: "Verbs")
            return verbs.isEmpty
                ? [[program[...]]] : verbs.map { [program[...]] + $0.split(separator: " ") }
        }
    }

    @Test("Each is in the table of those whose effect a test shows, or of those that have none.")
    func table() {
        var names: Set<String> = []
        for words in Self.verbs() {
            let verb = words.joined(separator: " ")
            names.insert(verb)
            let options = Set(Self.options(words).keys).subtracting(Self.everywhere)
            let covered = Set((OptionTable.covered[verb] ?? [:]).keys)
            let uncovered = OptionTable.uncovered[verb] ?? []
            #expect(options.subtracting(covered).subtracting(uncovered) == [], "\(verb): new")
            #expect(covered.union(uncovered).subtracting(options) == [], "\(verb): gone")
            #expect(covered.intersection(uncovered) == [], "\(verb): in both")
        }
        #expect(names.count > 20)
        #expect(names.isSuperset(of: OptionTable.covered.keys))
        #expect(names.isSuperset(of: OptionTable.uncovered.keys))
    }

    @Test("What the table names is a test in whose file the option is typed.")
    func tests() {
        for words in Self.verbs() {
            let options = Self.options(words)
            for (option, name) in OptionTable.covered[words.joined(separator: " ")] ?? [:] {
                let parts = name.split(separator: ".")
                let file = Self.source(String(parts[0]))
                let isThere = file.contains("func \(parts[1])(")
                #expect(isThere, "there is no test \(name)")
                let typed = [option] + [options[option].flatMap { $0 }].compactMap { $0 }
                let isTyped = typed.contains {
                    file.contains("\"\($0)") || file.contains(" \($0)")
                }
                #expect(isTyped, "\(name) does not give \(option) of \(words)")
            }
        }
    }

    @Test("--help, --man and --version are understood everywhere.")
    func everywhere() {
        for words in Self.verbs() {
            let arguments = words.dropFirst().map(String.init)
            let manual = ChildProcess.run(String(words[0]), arguments + ["--man"])
            #expect(manual.code == 0 && manual.output.hasPrefix(".TH "), "\(words)")
        }
        for program in Self.programs {
            let version = ChildProcess.run(program, ["--version"])
            #expect(version.code == 0 && version.output.hasPrefix(program + " "), "\(program)")
        }
    }

    /// The text of the test files of a name; this one is in Tests/EndToEndTests/Programs.
    private static func source(_ name: String) -> String {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        return ChildProcess.run("find", [root, "-name", "\(name).swift"]).output
            .split(separator: "\n").map { readText(String($0)) }.joined()
    }
}
