import HTTP2
import JSON
import RelayContract

/// A page of a list, or the whole list where no limit was given.
public struct RelayPage<Model: ContractModel>: Sendable {
    /// The records, in the list's order.
    public var records: [Model]
    /// Records in the whole list; nil where counting them would have taken too long.
    public var total: Int?
    /// The path and query of the page that follows; nil on the last page.
    public var next: String?
    /// The list's entity tag: it changes whenever a record of the list's kind changes.
    public var tag: String?
    /// What the body has around the records.
    let envelope: ListEnvelope
}

extension RelayClient {
    /// The page that follows another one.
    ///
    /// It neither skips nor repeats records when others come and go, as a larger `offset` would.
    ///
    /// - Returns: the page, which may be empty; nil after the last page.
    /// - Throws: `RelayClientError`; `refused` with status 410 when the store was restored since.
    public func page<Model: ContractModel>(
        after page: RelayPage<Model>
    ) throws(RelayClientError) -> RelayPage<Model>? {
        guard let next = page.next else { return nil }
        return try self.page(page.envelope, perform("GET", next))
    }

    /// Calls a closure with each record of a list, page by page.
    ///
    /// - Parameters:
    ///   - page: where to begin, such as `getOrders(limit: 500)`.
    ///   - body: gets the records in the list's order; what it throws ends the walk.
    /// - Returns: how many records there were.
    @discardableResult
    public func forEach<Model: ContractModel>(
        from page: RelayPage<Model>, _ body: (Model) throws(RelayClientError) -> Void
    ) throws(RelayClientError) -> Int {
        var page = page
        var count = 0
        while true {
            for record in page.records { try body(record) }
            count += page.records.count
            guard let next = try self.page(after: page) else { return count }
            page = next
        }
    }

    /// Reads a page.
    func page<Model: ContractModel>(
        _ envelope: ListEnvelope, _ response: ClientResponse
    ) throws(RelayClientError) -> RelayPage<Model> {
        var list = try parse(response)
        if envelope != .array {
            // The one member of an object, as the opening names it.
            var members = list.members
            guard let member = members.next(), members.next() == nil,
                "\(envelope.opening)" == "{\"\(String(member.name))\":["
            else { throw .badAnswer("no object with the list") }
            list = member.value
        }
        guard list.kind == .array else { throw .badAnswer("no list") }
        var records: [Model] = []
        for element in list.elements {
            var faults = Faults()
            guard let model = Model(decoding: element, into: &faults), faults.isEmpty else {
                throw .badAnswer("a \(Model.self) that breaks the contract")
            }
            records.append(model)
        }
        return RelayPage(
            records: records, total: response["x-total-count"].flatMap { Int($0) },
            next: response["link"].flatMap(Self.next), tag: response["etag"], envelope: envelope)
    }

    /// The target of `rel="next"` in a Link field (RFC 8288).
    private static func next(in link: String) -> String? {
        guard let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"),
            link.contains("rel=\"next\"")
        else { return nil }
        return String(link[link.index(after: start)..<end])
    }
}
