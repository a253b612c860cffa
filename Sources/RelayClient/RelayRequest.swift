import HTTP2
import JSON
import RelayContract

/// A request of an operation, as its generated method puts it together.
struct RelayRequest {
    let operation: RelayContract.Operation
    /// Path and query, percent-encoded.
    private(set) var target: String
    private(set) var fields: [HeaderField] = []
    private(set) var body: [UInt8] = []
    private var hasQuery = false

    /// A request to the operation's path, in which the ids take the parameters' places.
    init(_ operation: RelayContract.Operation, _ ids: UInt64...) {
        self.operation = operation
        target = "\(operation.path)"
        for id in ids { fill("\(id)") }
    }

    /// A request to the operation's path, in which one of a closed set takes the parameter's place.
    init(_ operation: RelayContract.Operation, _ choice: some ContractChoice) {
        self.init(operation)
        fill(Self.word(choice))
    }

    private mutating func fill(_ parameter: String) {
        guard let start = target.firstIndex(of: "{"), let end = target.firstIndex(of: "}")
        else { preconditionFailure("\(operation) has a place for each id") }
        target.replaceSubrange(start...end, with: parameter)
    }

    /// Adds a parameter to the query, unless it is nil.
    mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
        guard let value else { return }
        add(name, encoded: PercentEncoding.encode(value.description))
    }

    private mutating func add(_ name: String, encoded value: String) {
        target += "\(hasQuery ? "&" : "?")\(name)=\(value)"
        hasQuery = true
    }

    /// Adds a parameter that has ids between commas, unless it is nil.
    mutating func add(_ name: String, _ ids: [UInt64]?) {
        add(name, ids.map { $0.map(String.init) })
    }

    /// Adds a parameter that has texts between commas, unless it is nil. Commas in the texts are escaped.
    mutating func add(_ name: String, _ texts: [String]?) {
        guard let texts else { return }
        add(name, encoded: texts.map(PercentEncoding.encode).joined(separator: ","))
    }

    /// Adds a parameter that has some of a closed set between commas, unless it is nil.
    mutating func add(_ name: String, _ choices: [some ContractChoice]?) {
        add(name, choices.map { $0.map(Self.word) })
    }

    /// Adds a parameter that is one of a closed set, unless it is nil.
    mutating func add(_ name: String, _ choice: (some ContractChoice)?) {
        guard let choice else { return }
        add(name, Self.word(choice))
    }

    private static func word(_ choice: some ContractChoice) -> String {
        var writer = JSONWriter()
        choice.write(to: &writer)
        // A word of the contract needs no escapes: what is left are the quotes around it.
        return String(decoding: writer.bytes.dropFirst().dropLast(), as: UTF8.self)
    }

    /// Sets a field, unless the value is nil.
    mutating func set(_ name: String, _ value: String?) {
        if let value { fields.append(HeaderField(name, value)) }
    }

    /// Asks for a part of the content.
    mutating func set(_ name: String, _ range: ByteRange?) { set(name, range?.field) }

    /// Sends a model as JSON.
    mutating func setBody(_ model: some ContractModel) {
        body = model.json
        set("content-type", "application/json")
    }

    /// Sends a model as JSON, or as a form when there are files to go with it.
    ///
    /// - Parameter name: the part's name of each file.
    mutating func setForm(_ model: some ContractModel, _ name: String, _ files: [RelayUpload]) {
        if files.isEmpty { return setBody(model) }
        var form = FormBody()
        form.add(membersOf: model)
        for file in files { form.add(name, file) }
        body = form.finish()
        set("content-type", form.mediaType)
    }
}
