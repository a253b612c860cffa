import Testing

/// A page of the documentation, as far as the tests look at it.
struct Page: Sendable, CustomTestStringConvertible {
    /// Relative to the repository's root.
    let path: String
    let lines: [Substring]

    var testDescription: String { path }

    /// README and every page under tools/docs.
    static let all = (["README.md"] + SourceTree.names(in: "tools/docs").map { "tools/docs/\($0)" })
        .filter { $0.hasSuffix(".md") }.map(named)

    /// The page of a path, which must exist.
    static func named(_ path: String) -> Page {
        guard let text = SourceTree.text(path) else { preconditionFailure("there is no \(path)") }
        // The text may end with a line break, which begins no line.
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return Page(path: path, lines: lines)
    }

    /// What stands between backquotes in the prose, line by line: code does not go on over a line.
    var spans: [Substring] { Self.spans(prose) }

    /// The lines of fenced blocks that show commands: a user's, or root's.
    var commands: [Substring] {
        fenced.filter { $0.hasPrefix("$ ") || $0.hasPrefix("# ") }.map { line in
            // What stands behind a # explains.
            line.firstRange(of: " #").map { line[..<$0.lowerBound] } ?? line
        }
    }

    /// The targets of links.
    var links: [Substring] {
        prose.flatMap { line in
            line.split(separator: "](", omittingEmptySubsequences: false).dropFirst()
                .map { $0.prefix { $0 != ")" } }
        }
    }

    /// The spans under a heading, up to the next one.
    func section(_ title: String) -> [Substring] {
        guard let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.hasSuffix(title) })
        else { return [] }
        return Self.spans(Array(lines[(start + 1)...].prefix { !$0.hasPrefix("#") }))
    }

    /// A link's target, relative to the repository's root.
    func resolve(_ target: Substring) -> String {
        var parts = path.split(separator: "/").dropLast().map { $0 }
        for part in target.split(separator: "/") {
            if part == ".." { parts.removeLast() } else if part != "." { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private static func spans(_ lines: [Substring]) -> [Substring] {
        lines.flatMap { line in
            // Every second piece between backquotes is code.
            let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
            return pieces.indices.filter { $0 % 2 == 1 }.map { pieces[$0] }
        }
    }

    private var prose: [Substring] { lines.indices.filter { !isFenced[$0] }.map { lines[$0] } }
    private var fenced: [Substring] { lines.indices.filter { isFenced[$0] }.map { lines[$0] } }

    /// Which lines stand in a fenced block, its fences included.
    private var isFenced: [Bool] {
        var isInside = false
        return lines.map { line in
            if line.hasPrefix("```") {
                isInside.toggle()
                return true
            }
            return isInside
        }
    }
}

extension Substring {
    /// The `--options` in a piece of code.
    var options: [Substring] {
        split { !($0.isLetter || $0.isNumber || $0 == "-") }
            .filter { $0.hasPrefix("--") && $0.count > 3 && $0.dropFirst(2).first!.isLetter }
    }

    /// The identifiers in a piece of code that name something in this tree: of three letters or more, no
    /// option, no word in capitals (a placeholder), nothing between quotes or behind a colon.
    var words: [Substring] {
        split { !($0.isLetter || $0.isNumber || "_-".contains($0)) }
            .filter { word in
                word.count > 2 && !word.hasPrefix("-") && word.first!.isLetter
                    && !word.allSatisfy { $0.isUppercase || $0.isNumber }
            }
    }

    /// Without such characters at either end.
    func trimmed(of characters: String) -> Substring {
        var rest = self
        while let first = rest.first, characters.contains(first) { rest.removeFirst() }
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return rest
    }

    /// The first place where the words stand; Foundation has this, the standard library has not.
    func firstRange(of words: some StringProtocol) -> Range<Index>? {
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
