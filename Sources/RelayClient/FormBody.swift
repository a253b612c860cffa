import JSON
import RelayContract

/// A body of `multipart/form-data` under construction (RFC 7578).
struct FormBody {
    /// 128 random bits: no file has them by chance.
    private let boundary =
        "relay-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        + String(UInt64.random(in: 0 ... .max), radix: 16)
    private var bytes: [UInt8] = []

    /// The value of Content-Type.
    var mediaType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a part for each member of a model, all of which are strings.
    mutating func add(membersOf model: some ContractModel) {
        // What `json` writes can be parsed, and a JSONParser copies what it parses.
        let members = try? JSONParser().parse(model.json) { value in
            value.members.map { (name: String($0.name), value: $0.value.string.map { String($0) }) }
        }
        for member in members ?? [] {
            guard let value = member.value else {
                preconditionFailure("contractgen makes forms of strings only")
            }
            begin(member.name, "")
            bytes += value.utf8
            end()
        }
    }

    /// Adds a file.
    mutating func add(_ name: String, _ file: RelayUpload) {
        begin(
            name,
            "; filename=\"\(Self.quoted(file.name))\"\r\nContent-Type: \(Self.line(file.mediaType))"
        )
        bytes += file.bytes
        end()
    }

    /// The whole body.
    mutating func finish() -> [UInt8] {
        bytes += "--\(boundary)--\r\n".utf8
        return bytes
    }

    private mutating func begin(_ name: String, _ rest: String) {
        bytes +=
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(rest)\r\n\r\n".utf8
    }

    private mutating func end() { bytes += "\r\n".utf8 }

    /// As the service reads quoted strings: a backslash before quotes and itself.
    private static func quoted(_ text: String) -> String {
        line(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    /// Without line breaks, which would end the field.
    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" }))
    }
}
