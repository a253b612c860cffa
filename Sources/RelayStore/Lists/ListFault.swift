/// What is wrong with a node of a list.
enum ListFault: String, Error {
    case header = "its header is not that of a node with keys of this width"
    case size = "its size is not that of its entries"
    case missing = "it is missing"
    case level = "it is not one level below its parent, or empty"
    case counts = "its counts are not those of the nodes below it"
}

extension StoreError {
    /// A list that is damaged.
    ///
    /// - Parameter fault: what is wrong with it, as a clause.
    @inline(never)
    public static func corrupted(_ list: ListKey, _ fault: String) -> StoreError {
        .corrupted(what: "the \(list) (\(fault))")
    }

    /// A list with a node that is damaged; without a number it is the root.
    @inline(never)
    static func corrupted(
        _ list: ListKey, node: UInt64? = nil, _ fault: ListFault
    ) -> StoreError {
        .corrupted(list, "\(node.map { "node \($0)" } ?? "the root"): \(fault.rawValue)")
    }

    /// A list with the id of a record that is not there.
    @inline(never)
    static func corrupted(_ list: ListKey, missing document: DocumentKey) -> StoreError {
        .corrupted(list, "it names document \(document.describing), which is missing")
    }
}
