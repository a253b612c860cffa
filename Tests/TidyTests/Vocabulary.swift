/// What the tree calls things, for documentation to be held to.
enum Vocabulary {
    /// Every identifier of the programs, the contract and the scripts, and every name of a file.
    static let words: Set<Substring> = Set(
        texts.flatMap { $0.split { !($0.isLetter || $0.isNumber || "_-".contains($0)) } })

    /// Every `--option` that a program of ours declares or a script of ours takes.
    static let options: Set<Substring> = {
        // Swift declares an option by its name in quotes.
        var options = Set(
            SourceTree.programs.flatMap(\.lines).flatMap { line in
                let pieces = line.split(separator: "\"", omittingEmptySubsequences: false)
                return pieces.indices.filter { $0 % 2 == 1 }.map { pieces[$0] }
                    .filter { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } }
                    .map { "--\($0)"[...] }
            })
        for script in scripts { options.formUnion(script.options) }
        return options
    }()

    /// The programs' text with the pieces of strings joined, as messages have them.
    static let messages: String = {
        var text = ""
        for line in SourceTree.programs.flatMap(\.lines) {
            let words = line.trimmed(of: " ")
            let isRest = words.hasPrefix("+ \"") && text.hasSuffix("\"")
            if isRest { text.removeLast() }
            text += isRest ? words.dropFirst(3) : "\n" + words
        }
        return text
    }()

    /// What the modules declare: a keyword and a name, such as `func answer`.
    static let declarations: Set<String> = {
        let keywords: Set<Substring> = [
            "struct", "class", "enum", "protocol", "extension", "actor", "func", "var", "let",
            "case",
        ]
        var declarations: Set<String> = []
        for file in SourceTree.programs where file.path.hasPrefix("Sources/") {
            for line in file.lines {
                let words = line.code.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                for (keyword, name) in zip(words, words.dropFirst())
                where keywords.contains(keyword) {
                    declarations.insert("\(keyword) \(name)")
                }
            }
        }
        return declarations
    }()

    private static let texts: [Substring] =
        SourceTree.programs.flatMap { $0.lines + [$0.path[...]] } + scripts
        + SourceTree.files.map { $0.path[...] }
        + ["proto-json/openapi.json", "proto-json/problems.json", "Package.swift"]
        .compactMap { SourceTree.text($0)?[...] }

    /// Scripts of ours: what stands under tools and has no Swift in it.
    private static let scripts: [Substring] =
        [
            "tools", "tools/bench.d", "tools/conformance.d", "tools/docs/proxies",
            "tools/docs/clients", "tools/torture.d", "tools/torture.d/shared", "tools/monitoring",
            "tools/site.d",
        ]
        .flatMap { directory in
            SourceTree.names(in: directory).map { "\(directory)/\($0)" }
        }
        .compactMap { SourceTree.text($0)?[...] }
}
