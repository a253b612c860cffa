import Testing

/// README's two walks through the code name functions; a walk that no longer exists misleads.
@Suite(.enabled(if: SourceTree.text("README.md") != nil, "README.md is not written yet."))
struct ReadmeTests {
    @Test(
        "Every function that a walk names exists.",
        arguments: ["Life of a GET", "Life of a write"])
    func walks(title: String) {
        let symbols = Self.symbols(under: title)
        #expect(symbols.count >= 4, "\(title) names too little of the code")
        for symbol in symbols {
            let parts = symbol.split(separator: ".")
            #expect(Self.declares(type: parts[0]), "\(title): no type \(parts[0])")
            #expect(Self.declares(member: parts[1]), "\(title): no \(symbol) in Sources")
        }
    }

    /// `Type.member` in backquotes, from the section's heading to the next one.
    static func symbols(under title: String) -> [Substring] {
        let lines = SourceTree.text("README.md")!.split(separator: "\n")
        guard let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.hasSuffix(title) })
        else { return [] }
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }.joined(separator: "\n")
        // Every second piece between backquotes is code.
        let pieces = section.split(separator: "`", omittingEmptySubsequences: false)
        return pieces.indices.filter { $0 % 2 == 1 }.map { pieces[$0] }.compactMap { code in
            let name = code.prefix { $0 != "(" }
            let isPath = !name.contains { !$0.isLetter && !$0.isNumber && !"._".contains($0) }
            let parts = name.split(separator: ".")
            return isPath && parts.count == 2 && parts[0].first!.isUppercase ? name : nil
        }
    }

    static let sources = SourceTree.programs.filter { $0.path.hasPrefix("Sources/") }

    static func declares(type: Substring) -> Bool {
        ["struct", "class", "enum", "protocol", "extension", "actor"].contains { keyword in
            declares("\(keyword) \(type)")
        }
    }

    static func declares(member: Substring) -> Bool {
        ["func", "var", "let", "case", "static let"].contains { declares("\($0) \(member)") }
    }

    private static func declares(_ words: String) -> Bool {
        sources.contains { file in
            file.lines.contains { line in
                guard let found = line.code.firstRange(of: words) else { return false }
                // `func read` must not be satisfied by `func readyState`.
                let next = line.code[found.upperBound...].first
                return next.map { !$0.isLetter && !$0.isNumber && $0 != "_" } ?? true
            }
        }
    }
}

extension Substring {
    /// The first place where the words stand; Foundation has this, the standard library has not.
    fileprivate func firstRange(of words: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(words) {
                return index..<self.index(index, offsetBy: words.count)
            }
            index = self.index(after: index)
        }
        return nil
    }
}
