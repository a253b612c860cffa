/// What an operation takes as its body.
struct RequestBody {
    /// The files of a form, beside the members of its model.
    struct Files {
        /// The member's name, which is that of each part.
        let name: String
        let description: String
    }

    let description: String
    /// The media types, those of JSON first.
    let mediaTypes: [String]
    /// The schema of the JSON body; a form has its members as parts.
    let model: String
    /// The Swift type that the service reads the JSON as, where it reads it in a way of its own (`x-read-as`).
    let readAs: String
    /// What a form has beside them; nil when the body cannot be a form.
    let files: Files?
    /// Whether the method takes the body piece by piece from the exchange, instead of reading it before.
    let isStreamed: Bool

    static let form = "multipart/form-data"

    /// Reads `requestBody` of an operation; nil when it has none.
    init?(_ operation: Tree, _ id: String, _ schemas: SchemaReader) throws(GeneratorFault) {
        guard let tree = operation["requestBody"] else { return nil }
        guard let description = tree["description"]?.string, let content = tree["content"] else {
            throw GeneratorFault("\(id): the body needs a description and content")
        }
        self.description = description
        let names = content.members.map(\.name)
        let json = names.filter(Self.isJSON)
        guard names.allSatisfy({ Self.isJSON($0) || $0 == Self.form }), !json.isEmpty else {
            throw GeneratorFault("\(id): a body is JSON, or JSON and \(Self.form)")
        }
        mediaTypes = json + names.filter { $0 == Self.form }
        let models = Set(
            json.map { content[$0]?["schema"].flatMap(SchemaReader.referenced) ?? "" })
        guard models.count == 1, let model = models.first, !model.isEmpty else {
            throw GeneratorFault("\(id): the body's schema needs a file of its own")
        }
        self.model = model
        readAs = tree["x-read-as"]?.string ?? model
        files = try content[Self.form].map { (form) throws(GeneratorFault) in
            try Self.files(of: form, model, id, schemas)
        }
        isStreamed = files != nil || operation["x-streamed-body"] == .boolean(true)
    }

    /// `application/json` and types with the suffix of RFC 6839.
    static func isJSON(_ mediaType: String) -> Bool {
        mediaType == "application/json" || mediaType.hasSuffix("+json")
    }

    /// A form's parts are the members of the model, as text, and one array of files.
    private static func files(
        of form: Tree, _ model: String, _ id: String, _ schemas: SchemaReader
    ) throws(GeneratorFault) -> Files {
        guard case .object(let object) = try schemas.schema(model).kind,
            object.members.allSatisfy(\.shape.isText)
        else { throw GeneratorFault("\(id): a form has no part for a member that is no text") }
        let parts = form["schema"]?["properties"]?.members ?? []
        let others = parts.filter { part in !object.members.contains { $0.name == part.name } }
        guard parts.count == object.members.count + 1, let files = others.first,
            files.value["items"]?["contentMediaType"] != nil,
            let description = files.value["description"]?.string
        else { throw GeneratorFault("\(id): the form has the members of \(model), and files") }
        return Files(name: files.name, description: description)
    }
}

extension Shape {
    /// Whether its JSON is a string, which a form has as it is.
    fileprivate var isText: Bool {
        switch self {
        case .string, .choice, .time, .wallTime, .month: true
        default: false
        }
    }
}
