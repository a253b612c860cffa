/// Generates the routing: a tree of segments, written out as comparisons.
struct RouterSource {
    /// A place in the tree of paths.
    private final class Node {
        var literals: [(segment: String, node: Node)] = []
        var parameter: Node?
        var endpoints: [Endpoint] = []
        /// The closed set that the segment is of, where it is no id.
        var choice: String?
    }

    static func source(_ endpoints: [Endpoint]) -> Source {
        let root = Node()
        for endpoint in endpoints {
            var node = root
            var parameters = endpoint.pathParameters[...]
            for segment in endpoint.segments {
                if segment.hasPrefix("{") {
                    node.parameter = node.parameter ?? Node()
                    node = node.parameter!
                    node.choice = parameters.popFirst()?.choice
                } else if let known = node.literals.first(where: { $0.segment == segment }) {
                    node = known.node
                } else {
                    let next = Node()
                    node.literals.append((segment, next))
                    node = next
                }
            }
            node.endpoints.append(endpoint)
        }
        var source = Source()
        source.block("extension Router") { source in
            source.comment(
                "Constant segments come before ids, so that /v1/units/msc is no unit called msc.")
            source.block(
                "static func route(_ method: Method, _ segments: PathSegments) -> RouteMatch"
            ) { source in
                emit(root, depth: 0, parameters: [], &source)
                source.line("return RouteMatch(.notFound)")
            }
        }
        return source
    }

    /// The comparisons below a node whose segments before `depth` have matched.
    ///
    /// `parameters`: the arguments that read those of the path so far.
    private static func emit(
        _ node: Node, depth: Int, parameters: [String], _ source: inout Source
    ) {
        if !node.endpoints.isEmpty {
            let target = ["get", "post", "patch", "delete"].compactMap { method in
                node.endpoints.first { $0.method == method }.map { "\(method): .\($0.id)" }
            }
            source.block("if segments.count == \(depth)") { source in
                let arguments = ["method"] + (parameters.isEmpty ? ["id: nil"] : parameters)
                let match = ".match(\(arguments.joined(separator: ", ")))"
                let isWrapped = source.list("return RouteTarget(", target, ")")
                if isWrapped { source.line(match) } else { source.indented { $0.line(match) } }
            }
        }
        // A path that ends here has returned above, unless nothing does; the root always has a segment.
        if node.endpoints.isEmpty, !node.literals.isEmpty, depth > 0 {
            source.line("guard segments.count > \(depth) else { return RouteMatch(.notFound) }")
        }
        for (segment, next) in node.literals {
            source.block("if segments.matches(\(depth), \(segment.literal))") { source in
                emit(next, depth: depth + 1, parameters: parameters, &source)
                source.line("return RouteMatch(.notFound)")
            }
        }
        guard let next = node.parameter else { return }
        let label = parameters.isEmpty ? "id" : "part"
        let reading =
            next.choice.map { name in
                "choice: segments.choice(\(depth), \(name).allCases.map(\\.name))"
            } ?? "\(label): segments.id(\(depth))"
        emit(next, depth: depth + 1, parameters: parameters + [reading], &source)
    }
}
