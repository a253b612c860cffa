/// One kind of problem, as proto-json/problems.json describes it.
struct ProblemEntry {
    var name: String
    var uri: String
    var title: String
    var status: Int
    var meaning: String
    var action: String

    /// All of them.
    ///
    /// - Parameter names: those of ProblemName.json, which have to be the same in the same order.
    static func all(in problems: Tree, names: [String]) throws(GeneratorFault) -> [ProblemEntry] {
        var entries: [ProblemEntry] = []
        for problem in problems.elements {
            guard let name = problem["name"]?.string, let uri = problem["type"]?.string,
                let title = problem["title"]?.string, let status = problem["status"]?.integer,
                let meaning = problem["meaning"]?.string, let action = problem["action"]?.string
            else {
                throw GeneratorFault("problems.json: name, type, title, status, meaning, action")
            }
            entries.append(
                ProblemEntry(
                    name: name, uri: uri, title: title, status: status, meaning: meaning,
                    action: action))
        }
        guard entries.map(\.uri) == names.map({ "/problems/\($0)" }) else {
            throw GeneratorFault("ProblemName.json: expected the types of problems.json, in order")
        }
        return entries
    }
}
