import RelayContract
import RelayStore

/// What If-Match and If-None-Match ask of what is there before it is changed (RFC 9110 §13.2.2,
/// steps 1 and 3). Looked at in the transaction that writes, so that nothing comes between.
public struct RecordPrecondition: Equatable, Sendable {
    /// What one of the fields names.
    public enum Tags: Equatable, Sendable {
        /// Whatever there is: `*`.
        case any
        /// Tags of this store's epoch, as versions.
        case versions([UInt64])

        fileprivate func names(_ version: UInt64) -> Bool {
            switch self {
            case .any: true
            case .versions(let versions): versions.contains(version)
            }
        }
    }

    /// If-Match: without weak tags, which it never means (§13.1.1).
    public var ifMatch: Tags?
    /// If-None-Match: weak tags and strong ones.
    public var ifNoneMatch: Tags?

    /// What the fields ask.
    public init(ifMatch: Tags? = nil, ifNoneMatch: Tags? = nil) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
    }

    /// Nothing.
    public static let none = RecordPrecondition()

    /// Why a change must not happen; nil when it may.
    ///
    /// - Parameters:
    ///   - version: of what is there; nil when nothing is.
    ///   - isWeak: whether its tag is weak, as a list's is.
    func refusal(of version: UInt64?, isWeak: Bool = false) -> RecordAnswer? {
        if let ifMatch {
            let isMet =
                if case .any = ifMatch { version != nil } else {
                    !isWeak && version.map(ifMatch.names) ?? false
                }
            if !isMet { return Self.failed(.ifMatchFailed, version, isWeak) }
        }
        if let ifNoneMatch, version.map(ifNoneMatch.names) ?? false {
            return Self.failed(.ifNoneMatchFailed, version, isWeak)
        }
        return nil
    }

    private static func failed(
        _ problem: Problem, _ version: UInt64?, _ isWeak: Bool
    ) -> RecordAnswer {
        var answer = RecordAnswer(problem, version: version)
        answer.isWeak = isWeak
        return answer
    }
}

/// What the conditional fields of a POST ask of what a GET of its path would answer.
public struct TargetPrecondition: Sendable {
    /// What a GET of the path would answer.
    public enum Target: Sendable {
        /// The list of a kind of record.
        case list(Resource)
        /// A list that is a part of one record. Who changes the record looks: without a record
        /// there is nothing to ask for, and the answer is 404 whatever the fields say.
        case part
        /// Nothing: the path takes no GET.
        case nothing
    }

    /// What is asked.
    public var precondition: RecordPrecondition
    /// Of what.
    public var target: Target

    /// Asks it of that.
    public init(_ precondition: RecordPrecondition, of target: Target) {
        self.precondition = precondition
        self.target = target
    }
}

extension RecordTransaction {
    /// Why a POST must not happen; nil when it may.
    func targetRefusal() throws(StoreError) -> RecordAnswer? {
        guard let target else { return nil }
        switch target.target {
        case .part: return nil
        case .nothing: return target.precondition.refusal(of: nil)
        case .list(let resource):
            let view = view
            let counter = try view.counter(account: account, resource: resource.rawValue)
            return target.precondition.refusal(of: counter.changeSequence, isWeak: true)
        }
    }
}

extension Problem {
    /// 412: nothing that is there has one of the tags.
    public static let ifMatchFailed = Problem(
        .preconditionFailed,
        "If-Match does not name the current version: read it and repeat the change")

    /// 412: what is there has one of the tags.
    public static let ifNoneMatchFailed = Problem(
        .preconditionFailed, "If-None-Match names the current version")
}
