import Testing

@testable import Options

@Suite struct ParserTests {
    @Test("A value may follow its option or stand behind an equals sign.")
    func values() throws {
        let arguments = try Sample.arguments("sample", "--store", "a", "--orders=7", "--json")
        #expect(arguments[Sample.store] == "a")
        #expect(arguments[Sample.orders] == 7)
        #expect(arguments[Sample.json])
    }

    @Test("An option that is left out has its default, or nothing.")
    func defaults() throws {
        let arguments = try Sample.arguments("sample", "--store=a")
        #expect(arguments[Sample.orders] == 10)
        #expect(arguments[Sample.cache] == 65536)
        #expect(arguments[Sample.seed] == nil)
        #expect(!arguments[Sample.json])
        #expect(arguments[Sample.format] == "text")
        #expect(arguments[Sample.labels] == [])
    }

    @Test("A value behind an equals sign may look like an option or contain another equals sign.")
    func inlineValues() throws {
        #expect(try Sample.arguments("sample", "--store=--odd=x")[Sample.store] == "--odd=x")
    }

    @Test("A letter after one dash stands for its option.")
    func letters() throws {
        #expect(try Sample.arguments("sample", "--store=a", "-n", "7")[Sample.orders] == 7)
        #expect(try Sample.arguments("sample", "--store=a", "-n=7")[Sample.orders] == 7)
        #expect(Sample.error("sample", "--store=a", "-x").contains("-x"))
    }

