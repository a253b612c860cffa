import RelayContract

/// What a command answers: a success with its body, or the problem that kept it from happening.
public struct RecordAnswer: Sendable {
    /// Why nothing was changed; nil on success.
    public var problem: Problem?
    /// 200 or 201 on success.
    public var status: Int
    /// JSON of a success.
    public var body: [UInt8]
    /// Version of the one record that the answer is about; with 412 its present version.
    public var version: UInt64?
    /// Id of a record that was created.
    public var createdID: UInt64?

    /// A success.
    public init(
        _ status: Int, body: [UInt8], version: UInt64? = nil, createdID: UInt64? = nil
    ) {
        self.status = status
        self.body = body
        self.version = version
        self.createdID = createdID
    }

    /// A refusal.
    public init(_ problem: Problem, version: UInt64? = nil) {
        self.problem = problem
        status = problem.status
        body = []
        self.version = version
    }

    /// A bare id, as several operations answer.
    static func id(_ status: Int, _ id: UInt64, version: UInt64) -> RecordAnswer {
        RecordAnswer(
            status, body: Array(String(id).utf8), version: version,
            createdID: status == 201 ? id : nil)
    }
}

/// What If-Match asks of a record before it is changed (RFC 9110 §13.1.1).
public enum RecordPrecondition: Sendable {
    /// Nothing.
    case none
    /// That it exists: `*`.
    case exists
    /// That it has one of these versions.
    case versions([UInt64])

    /// Whether a record of this version may be changed.
    func admits(_ version: UInt64) -> Bool {
        switch self {
        case .none, .exists: true
        case .versions(let versions): versions.contains(version)
        }
    }

    /// The refusal of a record that has another version.
    static func failed(_ version: UInt64) -> RecordAnswer {
        RecordAnswer(
            Problem(
                .preconditionFailed,
                "If-Match names another version; read the record again and repeat the change"),
            version: version)
    }
}
