import JSON
import RelayStore

extension RecordAnswer {
    /// What a dry run answers: what it would have answered, without the ids and versions that only a
    /// change gives. A bare new id becomes null.
    func asDryRun(_ parser: JSONParser) -> RecordAnswer {
        guard problem == nil else { return self }
        var answer = self
        answer.version = nil
        answer.createdID = nil
        guard !body.isEmpty else { return answer }
        var writer = JSONWriter()
        // SAFETY: the array's own bytes, during this call; what a command answers is JSON.
        body.withUnsafeBytes { bytes in
            guard let value = try? parser.parse(bytes) else { return }
            if value.isProvisionalID { writer.null() } else { writer.copy(value) }
        }
        answer.body = writer.bytes
        return answer
    }
}

extension JSONValue {
    /// Whether it is an id that a dry run gave out.
    fileprivate var isProvisionalID: Bool {
        let id = integer.flatMap { UInt64(exactly: $0) } ?? string.flatMap { UInt64(String($0)) }
        guard let id else { return false }
        return id > RelayStore.Limits.provisionalIDs && Resource.isStorable(id)
    }
}

extension JSONWriter {
    /// Writes a value without the members that hold provisional ids. Numbers of other systems may
    /// be as large: only what the contract calls an id is looked at.
    fileprivate mutating func copy(_ value: JSONValue) {
        switch value.kind {
        case .object:
            beginObject()
            for (name, value) in value.members {
                let isID = name.matches("id") || name.matches("addressId")
                if isID, value.isProvisionalID { continue }
                self.name(name)
                copy(value)
            }
            endObject()
        case .array:
            beginArray()
            for element in value.elements { copy(element) }
            endArray()
        default: self.value(value)
        }
    }
}
