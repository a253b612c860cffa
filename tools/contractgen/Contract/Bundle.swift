/// The OpenAPI document complete in itself: what the service serves.
enum Bundle {
    /// Moves every schema file into `#/components/schemas` and turns references to files into references there.
    /// Extensions that only this generator reads (`x-…`) are left out, and so is what has `x-undescribed`: a body
    /// that is read as well, but that generators of clients would choose wrongly.
    static func document(_ document: Tree, schemas: [(name: String, tree: Tree)]) -> Tree {
        let bundled = rewritten(document)
        return .object(
            bundled.members.map { member in
                guard member.name == "components" else { return member }
                let models = schemas.map { schema in
                    Tree.Member(name: schema.name, value: withoutDialect(rewritten(schema.tree)))
                }
                return Tree.Member(
                    name: "components",
                    value: .object(
                        member.value.members + [
                            Tree.Member(name: "schemas", value: .object(models))
                        ]))
            })
    }

    private static func rewritten(_ tree: Tree) -> Tree {
        switch tree {
        case .object(let members):
            .object(
                members.filter {
                    !$0.name.hasPrefix("x-") && $0.value["x-undescribed"] != .boolean(true)
                }.map { member in
                    if member.name == "$ref", let name = SchemaReader.referenced(tree) {
                        return Tree.Member(
                            name: "$ref", value: .string("#/components/schemas/\(name)"))
                    }
                    return Tree.Member(name: member.name, value: rewritten(member.value))
                })
        case .array(let elements): .array(elements.map(rewritten))
        default: tree
        }
    }

    /// `$schema` names the dialect of a file; inside the document OpenAPI's own default says the same.
    private static func withoutDialect(_ tree: Tree) -> Tree {
        .object(tree.members.filter { $0.name != "$schema" })
    }
}
