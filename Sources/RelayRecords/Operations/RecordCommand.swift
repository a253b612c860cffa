import CivilTime
import JSON
import RelayContract
import RelayStore

/// A change on its way through the writer, and the answer that comes back.
///
/// Everything that varies is fixed when the command is made (body, account) or in the change record
/// which it leaves (the time that the transaction gave it), so that this can be applied again
/// elsewhere with the same outcome.
public final class RecordCommand: WriteCommand, @unchecked Sendable {
    // SAFETY: `answer` is written and read on the writer thread only.
    private let change: any RecordChange
    private let account: UInt32
    private let applier: RecordApplier
    private let target: TargetPrecondition?
    private let request: IdempotentRequest?
    private let completion: @Sendable (Result<RecordAnswer, StoreError>) -> Void
    private var answer: RecordAnswer?

    /// Bytes of the request's body: what the writer's queue is bounded by.
    public let byteCount: Int
    /// Whether it is a dry run.
    public let isDryRun: Bool

    /// Makes a command.
    ///
    /// - Parameters:
    ///   - target: what a POST asks of what is at its path.
    ///   - isDryRun: a dry run: everything is checked and answered, nothing is kept.
    ///   - request: what a second request under the same key is told apart by; a dry run is
    ///     answered from what is remembered, but not remembered itself.
    ///   - completion: called on the writer thread, once the answer is durable.
    public init(
        _ change: any RecordChange, account: UInt32, byteCount: Int,
        applier: RecordApplier, target: TargetPrecondition? = nil, isDryRun: Bool = false,
        request: IdempotentRequest? = nil,
        completion: @escaping @Sendable (Result<RecordAnswer, StoreError>) -> Void
    ) {
        precondition(byteCount >= 0 && account > 0 && account < RelayStore.Limits.accounts)
        self.applier = applier
        self.target = target
        self.isDryRun = isDryRun
        self.request = request
        self.change = change
        self.account = account
        self.byteCount = byteCount
        self.completion = completion
    }

    /// Applies the change; a refusal is an answer too.
    public func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        let time = try applier.stamp(&transaction)
        let before = transaction.sequence
        let age = transaction.livedTime
        if let request {
            answer = try transaction.recall(request, account: account, now: age)
            if answer != nil {
                answer?.sequence = before
                return
            }
        }
        // Cheaper than to find out afterwards, which takes the command out of its group.
        let use = try transaction.use(of: account)
        if let use, use.isUsedUp, change.kind.adds {
            answer = RecordAnswer(Problem(quota: use))
            answer?.sequence = before
            return
        }
        let answer = try applier.apply(
            change, account: account, time: time,
            present: Timestamp(milliseconds: transaction.clockTime), target: target,
            to: &transaction)
        if answer.problem == nil { try transaction.requireQuota(since: use) }
        self.answer = isDryRun ? applier.asDryRun(answer) : answer
        self.answer?.sequence = isDryRun ? before : transaction.sequence
        // A refusal changed nothing: the same request may be right later.
        if let request, answer.problem == nil, !isDryRun {
            try transaction.remember(answer, to: request, account: account, now: age)
        }
    }

    /// Hands the answer on.
    public func complete(_ result: Result<Void, StoreError>) {
        switch result {
        case .success:
            guard let answer else {
                preconditionFailure("a command is applied before it is complete")
            }
            completion(.success(answer))
        case .failure(let error): completion(.failure(error))
        }
    }
}
