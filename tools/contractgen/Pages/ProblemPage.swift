/// Generates the page of the documentation that explains the problems.
enum ProblemPage {
    static func text(_ entries: [ProblemEntry]) -> String {
        var lines = [
            "# Problems", "",
            "`contractgen` makes this page from `proto-json/problems.json`: do not edit it. It says what the `type` of an answer in "
                + "`application/problem+json` (RFC 9457) means, and what to do next. `GET` of the type says the same, "
                + "without a key. A problem's own `detail` and `errors` name what is wrong with the request.",
        ]
        for entry in entries {
            lines += [
                "", "## \(entry.uri)", "", "\(entry.status): \(entry.title).", "",
                "\(entry.meaning) \(entry.action)",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
