import Glibc
import JSON
import RelayContract
import RelayStore

/// The parts of an order as they lie in its JSON: its fields, attachments, comments and contact
/// persons. They are neighbours there and most of it, so whoever changes other members leaves them
/// as they are, unread.
struct OrderParts {
    private let text: [UInt8]

    /// What an order has in their place that has none.
    private static let none = Array(
        #""fields":[],"attachments":[],"comments":[],"contactPersons":[]"#.utf8)
    private static let beginning = Array(#""fields":["#.utf8)

    /// Takes the parts out of an order's JSON, which `Order.write` wrote; what is left is the JSON of
    /// an order that has none.
    init?(cutFrom json: UnsafeRawBufferPointer, leaving rest: inout [UInt8]) {
        // Behind the last array is a number at most.
        guard let start = Self.start(in: json),
            let last = json.lastIndex(of: UInt8(ascii: "]")), start < last
        else { return nil }
        text = Array(json[start...last])
        rest.reserveCapacity(json.count - text.count + Self.none.count)
        rest += json[..<start]
        rest += Self.none
        rest += json[(last + 1)...]
    }

    /// Where they begin. A text has no quotes but escaped ones, and nothing before has a member of that
    /// name: the first is the order's own.
    private static func start(in json: UnsafeRawBufferPointer) -> Int? {
        var rest = json[...]
        // SAFETY: memchr stays within `rest`, a slice of the caller's bytes.
        while let from = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
            let bracket = memchr(from, Int32(UInt8(ascii: "[")), rest.count)
        {
            let end = rest.startIndex + (UnsafeRawPointer(bracket) - from) + 1
            let start = end - beginning.count
            if start >= 0, json[start..<end].elementsEqual(beginning) { return start }
            rest = json[end...]
        }
        return nil
    }

    /// The JSON of an order that is read without parts, with these.
    func joined(to order: Order) -> [UInt8] {
        precondition(
            order.fields.isEmpty && order.attachments.isEmpty && order.comments.isEmpty
                && order.contactPersons.isEmpty, "an order's parts are apart")
        var json = order.json
        guard let last = json.lastIndex(of: UInt8(ascii: "]")) else {
            preconditionFailure("an order's JSON has arrays")
        }
        json.replaceSubrange(last + 1 - Self.none.count...last, with: text)
        return json
    }
}

extension RecordTransaction {
    /// Reads an order: with its parts, or without and those as they are. One whose comments are in
    /// segments is read whole.
    func load(
        _ id: UInt64, withParts: Bool
    ) throws(StoreError) -> (stored: Stored<Order>, parts: OrderParts?)? {
        if !withParts, let found = try loadWithoutParts(id) { return found }
        guard let stored = try load(Order.self, .order, id) else { return nil }
        return (stored, nil)
    }

    private func loadWithoutParts(
        _ id: UInt64
    ) throws(StoreError) -> (Stored<Order>, OrderParts)? {
        guard Resource.isStorable(id),
            let document = try transaction.intactDocument(Resource.order.key(account, id)),
            !document.hasSegments
        else { return nil }
        var rest: [UInt8] = []
        // SAFETY: the map's bytes are read while the transaction is borrowed.
        let parts = document.json.withUnsafeBytes { OrderParts(cutFrom: $0, leaving: &rest) }
        guard let parts else { return nil }
        // SAFETY: the array's own bytes, during this call.
        let order = rest.withUnsafeBytes { Order(stored: $0, parser: parser) }
        guard let order else { return nil }
        return (Stored(model: order, version: document.version), parts)
    }
}
