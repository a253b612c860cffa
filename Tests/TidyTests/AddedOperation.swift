import TestSupport
import Testing

@testable import contractgen

/// A copy of the tree to which an operation is added: `createToy`, a write that resembles
/// createOrderField and stands wherever somebody has to write that one down.
struct AddedOperation {
    private let directory = TemporaryDirectory()
    /// The root of the copy.
    var root: String { directory.file("tree") }

    init() throws {
        let copied = ChildProcess.run("mkdir", ["-p", "\(root)/Tests", "\(root)/tools/docs"])
        try #require(copied.code == 0, "\(copied.output)")
        for part in ["Sources", "proto-json", "Tests/RelayClientTests"] {
            let copied = ChildProcess.run(
                "cp", ["-r", "\(SourceTree.root)/\(part)", "\(root)/\(part)"])
            try #require(copied.code == 0, "\(copied.output)")
        }
    }

    /// Writes what a person has to write.
    func write() throws {
        try contract()
        try double("mutating func createOrderField(", under: "Sources/RelayServer")
        try change()
        for file in TemporaryDirectory.names(in: "\(root)/proto-json/vectors/createOrderField")
        where file.hasSuffix(".json") {
            try create(
                "proto-json/vectors/createToy/\(file)",
                from: "proto-json/vectors/createOrderField/\(file)")
        }
    }

    /// Has the generator write the rest.
    func generate() throws {
        for change in try Change.all(root: root) { try change.apply(root: root) }
    }

    private func contract() throws {
        try create(
            "proto-json/schemas/NewToy.json", from: "proto-json/schemas/OrderFieldAddition.json")
        try edit("proto-json/openapi.json") { lines in
            try lines.double(from: "    \"/v1/order-fields\": {", to: "    },")
        }
    }

    /// The change's type beside what carries it out, and its lines in the registry: number and
    /// type.
    private func change() throws {
        let records = "Sources/RelayRecords"
        try double("mutating func createOrderField(", under: records)
        try edit(file(with: "public struct CreateOrderField", under: records)) { lines in
            try lines.double(from: "public struct CreateOrderField", to: "}")
        }
        try edit(file(with: "public enum ChangeKind", under: records)) { lines in
            try lines.double(from: "    case createOrderField = 20")
            try lines.double(from: "        case .createOrderField: CreateOrderField.self")
        }
    }

    /// Takes the change's type out of the registry again.
    func unregister() throws {
        try edit(file(with: "public enum ChangeKind", under: "Sources/RelayRecords")) { lines in
            try lines.remove("        case .createToy: CreateToy.self")
        }
    }

    // MARK: Files

    /// Doubles a method of an extension with its name changed.
    private func double(_ head: String, under directory: String) throws {
        try edit(file(with: head, under: directory)) { lines in
            try lines.double(from: "    \(head)", to: "    }")
        }
    }

    private func create(_ path: String, from other: String) throws {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try Directory.create("\(root)/\(parent)")
        let text = String(decoding: try Directory.read("\(root)/\(other)"), as: UTF8.self)
        try Directory.write(Array(Lines.renamed(text).utf8), to: "\(root)/\(path)")
    }

    private func edit(_ path: String, _ change: (inout Lines) throws -> Void) throws {
        let bytes = try Directory.read("\(root)/\(path)")
        var lines = Lines(path: path, text: String(decoding: bytes, as: UTF8.self))
        try change(&lines)
        try Directory.write(Array(lines.text.utf8), to: "\(root)/\(path)")
    }

    /// The one written file that has a text.
    private func file(with text: String, under directory: String) throws -> String {
        let found = SourceTree.files.filter { file in
            file.path.hasPrefix(directory) && !file.isGenerated
                && file.lines.contains { $0.contains(text) }
        }
        try #require(found.count == 1, "\(text) in \(found.map(\.path))")
        return found[0].path
    }
}

/// The lines of a file that is edited.
struct Lines {
    private let path: String
    private var lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    var text: String { lines.joined(separator: "\n") }

    /// Doubles the lines from the one that begins so to the next that is `end`, with the operation's
    /// name changed; one line without an end.
    mutating func double(from start: String, to end: String? = nil) throws {
        let first = try first(start)
        var last = first
        if let end {
            last = try #require(
                lines[(first + 1)...].firstIndex { $0 == end }, "\(path): `\(start)` has no end")
        }
        let copy = lines[first...last].map { Substring(Self.renamed(String($0))) }
        lines.insert(contentsOf: copy, at: first)
    }

    /// Removes the line that begins so.
    mutating func remove(_ start: String) throws { lines.remove(at: try first(start)) }

    private func first(_ start: String) throws -> Int {
        try #require(lines.firstIndex { $0.hasPrefix(start) }, "\(path) has no `\(start)`")
    }

    /// The toy's text, made from that of what it resembles.
    static func renamed(_ text: String) -> String {
        text.replacing("createOrderField", with: "createToy")
            .replacing("CreateOrderField", with: "CreateToy")
            .replacing("OrderFieldAddition", with: "NewToy")
            .replacing("/v1/order-fields", with: "/v1/toys")
            // A kind of change that no record has.
            .replacing("createToy = 20", with: "createToy = 200")
    }
}
