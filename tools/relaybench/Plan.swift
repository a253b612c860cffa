import HTTP2

/// A scenario together with what was learnt of the server: how to make its requests, and what their
/// answers must be. Fixed before the run and shared by all threads.
struct Plan: Sendable {
    let name: String
    let weight: Double
    let keys: KeyChoice
    let method: String
    let fields: [HeaderField]
    let target: Target
    let body: Body
    let expectation: Expectation

    /// What a path is made of.
    enum Target: Sendable {
        /// Prefix, a number that belongs to the key, suffix.
        case numbered(prefix: [UInt8], Numbers, suffix: [UInt8])
        /// One of a few whole paths, each with its list's total.
        case listed([Listed])
        /// A walk that begins at a path.
        case walk([UInt8])
    }

    /// A whole path and the total that its list has.
    struct Listed: Sendable {
        let path: [UInt8]
        let total: Int
        let offset: Int
    }

    /// The number of a key: ids or offsets.
    enum Numbers: Sendable {
        /// `first + key`.
        case range(first: UInt64, count: Int)
        /// Ids with gaps.
        case list([UInt64])

        var count: Int {
            switch self {
            case .range(_, let count): count
            case .list(let ids): ids.count
            }
        }
    }

    /// What is sent.
    enum Body: Sendable {
        case none
        /// `{"dueDate":"…"}` with a day that changes.
        case dueDate
        /// A comment.
        case comment
    }

    /// What an answer must be.
    struct Expectation: Sendable {
        var status = 200
        /// Depth of a document, see `PageScanner`; 0 when the body is not JSON that we know.
        var level = 0
        /// The bytes before the first document's id, as the server writes them; empty if unknown.
        var head: [UInt8] = []
        /// The first document's id is the path's number itself (a record).
        var isRecord = false
        /// Id of the document at offset 0, where ids have no gaps; 0 if unknown.
        var firstID: UInt64 = 0
        /// What X-Total-Count must say; nil when no list is asked for.
        var total: Int?
        /// Documents of a page; 0 when no list is asked for.
        var limit = 0
        /// Ids of a page ascend.
        var isOrdered = true
        /// The body's exact length; nil when it varies.
        var length: Int?
        /// A body is expected at all.
        var hasBody = true
    }

    /// Keys to choose from.
    var keyCount: Int {
        switch target {
        case .numbered(_, let numbers, _): numbers.count
        case .listed(let paths): paths.count
        case .walk: 1
        }
    }

    /// Every answer is read whole: a walk needs the last id of each page.
    var isWalk: Bool { if case .walk = target { true } else { false } }
}
