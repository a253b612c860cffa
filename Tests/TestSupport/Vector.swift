import Glibc
import JSON

/// A request and the answer it must get, from proto-json/vectors/<operationId>/<case>.json. The format is described
/// in proto-json/vectors/README.md.
public struct Vector: Sendable {
    /// Whose key goes with a request.
    public enum Key: String, Sendable {
        /// A key of account 1.
        case `default`
        /// No Authorization field.
        case none
        /// A key of account 1 that has been revoked.
        case revoked
        /// A key of account 2.
        case other
        /// A key of account 1 that is good for one request an hour.
        case limited
    }

    /// A request to be sent.
    public struct Request: Sendable {
        /// The method.
        public var method: String
        /// The path with its query.
        public var path: String
        /// Field names in lower case. A request with a body has a content-type.
        public var headers: [(name: String, value: String)]
        /// The body, or nil for none.
        public var body: [UInt8]?
        /// Whose key.
        public var key: Key
    }

    /// An answer that was received. Field names in lower case.
    public struct Answer: Sendable {
        /// The status.
        public var status: Int
        /// The fields.
        public var headers: [(name: String, value: String)]
        /// The body.
        public var body: [UInt8]

        /// An answer with those parts.
        public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// The value of a field.
        public subscript(name: String) -> String? {
            headers.first { $0.name == name }?.value
        }
    }

    /// A request with the answer that it must get.
    public struct Step: Sendable {
        /// What to send.
        public var request: Request
        /// What must come back.
        public var expectation: VectorExpectation
    }

    /// The operationId: the directory's name.
    public let operation: String
    /// The file's name without its ending.
    public let file: String
    /// What the vector shows, as a sentence.
    public let name: String
    /// Requests on the empty store beforehand; each must succeed.
    public let setup: [Request]
    /// The request in question, then those that show what it did.
    public let steps: [Step]
}

extension Vector: CustomStringConvertible {
    /// `getOrder/ok: An order is …`
    public var description: String { "\(operation)/\(file): \(name)" }
}

// MARK: Loading

/// A vector that does not follow the format.
public struct VectorFault: Error, CustomStringConvertible {
    /// Which file and what is wrong with it.
    public let description: String
}

extension Vector {
    /// The directory of the vectors: this file is Tests/TestSupport/Vector.swift.
    public static let directory =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        + "/proto-json/vectors"

    /// Every vector, by operation and file name.
    public static func all() throws -> [Vector] {
        try names(in: directory).filter { !$0.contains(".") }.flatMap { operation in
            try names(in: "\(directory)/\(operation)").filter { $0.hasSuffix(".json") }.map {
                let text = try read("\(directory)/\(operation)/\($0)")
                return try Vector(operation, String($0.dropLast(".json".count)), text)
            }
        }
    }

    /// Reads one vector.
    init(_ operation: String, _ file: String, _ text: [UInt8]) throws {
        do {
            let tree = try JSONParser().parse(text) { VectorTree($0) }
            try self.init(operation, file, tree)
        } catch {
            throw VectorFault(description: "\(operation)/\(file): \(error)")
        }
    }

    private init(_ operation: String, _ file: String, _ tree: VectorTree) throws {
        try tree.check(members: ["name", "setup", "key", "request", "expect", "then"])
        self.operation = operation
        self.file = file
        name = try tree.string("name")
        let key = try tree.key ?? .default
        setup = try (tree["setup"]?.elements ?? []).map { try Request($0, key: .default) }
        guard let request = tree["request"], let expect = tree["expect"] else {
            throw VectorFault(description: "request and expect are required")
        }
        let first = Step(
            request: try Request(request, key: key), expectation: try VectorExpectation(expect))
        // Who asks afterwards whether anything was changed needs a key that works.
        let later = key == .other ? Key.other : .default
        steps =
            try [first]
            + (tree["then"]?.elements ?? []).map { step in
                guard let request = step["request"], let expect = step["expect"] else {
                    throw VectorFault(description: "then: request and expect are required")
                }
                return Step(
                    request: try Request(request, key: later),
                    expectation: try VectorExpectation(expect))
            }
    }

    private static func names(in path: String) throws -> [String] {
        guard let stream = opendir(path) else { throw VectorFault(description: "no \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // SAFETY: the entry lives until the next readdir; its name is NUL-terminated and copied.
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "re") else { throw VectorFault(description: "no \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }
}

extension Vector.Request {
    init(_ tree: VectorTree, key: Vector.Key) throws {
        try tree.check(
            members: ["method", "path", "headers", "body", "rawBody", "bodySize", "key"])
        method = try tree.string("method")
        path = try tree.string("path")
        headers = try tree.headers()
        self.key = try tree.key ?? key
        if let body = tree["body"] {
            self.body = body.json
        } else if let text = tree["rawBody"]?.string {
            body = Array(text.utf8)
        } else if case .integer(let size)? = tree["bodySize"] {
            body = [UInt8](repeating: UInt8(ascii: " "), count: Int(size))
        } else {
            body = nil
        }
        if body != nil, !headers.contains(where: { $0.name == "content-type" }) {
            headers.append(("content-type", "application/json"))
        }
    }

    /// Fills in what the path and the fields take from the answers of the setup: `<<etag of setup 1>>`,
    /// `<<cursor of setup 1>>`, `<<position of setup 1>>`.
    public func resolved(after answers: [Vector.Answer]) throws -> Vector.Request {
        var request = self
        request.path = try Self.resolve(path, answers)
        request.headers = try headers.map { ($0.name, try Self.resolve($0.value, answers)) }
        return request
    }

    private static func resolve(_ text: String, _ answers: [Vector.Answer]) throws -> String {
        guard let match = text.firstMatch(of: /<<(etag|cursor|position) of setup ([0-9]+)>>/) else {
            return text
        }
        guard let index = Int(match.2), index < answers.count else {
            throw VectorFault(description: "\(match.0): there is no such setup")
        }
        let value: Substring?
        if match.1 == "etag" {
            value = answers[index]["etag"].map { $0[...] }
        } else if match.1 == "position" {
            value = answers[index]["relay-seq"].map { $0[...] }
        } else {
            value = answers[index]["link"]?.firstMatch(of: /[?&]cursor=([^&>]+)/)?.1
        }
        guard let value else {
            throw VectorFault(description: "\(match.0): the answer has none")
        }
        return text.replacing(match.0, with: value)
    }
}
