import Options

/// A made-up program that has one of everything.
enum Sample {
    static let store = Option<String>.required("store", "DIR", .path, help: "where the store is")
    static let orders = Option<Int>.number(
        "orders", "N", .integer(1...1000), default: 10, help: "how many orders to make"
    ).letter("n")
    static let seed = Option<Int?>.optional(
        "seed", "S", .integer(-100...100), help: "what the random choices begin with")
    static let cache = Option<Int>.number(
        "cache", "SIZE", .size(0...(1 << 40)), default: 65536, help: "memory to keep")
    static let wait = Option<Int>.number(
        "wait", "TIME", .duration(0...86_400_000), default: 1500, help: "how long to wait")
    static let json = Option<Bool>.flag("json", help: "write JSON instead of text")
    static let format = Option<String>.text(
        "format", "WORD", .choice(["text", "lines"]), default: "text", help: "how to print")
    static let labels = Option<[String]>.repeated("label", "TEXT", help: "what to call it")
    static let id = Operand("ID", help: "which key")

    static let program = Program(
        name: "relayctl", summary: "Looks after a store", version: "1.2.3",
        verbs: [
            Verb(
                "sample", summary: "Make a store of sample data",
                options: [
                    store.description, orders.description, seed.description, cache.description,
                    wait.description, json.description, format.description, labels.description,
                ]),
            Verb("keys create", summary: "Make a key", options: [store.description]),
            Verb(
                "keys revoke", summary: "Take a key away", options: [json.description],
                operands: [id]),
        ],
        notes: ["Exit codes: 0 done, 1 failed, 2 wrong command line."])

    static let daemon = Program(
        name: "relayd", summary: "Serve a store", version: "1.2.3",
        options: [
            store.description, Option<String?>.optional("socket", "PATH", help: "x").description,
        ])

    static let ports = Option<[Int]>.repeated(
        "port", "N", .integer(1...65_535), help: "where to knock")
    static let pauses = Option<[Int]>.repeated(
        "pause", "TIME", .duration(0...60_000), help: "how long to rest in between")
    static let parts = Option<[Int]>.repeated(
        "part", "SIZE", .size(1...(1 << 30)), help: "how large a part is")
    static let colours = Option<[String]>.repeated(
        "colour", "WORD", .choice(["red", "blue"]), help: "what it looks like")
    static let files = Option<[String]>.repeated("file", "PATH", .path, help: "what to read")

    /// What can be given again and again, of every kind.
    static let visitor = Program(
        name: "visitor", summary: "Knocks at doors", version: "1.2.3",
        options: [
            ports.description, pauses.description, parts.description, colours.description,
            files.description,
        ])

    static func arguments(_ words: String...) throws -> Arguments {
        guard case .run(_, let arguments) = try program.parse(words) else {
            preconditionFailure("asked for help")
        }
        return arguments
    }

    static func error(_ words: String...) -> String { error(program, words) }

    static func daemonError(_ words: String...) -> String { error(daemon, words) }

    private static func error(_ program: Program, _ words: [String]) -> String {
        do {
            _ = try program.parse(words)
            return "no error"
        } catch {
            return "\(error)"
        }
    }
}
