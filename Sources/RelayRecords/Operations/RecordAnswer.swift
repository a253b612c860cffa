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
    /// Whether it is the version of a list, whose tag is weak.
    public var isWeak = false
    /// Whether an earlier request under the same Idempotency-Key was answered so.
    public var isReplayed = false
    /// Id of a record that was created.
    public var createdID: UInt64?
    /// Sequence number of the newest change that the answer knows of: its own, or what it was refused
    /// or answered again behind.
    public internal(set) var sequence: UInt64 = 0

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
