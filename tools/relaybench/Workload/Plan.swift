import HTTP2

/// A scenario as it is carried out against one server: how to make its requests, and what their
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
        /// Requests that somebody wrote down, each with a method and a body of its own.
        case given([Request], methods: [String])
    }

    /// A whole path and the total that its list has.
    struct Listed: Sendable {
        let path: [UInt8]
        let total: Int
        let offset: Int
    }

    /// A request of `--url` or `--input-file`.
    struct Request: Sendable {
        /// Its place among the plan's methods.
        let method: Int
        let path: [UInt8]
        let body: SharedBody?
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
        /// The status code; nil for any that is no error (2xx, 3xx).
        var status: Int? = 200
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

        /// Whether an answer's status is as it must be.
        @inline(__always)
        func accepts(_ code: Int) -> Bool {
            if let status { return code == status }
            return code >= 200 && code < 400
        }
    }

    /// Keys to choose from.
    var keyCount: Int {
        switch target {
        case .numbered(_, let numbers, _): numbers.count
        case .listed(let paths): paths.count
        case .walk: 1
        case .given(let requests, _): requests.count
        }
    }

    /// Every answer is read whole: a walk needs the last id of each page.
    var isWalk: Bool { if case .walk = target { true } else { false } }

    /// Bytes of the longest path.
    var pathBytes: Int {
        guard case .given(let requests, _) = target else { return HTTP2.Limits.clientPathBytes }
        return requests.reduce(HTTP2.Limits.clientPathBytes) { max($0, $1.path.count) }
    }
}

/// A body that many requests send from the same place.
final class SharedBody: Sendable {
    // SAFETY: written in init only, freed in deinit; whoever sends from it holds the plan.
    nonisolated(unsafe) private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        // SAFETY: freed in deinit.
        self.bytes = .allocate(capacity: max(1, bytes.count))
        count = bytes.count
        _ = self.bytes.initialize(from: bytes)
    }

    deinit { bytes.deallocate() }

    let count: Int
    // SAFETY: as long as this object.
    var start: UnsafePointer<UInt8> { UnsafePointer(bytes.baseAddress!) }
}
