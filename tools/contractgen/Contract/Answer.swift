/// What an operation answers when it succeeds.
struct Answer {
    enum Content: Equatable {
        /// No body: 204.
        case none
        /// One object.
        case model(String)
        /// A bare integer.
        case id
        /// A page of records, and what stands around them.
        case page(element: String, Envelope)
        /// The bytes of a file, of whatever media type it is, or of a calendar.
        case file
        /// An object that is no model.
        case json
    }

    /// What stands around the records of a list.
    enum Envelope: Equatable {
        /// Nothing: the list is a bare array.
        case array
        /// An object with that one member.
        case member(String)
    }

    /// The fields that say since when the operation is deprecated, and where its successor is.
    struct Deprecation {
        let since: String
        let link: String
    }

    /// The status codes, ascending.
    let statuses: [Int]
    let content: Content
    let description: String
    /// The fields of an answer, as HTTP names them.
    let headers: Set<String>
    let deprecation: Deprecation?
    /// The status codes of refusals that the contract names.
    let refusals: [Int]

    /// Reads `responses` of an operation.
    init(
        _ operation: Tree, _ id: String, isPaged: Bool, in document: Tree, _ schemas: SchemaReader
    ) throws(GeneratorFault) {
        var successes: [(status: Int, tree: Tree)] = []
        var refusals: [Int] = []
        for response in operation["responses"]?.members ?? [] {
            guard let status = Int(response.name) else { continue }
            if 200..<300 ~= status {
                successes.append((status, try Endpoint.resolve(response.value, in: document)))
            } else if status >= 400 {
                refusals.append(status)
            }
        }
        guard let last = successes.last else { throw GeneratorFault("\(id): no answer of success") }
        statuses = successes.map(\.status).sorted()
        self.refusals = refusals
        description = successes.compactMap { $0.tree["description"]?.string }
            .joined(separator: " ")
        var headers: [String: Tree] = [:]
        for (_, tree) in successes {
            for header in tree["headers"]?.members ?? [] {
                headers[header.name] = try Endpoint.resolve(header.value, in: document)
            }
        }
        self.headers = Set(headers.keys)
        if let since = headers["Deprecation"]?["schema"]?["const"]?.string,
            let link = headers["Link"]?["schema"]?["const"]?.string
        {
            deprecation = Deprecation(since: since, link: link)
        } else {
            deprecation = nil
        }
        content = try Self.content(last.tree, id, isPaged: isPaged, schemas)
        for (status, tree) in successes
        where try Self.content(tree, id, isPaged: isPaged, schemas) != content {
            throw GeneratorFault("\(id): \(status) has another body than \(last.status)")
        }
        let isLinked = isPaged || deprecation != nil
        for (name, isNeeded) in [("X-Total-Count", isPaged), ("Link", isLinked)]
        where self.headers.contains(name) != isNeeded {
            throw GeneratorFault("\(id): \(name) in an answer is for pages")
        }
    }

    private static func content(
        _ response: Tree, _ id: String, isPaged: Bool, _ schemas: SchemaReader
    ) throws(GeneratorFault) -> Content {
        guard let content = response["content"]?.members.first else { return .none }
        guard content.name == "application/json" else {
            guard ["*/*", "text/calendar"].contains(content.name) else {
                throw GeneratorFault("\(id): no client reads \(content.name)")
            }
            return .file
        }
        guard let schema = content.value["schema"] else {
            throw GeneratorFault("\(id): an answer without a schema")
        }
        guard let name = SchemaReader.referenced(schema) else {
            let types = schema["type"]?.strings ?? []
            let isId = schema["type"]?.string == "integer" || types == ["integer", "null"]
            if isId { return .id }
            guard schema["type"]?.string == "object" else {
                throw GeneratorFault("\(id): the answer's schema needs a file of its own")
            }
            return .json
        }
        if !isPaged { return .model(name) }
        let (element, envelope) = try schemas.list(name)
        return .page(element: element, envelope)
    }
}

extension SchemaReader {
    /// The model of a list's records, and what stands around them: a schema that is an array, or an object of
    /// which an array is the one member.
    fileprivate func list(
        _ name: String
    ) throws(GeneratorFault) -> (element: String, Answer.Envelope) {
        switch try schema(name).kind {
        case .list:
            if let element = trees[name]?["items"].flatMap(Self.referenced) {
                return (element, .array)
            }
        case .object(let object):
            if object.members.count == 1,
                case .array(.model(let element), _, _) = object.members[0].shape
            {
                return (element, .member(object.members[0].name))
            }
        default: break
        }
        throw GeneratorFault("\(name): a page is an array, or an object with one")
    }
}
