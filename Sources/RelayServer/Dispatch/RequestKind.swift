import RelayContract

/// Kinds of requests that are counted apart: the operations, ahead of them what leads to none.
enum RequestKind {
    /// How many there are.
    static var count: Int { Operation.allCases.count + 1 }

    /// An operation's.
    @inline(__always)
    static func of(_ operation: Operation) -> Int { Int(operation.rawValue) + 1 }

    /// The operation's name, or `none`.
    static func name(_ kind: Int) -> String {
        kind > 0 ? "\(Operation.allCases[kind - 1].name)" : "none"
    }
}