    @Test("A negative number is a value and not an option.")
    func negativeNumbers() throws {
        let arguments = try Sample.arguments("sample", "--store", "a", "--seed", "-5")
        #expect(arguments[Sample.seed] == -5)
        #expect(
            Sample.error("sample", "--store", "a", "--orders", "-5")
                == "--orders cannot be '-5': expected a whole number from 1 to 1000")
    }

    @Test("A repeated option keeps every value in order.")
    func repeated() throws {
        let arguments = try Sample.arguments(
            "sample", "--store", "a", "--label", "x", "--label=y")
        #expect(arguments[Sample.labels] == ["x", "y"])
    }

    @Test("A repeated option of any kind keeps every value: numbers, sizes, times, words, paths.")
    func repeatedKinds() throws {
        let words = [
            "--port", "80", "--port=443", "--pause", "2s", "--pause=5", "--part", "1KiB",
            "--part=7", "--colour=red", "--colour", "blue", "--file=x", "--file", "y",
        ]
        guard case .run(_, let arguments) = try Sample.visitor.parse(words) else {
            Issue.record("did not run")
            return
        }
        #expect(arguments[Sample.ports] == [80, 443])
        #expect(arguments[Sample.pauses] == [2_000, 5])
        #expect(arguments[Sample.parts] == [1_024, 7])
        #expect(arguments[Sample.colours] == ["red", "blue"])
        #expect(arguments[Sample.files] == ["x", "y"])
    }

    @Test("No kind is read as a value of another type.")
    func kindsAndTypes() {
        let types: [Any.Type] = [
            Bool.self, String.self, String?.self, [String].self, Int.self, Int?.self, [Int].self,
        ]
        func fitting(_ kind: Kind) -> [Bool] { types.map { kind.yields($0) } }
        let texts = [false, true, true, true, false, false, false]
        let numbers = [false, false, false, false, true, true, true]
        #expect(fitting(.flag) == [true, false, false, false, false, false, false])
        for kind in [Kind.text, .path, .choice(["a"])] { #expect(fitting(kind) == texts) }
        for kind in [Kind.integer(0...1), .size(0...1), .duration(0...1)] {
            #expect(fitting(kind) == numbers)
        }
    }

    @Test("Operands fill their places, also behind two dashes.")
    func operands() throws {
        #expect(try Sample.arguments("keys", "revoke", "7")[Sample.id] == "7")
        #expect(try Sample.arguments("keys", "revoke", "--json", "--", "-7")[Sample.id] == "-7")
        #expect(Sample.error("keys", "revoke") == "ID is missing")
        #expect(Sample.error("keys", "revoke", "1", "2") == "unexpected argument '2'")
    }

    @Test("An unknown option names itself and the nearest one.")
    func unknownOption() {
        #expect(
            Sample.daemonError("--store", "a", "--sokcet", "b")
                == "unknown option --sokcet; did you mean --socket?")
        #expect(
            Sample.daemonError("--sokcet=b") == "unknown option --sokcet; did you mean --socket?")
        #expect(Sample.daemonError("--frobnicate") == "unknown option --frobnicate")
        #expect(Sample.daemonError("-s") == "unknown option -s")
    }

    @Test("An unknown verb names itself and the nearest one, or all that there are.")
    func unknownVerb() {
        #expect(Sample.error("smaple") == "unknown verb smaple; did you mean sample?")
        #expect(
            Sample.error("keys", "crate") == "unknown verb keys crate; did you mean keys create?")
        #expect(Sample.error("dance") == "unknown verb dance; expected one of sample, keys")
        #expect(Sample.error() == "a verb is missing; expected one of sample, keys")
        #expect(
            Sample.error("keys") == "a verb is missing; expected one of keys create, keys revoke")
    }

    @Test("A missing value, a missing option and a second occurrence are each named.")
    func missing() {
        #expect(Sample.error("sample", "--store") == "--store needs a value: expected a path")
        #expect(
            Sample.error("sample", "--store", "--json") == "--store needs a value: expected a path")
        #expect(Sample.error("sample") == "--store DIR is required")
        #expect(
            Sample.error("sample", "--store", "a", "--store", "b")
                == "--store is given more than once")
        #expect(Sample.error("sample", "--json=yes") == "--json takes no value")
    }

    @Test("An argument beyond the limit is refused.")
    func tooLong() {
        let long = String(repeating: "x", count: Limits.argumentBytes + 1)
        #expect(
            Sample.error("sample", "--store", long)
                == "an argument of 4097 bytes is too long: at most 4096")
    }

    @Test("A program without verbs takes its first word as an operand.")
    func noVerbs() throws {
        #expect(Sample.daemonError("--store", "a", "serve") == "unexpected argument 'serve'")
        guard case .run(let verb, _) = try Sample.daemon.parse(["--store", "a"]) else {
            Issue.record("did not run")
            return
        }
        #expect(verb.name.isEmpty)
    }

    @Test(
        "Options may stand before the verb and between its words.",
        arguments: [
            ["--store", "a", "keys", "create"], ["keys", "--store", "a", "create"],
            ["--store=a", "keys", "create"], ["keys", "create", "--store", "a"],
        ])
    func optionsFirst(words: [String]) throws {
        guard case .run(let verb, let arguments) = try Sample.program.parse(words) else {
            Issue.record("did not run")
            return
        }
        #expect(verb.name == "keys create")
        #expect(arguments[Sample.store] == "a")
    }

    @Test("An option before the verb takes its value, and nothing is guessed.")
    func optionsFirstFaults() {
        #expect(Sample.error("--store", "sample").hasPrefix("a verb is missing"))
        #expect(
            Sample.error("--store", "a", "smaple") == "unknown verb smaple; did you mean sample?")
        #expect(
            Sample.error("--stoer", "a", "sample")
                == "unknown option --stoer; did you mean --store?")
        #expect(Sample.error("--json", "--store", "a", "keys", "create").contains("--json"))
        #expect(Sample.error("--", "sample").hasPrefix("a verb is missing"))
    }

    @Test(
        "No message proposes what was typed.",
        arguments: ["--help=x", "--man=x", "--version=x"])
    func noEcho(option: String) {
        let name = option.prefix { $0 != "=" }
        #expect(Sample.error("sample", option) == "\(name) takes no value")
        #expect(Sample.error(option) == "\(name) takes no value")
        #expect(Sample.daemonError("--store", "a", option) == "\(name) takes no value")
    }
}
