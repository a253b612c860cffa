import Options
import RelayRecords
import Testing

@testable import relayctl

@Suite struct CommandsTests {
    @Test("Every verb answers in JSON on demand, explains itself and needs no more than it uses.")
    func verbs() throws {
        for verb in Commands.program.verbs {
            #expect(verb.options.contains { $0.name == "json" }, "\(verb.name)")
            let words = verb.name.split(separator: " ").map(String.init)
            guard case .help(let text) = try Commands.program.parse(words + ["--help"]) else {
                Issue.record("\(verb.name) does not explain itself")
                continue
            }
            #expect(text.contains("Usage: relayctl \(verb.name)"))
        }
    }

    @Test("A sample needs its store and its number of orders.")
    func sample() throws {
        let line = ["sample", "--store", "x", "--orders", "10", "--accounts", "3", "--seed", "9"]
        guard case .run(let verb, let arguments) = try Commands.program.parse(line) else {
            Issue.record("did not parse")
            return
        }
        #expect(verb.name == "sample")
        #expect(arguments[Commands.orders] == 10)
        #expect(arguments[Commands.accounts] == 3)
        #expect(arguments[Commands.seed] == 9)
        #expect(throws: UsageError.self) {
            try Commands.program.parse(["sample", "--store", "x", "--orders", "0"])
        }
    }

    @Test("dump offers the kinds of records that have lines in a dump, and no others.")
    func dumpedKinds() {
        let absent = ["orderField", "comment", "contactPerson", "term", "commentSegment"]
        for name in Resource.allCases.map(\.name) {
            let line = ["dump", "--store", "x", "--resource", name]
            let isTaken = (try? Commands.program.parse(line)) != nil
            #expect(isTaken == !absent.contains(name), "\(name)")
        }
    }
}
