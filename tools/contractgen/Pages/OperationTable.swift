/// Generates the page of the documentation that lists the operations.
enum OperationTable {
    static func text(_ endpoints: [Endpoint]) -> String {
        var lines = [
            "# Operations of the API", "",
            "`contractgen` makes this page from `proto-json`: do not edit it. `GET /openapi.json` has every field, type and "
                + "answer; [Semantics](semantics.md) explains the rules behind them.",
            "", "| Operation | Request | What it does |", "|---|---|---|",
        ]
        for endpoint in endpoints {
            let successor = endpoint.isDeprecated ? ": use \(endpoint.successor!)" : ""
            lines.append(
                "| \(endpoint.id) | `\(endpoint.method.uppercased()) \(endpoint.path)` | \(endpoint.summary)\(successor) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
