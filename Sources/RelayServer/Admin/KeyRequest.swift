import CivilTime
import JSON
import RelayStore

/// What the body of an admin request says of a key.
///
/// | Member | |
/// |---|---|
/// | `account` | whose, of a new one |
/// | `label` | what it is for, of a new one |
/// | `expiresAt` | when it ends, of a new one |
/// | `rate`, `writeRate` | requests, and writes among them, as `RequestRate` writes them; null: no limit |
/// | `uploads` | uploads under way at once; null: no limit |
struct KeyRequest {
    var account: UInt32?
    var label: String?
    var expires: Timestamp?
    var limits = KeyLimitsPatch()

    /// What the limits have to be, for messages.
    static let limitsForm =
        "\"rate\"?: null or \(RequestRate.form), \"writeRate\"?: the same, \"uploads\"?: null or "
        + "1…\(RelayStore.Limits.uploadsOfKey)"

    /// Reads a body; nil when something in it is none of these, or of another form.
    init?(_ body: UnsafeRawBufferPointer, _ parser: JSONParser) {
        guard let value = try? parser.parse(body), value.kind == .object else { return nil }
        for (name, value) in value.members {
            guard read(name, value) else { return nil }
        }
    }

    private mutating func read(_ name: JSONString, _ value: JSONValue) -> Bool {
        if name.matches("account") {
            account = value.integer.flatMap { UInt32(exactly: $0) }
            return account != nil
        }
        if name.matches("label") {
            label = value.string.map { String($0) }
            return label != nil
        }
        if name.matches("expiresAt") {
            expires = value.string.flatMap { Timestamp(rfc3339: String($0)) }
            return expires != nil
        }
        if name.matches("rate") {
            limits.requests = Self.rate(value)
            return limits.requests != nil
        }
        if name.matches("writeRate") {
            limits.writes = Self.rate(value)
            return limits.writes != nil
        }
        if name.matches("uploads") {
            limits.uploads = Self.uploads(value)
            return limits.uploads != nil
        }
        return false
    }

    /// A limit, or none; nil when the value is neither.
    private static func rate(_ value: JSONValue) -> RequestRate?? {
        if value.kind == .null { return .some(nil) }
        return value.string.flatMap { RequestRate(String($0)) }.map { .some($0) }
    }

    private static func uploads(_ value: JSONValue) -> UInt32?? {
        if value.kind == .null { return .some(nil) }
        return value.integer.flatMap { RelayStore.KeyLimits.uploads($0) }.map { .some($0) }
    }
}
