/// A part of a start that may take long.
public enum StartStage: String, Sendable {
    /// The store of a new host is made of a snapshot.
    case join
    /// What the store's log has, and the store lacks, is applied.
    case recovery
    /// A store of an older format is moved to the newest.
    case upgrade
    /// The store is read into memory.
    case warm

    /// For a sentence.
    var words: String {
        switch self {
        case .join: "its store is made of a snapshot"
        case .recovery: "what the store's log has is applied"
        case .upgrade: "the store is moved to the newest format"
        case .warm: "the store is read into memory"
        }
    }
}
