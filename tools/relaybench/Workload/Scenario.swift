/// What a scenario does. What it needs to know of the server is asked for at the start: `Plan`.
struct Scenario: Sendable {
    /// How requests are made and what is expected of their answers.
    enum Kind: Sendable {
        /// GET of one record.
        case record(path: String)
        /// GET of a page at an offset.
        case page(list: String, Span)
        /// GET of a page of a list that a filter with a value that exists narrows.
        case filtered(list: String, Filter)
        /// GET of a whole list, page by page along the cursors.
        case walk(list: String)
        /// A change of one record.
        case patch(path: String)
        /// A new comment on one record.
        case comment
        /// What --url or --input-file names.
        case given
    }

    /// Which offsets are asked for.
    enum Span: Sendable {
        /// The first `Limits.pageSpan`.
        case shallow
        /// Those around 90 % of the list.
        case deep
        /// Any.
        case anywhere
    }

    /// What narrows a list.
    enum Filter: Sendable {
        /// One of the six states of an order.
        case status
        /// One property.
        case property
        /// A week.
        case week

        /// Whether such a list is in the order of ids. Appointments come by their beginnings, which
        /// one page, with a single appointment on it, does not show.
        var isInOrderOfIDs: Bool { if case .week = self { false } else { true } }
    }

    let name: String
    /// One line for `--list`.
    let summary: String
    let kind: Kind
    /// Keys that it takes where the command line does not say.
    var keys = KeyChoice.uniform

    /// All built-in scenarios, in the order of `--list`.
    static let all: [Scenario] = [
        Scenario(
            name: "order-get", summary: "one order by its id, any of all orders",
            kind: .record(path: "/v1/orders")),
        Scenario(
            name: "order-hot", summary: "one order of 1 000 that everybody asks for",
            kind: .record(path: "/v1/orders"), keys: .zipf(exponent: Limits.zipfExponent)),
        Scenario(
            name: "orders-page", summary: "50 orders, from one of the first 2 000 offsets",
            kind: .page(list: "/v1/orders", .shallow)),
        Scenario(
            name: "orders-deep", summary: "50 orders, from an offset around 90 % of the list",
            kind: .page(list: "/v1/orders", .deep)),
        Scenario(
            name: "orders-far", summary: "50 orders, from any offset",
            kind: .page(list: "/v1/orders", .anywhere)),
        Scenario(
            name: "orders-walk",
            summary: "all orders along the cursors, 500 a page; order and total checked",
            kind: .walk(list: "/v1/orders")),
        Scenario(
            name: "orders-filter", summary: "50 orders of one property",
            kind: .filtered(list: "/v1/orders", .property)),
        Scenario(
            name: "orders-status", summary: "50 orders of one status, from any offset",
            kind: .filtered(list: "/v1/orders", .status)),
        Scenario(
            name: "units-page", summary: "50 units, from any offset",
            kind: .page(list: "/v1/units", .anywhere)),
        Scenario(
            name: "properties-page", summary: "50 properties, from any offset",
            kind: .page(list: "/v1/properties", .anywhere)),
        Scenario(
            name: "appointments-window", summary: "50 appointments of one week",
            kind: .filtered(list: "/v1/appointments", .week)),
        Scenario(
            name: "order-patch", summary: "write: another due date for one order",
            kind: .patch(path: "/v1/orders")),
        Scenario(
            name: "comment-post", summary: "write: a comment on one order, as JSON",
            kind: .comment),
    ]

    /// Names that stand for several scenarios in fixed shares.
    static let mixes: [(name: String, summary: String, parts: [(name: String, weight: Double)])] = [
        (
            "mixed",
            "reads and writes of a working day: 60 % order-get, 20 % orders-page, "
                + "5 % each of orders-deep, units-page, properties-page and order-patch",
            [
                ("order-get", 60), ("orders-page", 20), ("orders-deep", 5), ("units-page", 5),
                ("properties-page", 5), ("order-patch", 5),
            ]
        )
    ]

    /// What `--list` prints.
    static var list: String {
        var text = "Scenarios, for --mix NAME[:KEYS]=SHARE[,…]:\n\n"
        for scenario in all {
            text += "  " + Figure.left(scenario.name, 22) + scenario.summary + "\n"
        }
        for mix in mixes { text += "  " + Figure.left(mix.name, 22) + mix.summary + "\n" }
        text += """

            KEYS says which of the known keys are asked for: uniform (each alike), zipf or
            zipf:EXPONENT (few often, most rarely), sequential. Shares need not add up to 100.

            """
        return text
    }
}

/// A scenario's share of the load.
struct Share: Sendable {
    let scenario: Scenario
    let keys: KeyChoice
    let weight: Double

    /// Reads `order-get=60,orders-page:zipf=20`; a name alone has the share 1.
    static func parse(_ text: String) throws(BenchError) -> [Share] {
        var shares: [Share] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count <= 2, let weight = sides.count == 2 ? Double(sides[1]) : 1,
                weight > 0, weight.isFinite
            else {
                throw .usage("--mix: '\(part)' is not NAME=SHARE with a share above 0")
            }
            let words = sides[0].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let keys = words.count == 2 ? KeyChoice(words[1]) : nil
            if words.count == 2, keys == nil {
                throw .usage(
                    "--mix: '\(words[1])' is not uniform, zipf, zipf:EXPONENT or sequential")
            }
            try add(String(words.first ?? ""), keys, weight, to: &shares)
        }
        return shares
    }

    private static func add(
        _ name: String, _ keys: KeyChoice?, _ weight: Double, to shares: inout [Share]
    ) throws(BenchError) {
        if let mix = Scenario.mixes.first(where: { $0.name == name }) {
            let sum = mix.parts.reduce(0) { $0 + $1.weight }
            for part in mix.parts {
                try add(part.name, keys, weight * part.weight / sum, to: &shares)
            }
            return
        }
        guard let scenario = Scenario.all.first(where: { $0.name == name }) else {
            throw .usage("--mix: there is no scenario '\(name)'; relaybench run --list shows all")
        }
        if let index = shares.firstIndex(where: { $0.scenario.name == name }) {
            let old = shares[index]
            shares[index] = Share(
                scenario: scenario, keys: old.keys, weight: old.weight + weight)
            return
        }
        shares.append(
            Share(scenario: scenario, keys: keys ?? scenario.keys, weight: weight))
    }
}
