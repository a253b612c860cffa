import HTTP2
import JSON

/// Asks the server, before the run, for what the scenarios must know: totals, ids, how a body
/// begins. A scenario whose operation the server does not have ends the program here.
final class ServerProbe {
    private let connection: ClientConnection
    private let fields: [HeaderField]
    private let authority: String
    private let parser = JSONParser()
    private var lists: [String: ListFacts] = [:]

    /// What is known of a list.
    struct ListFacts {
        let total: Int
        let ids: Plan.Numbers
        /// Id at offset 0 when ids have no gaps; else 0.
        let firstID: UInt64
        let level: Int
        let head: [UInt8]
    }

    init(
        _ address: ServerAddress, fields: [HeaderField], authority: String
    ) throws(BenchError) {
        do throws(TransportError) {
            switch address {
            case .unix(let path): connection = try ClientConnection(unix: path)
            case .loopback(let text): connection = try ClientConnection(loopback: text)
            }
        } catch {
            throw .transport(error)
        }
        self.fields = fields
        self.authority = authority
    }

    /// Asks for what a share of the workload needs.
    func plan(_ share: Share) throws(BenchError) -> Plan {
        let name = share.scenario.name
        switch share.scenario.kind {
        case .record(let path): return try record(share, path, name)
        case .page(let list, let span): return try page(share, list, span)
        case .filtered(let list, let filter):
            let paths = try filteredPaths(list, filter, name)
            let facts = try shape(of: paths[0].path, name)
            return Plan(
                share, target: .listed(paths),
                expectation: Plan.Expectation(
                    level: facts.level, limit: Limits.pageRecords,
                    isOrdered: filter.isInOrderOfIDs && facts.isAscending))
        case .walk(let list):
            let facts = try facts(of: list, name)
            let path = "\(list)?limit=\(Limits.walkRecords)&offset=0"
            return Plan(
                share, target: .walk(Array(path.utf8)),
                expectation: Plan.Expectation(
                    level: facts.level, head: facts.head, total: facts.total,
                    limit: Limits.walkRecords))
        case .patch(let path):
            let ids = try facts(of: path, name).ids
            return Plan(
                share, method: "PATCH",
                target: .numbered(prefix: Array("\(path)/".utf8), ids, suffix: []),
                body: .dueDate, expectation: Plan.Expectation())
        case .comment:
            let orders = try facts(of: "/v1/orders", name)
            _ = try get("/v1/orders/\(firstID(orders.ids))/comments", name)
            return Plan(
                share, method: "POST",
                target: .numbered(
                    prefix: Array("/v1/orders/".utf8), orders.ids, suffix: Array("/comments".utf8)),
                body: .comment, expectation: Plan.Expectation(status: 201))
        case .given: preconditionFailure("what is given has a plan of its own")
        }
    }

    /// Asks for what `--url` names: a path that is answered with an error must not run.
    func check(_ path: String) throws(BenchError) {
        let response = try ask("GET", path)
        if response.status >= 400 { throw unusable("url", path, response) }
    }

    private func record(
        _ share: Share, _ path: String, _ name: String
    ) throws(BenchError) -> Plan {
        var ids = try facts(of: path, name).ids
        if name.hasSuffix("hot"), ids.count > Limits.hotRecords {
            let step = ids.count / Limits.hotRecords
            ids = .list((0..<Limits.hotRecords).map { ids[$0 * step] })
        }
        let first = firstID(ids)
        let body = try get("\(path)/\(first)", name).body
        return Plan(
            share, target: .numbered(prefix: Array("\(path)/".utf8), ids, suffix: []),
            expectation: Plan.Expectation(
                level: 1, head: Self.head(of: body, before: first), isRecord: true))
    }

    private func page(
        _ share: Share, _ list: String, _ span: Scenario.Span
    ) throws(BenchError) -> Plan {
        let facts = try facts(of: list, share.scenario.name)
        let last = max(0, facts.total - Limits.pageRecords)
        let (start, count) =
            switch span {
            case .shallow: (0, min(last + 1, Limits.pageSpan))
            case .anywhere: (0, last + 1)
            case .deep:
                (
                    min(last, facts.total / 10 * 9),
                    min(Limits.pageSpan, last - min(last, facts.total / 10 * 9) + 1)
                )
            }
        let prefix = "\(list)?limit=\(Limits.pageRecords)&offset="
        return Plan(
            share,
            target: .numbered(
                prefix: Array(prefix.utf8), .range(first: UInt64(start), count: count), suffix: []),
            expectation: Plan.Expectation(
                level: facts.level, head: facts.head, firstID: facts.firstID, total: facts.total,
                limit: Limits.pageRecords))
    }

    private func firstID(_ ids: Plan.Numbers) -> UInt64 { ids[0] }

    // MARK: Lists

    /// Total, ids and shape of a list; asked for once.
    func facts(of list: String, _ name: String) throws(BenchError) -> ListFacts {
        if let known = lists[list] { return known }
        let (total, level, first, body) = try ends(of: list, offset: 0, name)
        if total == 0 {
            throw .unusable(scenario: name, why: "\(list) is empty; fill the store first")
        }
        let (_, _, last, _) = try ends(of: list, offset: total - 1, name)
        let isDense = last >= first && last - first + 1 == UInt64(total)
        let ids: Plan.Numbers =
            isDense
            ? .range(first: first, count: total) : .list(try someIDs(of: list, total, name))
        let facts = ListFacts(
            total: total, ids: ids, firstID: isDense ? first : 0, level: level,
            head: Self.head(of: body, before: first))
        lists[list] = facts
        return facts
    }

