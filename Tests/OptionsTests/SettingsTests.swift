import TestSupport
import Testing

@testable import Options

/// Options that are given by variables and by a file.
@Suite("An option's value")
struct SettingsTests {
    private static let store = Option<String>.required("store", "DIR", .path, help: "where")
    private static let loops = Option<Int?>.optional(
        "loops", "N", .integer(1...8), help: "how many")
    private static let cache = Option<Int>.number(
        "cache-size", "SIZE", .size(0...(1 << 40)), default: 65_536, help: "memory")
    private static let warm = Option<Bool>.flag("warm", help: "read all first")
    private static let users = Option<[Int]>.repeated(
        "allow-uid", "UID", .integer(0...9_999), help: "who")
    private static let config = Option<String?>.optional("config", "FILE", .path, help: "a file")
    private static let check = Option<Bool>.flag("check", help: "only look")
    private static let program = Program(
        name: "served", summary: "Serves", version: "1.2.3",
        options: [
            store.description, loops.description, cache.description, warm.description,
            users.description, config.description, check.description,
        ], variablePrefix: "SERVED_", settingsOption: config)

    private let directory = TemporaryDirectory()

    private func file(_ text: String) throws -> String {
        let path = directory.file("served.conf")
        try OutputFile.write(Array(text.utf8), to: path)
        return path
    }

    private func read(_ words: [String], _ environment: [String: String] = [:]) throws -> Arguments
    {
        guard case .run(_, let arguments) = try Self.program.parse(words, environment: environment)
        else { preconditionFailure("asked for help") }
        return arguments
    }

    private func fault(_ words: [String], _ environment: [String: String] = [:]) -> String {
        do {
            _ = try Self.program.parse(words, environment: environment)
            return "no fault"
        } catch {
            return "\(error)"
        }
    }

    @Test("comes from the command line, else from a variable, else from the file, else by default.")
    func order() throws {
        let path = try file("store = /file\nloops = 3\ncache-size = 3MiB\nwarm = true\n")
        let environment = ["SERVED_STORE": "/variable", "SERVED_LOOPS": "2"]
        let words = ["--config", path, "--store", "/typed"]
        let arguments = try read(words, environment)
        #expect(arguments[Self.store] == "/typed")
        #expect(arguments[Self.loops] == 2)
        #expect(arguments[Self.cache] == 3 << 20)
        #expect(arguments[Self.warm])
        #expect(arguments.origin(of: Self.store) == .commandLine)
        #expect(arguments.origin(of: Self.loops) == .variable("SERVED_LOOPS"))
        #expect(arguments.origin(of: Self.cache) == .file(path: path, line: 3))
        #expect(arguments.origin(of: Self.users) == nil)
        #expect(try read(["--config", path])[Self.store] == "/file")
        #expect(try read([], ["SERVED_CONFIG": path])[Self.loops] == 3)
        #expect(try read(["--store", "x"])[Self.cache] == 65_536)
    }

    @Test("that may be repeated comes whole from one place: commas in a variable, lines in a file.")
    func repeated() throws {
        let path = try file("allow-uid = 1\nallow-uid = 2\n")
        let words = ["--store", "x", "--config", path]
        #expect(try read(words)[Self.users] == [1, 2])
        #expect(try read(words, ["SERVED_ALLOW_UID": "7,8"])[Self.users] == [7, 8])
        #expect(try read(words + ["--allow-uid", "9"])[Self.users] == [9])
    }

    @Test("of a flag is true or false, and an empty variable is none.")
    func flags() throws {
        let path = try file("warm = true\n")
        let words = ["--store", "x", "--config", path]
        #expect(try read(words)[Self.warm])
        #expect(try !read(words, ["SERVED_WARM": "false"])[Self.warm])
        #expect(try read(words, ["SERVED_WARM": ""])[Self.warm])
        let expected = "SERVED_WARM: --warm cannot be 'yes': expected one of true, false"
        #expect(fault(words, ["SERVED_WARM": "yes"]) == expected)
    }

    @Test("may stand among comments, spaces and empty lines, and may have an equals sign in it.")
    func layout() throws {
        let path = try file("# a comment\r\n\n   store=/a = b  \r\n\t loops\t=\t4")
        let arguments = try read(["--config", path])
        #expect(arguments[Self.store] == "/a = b")
        #expect(arguments[Self.loops] == 4)
    }

    @Test(
        "that cannot be is named with its line.",
        arguments: [
            ("loops = 99", "--loops cannot be '99': expected a whole number from 1 to 8"),
            ("lops = 1", "there is no option lops; did you mean loops?"),
            ("config = other", "there is no option config"),
            ("loops 3", "expected 'option = value', such as 'loops = 2', not 'loops 3'"),
            ("[served]", "expected 'option = value', such as 'loops = 2', not '[served]'"),
            ("store = \"/x\"", "the value of store has quotes around it: a value stands without"),
            ("store =", "--store cannot be '': expected a path"),
        ])
    func faults(line: String, message: String) throws {
        let path = try file("\n\(line)\n")
        #expect(fault(["--store", "x", "--config", path]).hasPrefix("\(path):2: \(message)"))
    }

    @Test("that stands twice in a file is refused with both lines.")
    func twice() throws {
        let path = try file("loops = 1\nloops = 2\n")
        #expect(
            fault(["--store", "x", "--config", path])
                == "\(path):2: loops is given in \(path):1 too")
    }

    @Test("is looked for in a file that can be read and is text.")
    func unreadable() throws {
        let none = directory.file("none")
        #expect(
            fault(["--config", none])
                == "the settings file \(none) cannot be read: No such file or directory")
        let path = try file("store = \0")
        #expect(fault(["--config", path]) == "the settings file \(path) is not text in UTF-8")
        #expect(fault([], [:]) == "--store DIR is required")
    }

    @Test("is not read from a variable that nearly has its name; a warning says so.")
    func variables() {
        let environment = [
            "SERVED_STORE": "x", "SERVED_LOPS": "1", "OTHER": "1",
            "SERVED_PORT": "tcp://10.0.0.1:1",
            "SERVED_SERVICE_HOST": "10.0.0.1", "SERVED_PORT_1_TCP_ADDR": "10.0.0.1",
        ]
        #expect(
            Self.program.unknownVariables(environment)
                == ["the variable SERVED_LOPS sets nothing; did you mean SERVED_LOOPS?"])
        #expect(Sample.program.unknownVariables(environment) == [])
    }

    @Test("is printed with its place, in lines that are a settings file again.")
    func printed() throws {
        let path = try file("loops = 3\n")
        let arguments = try read(
            ["--config", path, "--store", "x", "--check"],
            ["SERVED_ALLOW_UID": "7,8", "SERVED_WARM": "true"])
        let text = Self.program.settingsFile(arguments, without: Self.check)
        let expected = """
            # from: command line
            store = x
            # from: \(path):1
            loops = 3
            # the default
            cache-size = 64KiB
            # from: SERVED_WARM
            warm = true
            # from: SERVED_ALLOW_UID
            allow-uid = 7
            allow-uid = 8

            """
        #expect(text == expected)
        let again = try file(text)
        #expect(try read(["--config", again])[Self.users] == [7, 8])
    }
}
