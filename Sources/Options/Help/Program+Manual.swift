extension Program {
    /// The manual page for the words typed before `--man`, as roff for man(7): the whole program's or
    /// one verb's. Nil when the words fit no verb.
    ///
    /// Made of the same description as `--help`, so the two cannot differ.
    public func manual(for words: [String] = []) -> String? {
        if let onlyVerb { return page(named: name, summary, verb: onlyVerb) }
        if words.isEmpty { return overview }
        guard let verb = verbs.first(where: { $0.words == words }) else { return nil }
        return page(named: pageName(of: verb), verb.summary, verb: verb)
    }

    /// Every page with the file name that man(1) looks for, such as `relayctl-dump.1`.
    public var manualPages: [(file: String, text: String)] {
        var pages = [(file: "\(name).\(section)", text: manual()!)]
        if onlyVerb != nil { return pages }
        for verb in verbs {
            pages.append((file: "\(pageName(of: verb)).\(section)", text: manual(for: verb.words)!))
        }
        return pages
    }

    private func pageName(of verb: Verb) -> String {
        ([name] + verb.words).joined(separator: "-")
    }

    private var overview: String {
        var roff = Roff(title: name, section: section, source: "\(name) \(version)")
        roff.heading("NAME")
        roff.text("\(name) - \(Self.lowered(summary))")
        roff.heading("SYNOPSIS")
        roff.bold(name, then: "VERB [OPTIONS]")
        roff.heading("VERBS")
        for verb in verbs { roff.entry(verb.name, verb.summary + ".") }
        closing(&roff)
        roff.heading("SEE ALSO")
        roff.text(verbs.map { "\(pageName(of: $0))(\(section))" }.joined(separator: ", "))
        return roff.page
    }

    private func page(named page: String, _ summary: String, verb: Verb) -> String {
        var roff = Roff(title: page, section: section, source: "\(name) \(version)")
        roff.heading("NAME")
        roff.text("\(page) - \(Self.lowered(summary))")
        roff.heading("SYNOPSIS")
        let required = verb.options.filter(\.isRequired).map(\.usage)
        let others = verb.options.contains { !$0.isRequired } ? ["[OPTIONS]"] : []
        let rest = required + others + verb.operands.map(\.usage)
        roff.bold(([name] + verb.words).joined(separator: " "), then: rest.joined(separator: " "))
        if !verb.operands.isEmpty {
            roff.heading("ARGUMENTS")
            for operand in verb.operands { roff.entry(operand.name, operand.help + ".") }
        }
        roff.heading("OPTIONS")
        for option in verb.options { roff.entry(option.usage, option.explanation + ".") }
        roff.entry("-h, --help", "explain this and end.")
        roff.entry("--man", "print this page and end.")
        closing(&roff)
        if onlyVerb == nil {
            roff.heading("SEE ALSO")
            roff.text("\(name)(\(section))")
        }
        return roff.page
    }

    private func closing(_ roff: inout Roff) {
        guard !notes.isEmpty else { return }
        roff.heading("NOTES")
        roff.text(notes.joined(separator: " "))
    }

    /// A sentence as the NAME section wants it: lower case first, without a full stop.
    private static func lowered(_ summary: String) -> String {
        let sentence = summary.hasSuffix(".") ? summary.dropLast() : summary[...]
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
}

/// A page in the macros of man(7).
private struct Roff {
    private(set) var page: String

    init(title: String, section: Int, source: String) {
        page = ".TH \"\(title.uppercased())\" \"\(section)\" \"\" \"\(source)\" \"Relay\"\n"
    }

    mutating func heading(_ title: String) { page += ".SH \(title)\n" }

    mutating func text(_ words: String) { page += Self.escaped(words) + "\n" }

    mutating func bold(_ words: String, then rest: String) {
        page += "\\fB\(Self.escaped(words))\\fR \(Self.escaped(rest))\n"
    }

    mutating func entry(_ label: String, _ words: String) {
        page += ".TP\n\\fB\(Self.escaped(label))\\fR\n\(Self.escaped(words))\n"
    }

    /// What roff would take for itself: backslashes, hyphens that are meant as they are typed, and a
    /// dot or quote at the beginning of a line.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "\u{2026}": result += "\\&..."
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") ? "\\&" + result : result
    }
}