    private func ends(
        of list: String, offset: Int, _ name: String
    ) throws(BenchError) -> (total: Int, level: Int, id: UInt64, body: [UInt8]) {
        let response = try get("\(list)?limit=1&offset=\(offset)", name)
        let (total, scanner, level) = try scan(response, list, name)
        return (total, level, scanner.firstID, response.body)
    }

    /// Depth of a document and whether ids ascend, of one page.
    private func shape(
        of path: [UInt8], _ name: String
    ) throws(BenchError) -> (level: Int, isAscending: Bool) {
        let path = String(decoding: path, as: UTF8.self)
        let (_, scanner, level) = try scan(try get(path, name), path, name)
        return (level, scanner.isAscending)
    }

    private func scan(
        _ response: ClientResponse, _ path: String, _ name: String
    ) throws(BenchError) -> (total: Int, scanner: PageScanner, level: Int) {
        guard let total = response["x-total-count"].flatMap({ Int($0) }) else {
            throw .unusable(scenario: name, why: "\(path) answers without X-Total-Count")
        }
        let level = response.body.first == UInt8(ascii: "[") ? 2 : 3
        var scanner = PageScanner(level: level)
        // SAFETY: the scanner keeps nothing.
        response.body.withUnsafeBytes { scanner.read($0) }
        if !scanner.isWhole {
            throw .unusable(scenario: name, why: "\(path) does not answer with a list of records")
        }
        return (total, scanner, level)
    }

    /// Ids of a list with gaps, from pages spread over the whole of it.
    private func someIDs(
        of list: String, _ total: Int, _ name: String
    ) throws(BenchError) -> [UInt64] {
        let pages = min(
            Limits.probedPages, (total + Limits.probedPageRecords - 1) / Limits.probedPageRecords)
        var ids: [UInt64] = []
        for page in 0..<pages {
            let offset = total / pages * page
            let path = "\(list)?limit=\(Limits.probedPageRecords)&offset=\(offset)"
            ids += try texts("id", of: path, name).compactMap { UInt64($0) }
        }
        return Array(Set(ids)).sorted()
    }

    /// A member of each document of a page, as text.
    func texts(
        _ member: StaticString, of path: String, _ name: String
    ) throws(BenchError) -> [String] {
        let body = try get(path, name).body
        let texts = try? parser.parse(body) { root -> [String] in
            let list = root.kind == .array ? root : root.members.map(\.value).first ?? root
            guard list.kind == .array else { return [] }
            return list.elements.compactMap { element in
                guard element.kind == .object, let value = element[member] else { return nil }
                return value.integer.map { "\($0)" } ?? value.string.map { String($0) }
            }
        }
        return texts ?? []
    }

    /// The bytes before the first document's id; empty when the body does not begin that way.
    private static func head(of body: [UInt8], before id: UInt64) -> [UInt8] {
        let mark = Array("\"id\":\(id)".utf8)
        for start in 0..<max(0, min(64, body.count - mark.count))
        where body[start..<start + mark.count].elementsEqual(mark) {
            return Array(body[..<(start + 5)])
        }
        return []
    }

    /// Any answer but 200 ends the program: a scenario that cannot work must not run.
    func get(_ path: String, _ name: String) throws(BenchError) -> ClientResponse {
        let response = try ask("GET", path)
        if response.status != 200 { throw unusable(name, path, response) }
        return response
    }

    private func ask(_ method: String, _ path: String) throws(BenchError) -> ClientResponse {
        do throws(TransportError) {
            return try connection.perform(
                ClientRequest(method, path, fields: fields, authority: authority),
                timeout: Limits.probeTimeout)
        } catch {
            throw .transport(error)
        }
    }

    private func unusable(
        _ name: String, _ path: String, _ response: ClientResponse
    ) -> BenchError {
        let text = String(decoding: response.body.prefix(Limits.shownBytes), as: UTF8.self)
        let shown =
            path.utf8.count > Limits.shownBytes
            ? "\(path.prefix(Limits.shownBytes))…" : path
        return .unusable(scenario: name, why: "GET \(shown) answered \(response.status) \(text)")
    }
}

extension Plan.Numbers {
    /// The number of a key.
    @inline(__always)
    subscript(key: Int) -> UInt64 {
        switch self {
        case .range(let first, _): first + UInt64(key)
        case .list(let ids): ids[key]
        }
    }
}

extension Plan {
    init(
        _ share: Share, method: String = "GET", target: Target, body: Body = .none,
        expectation: Expectation
    ) {
        name = share.scenario.name
        weight = share.weight
        keys = share.keys
        self.method = method
        fields =
            body.isNone ? [] : [HeaderField("content-type", "application/json")]
        self.target = target
        self.body = body
        self.expectation = expectation
    }
}

extension Plan.Body {
    fileprivate var isNone: Bool { if case .none = self { true } else { false } }
}
