extension Program {
    /// The help text for the words typed before `--help`: the whole program's, a group's (`keys`)
    /// or one verb's. Nil when the words fit no verb, which is then the better thing to say.
    public func help(for words: [String]) -> String? {
        if let onlyVerb { return help(for: onlyVerb) }
        if let verb = verbs.first(where: { words.starts(with: $0.words) }) {
            return help(for: verb)
        }
        let group = verbs.filter { $0.words.starts(with: words) }
        return group.isEmpty ? nil : help(forGroup: words, group)
    }

    private func help(forGroup words: [String], _ verbs: [Verb]) -> String {
        var page = Page()
        let command = ([name] + words).joined(separator: " ")
        page.paragraph(words.isEmpty ? summary : "\(command): what it can do.")
        page.paragraph("Usage: \(command) VERB [OPTIONS]")
        page.heading("Verbs")
        for verb in verbs { page.entry(verb.name, verb.summary) }
        page.heading("Options")
        page.entry("-h, --help", "explain the program, or the verb; so does the word help")
        page.entry("-V, --version", "print the version")
        page.entry("--completions SHELL", "print what makes bash, zsh or fish complete commands")
        closing(&page)
        return page.text
    }

    private func help(for verb: Verb) -> String {
        var page = Page()
        page.paragraph(verb.summary + (verb.summary.hasSuffix(".") ? "" : "."))
        let operands = verb.operands.map(\.usage)
        let required = verb.options.filter(\.isRequired).map(\.usage)
        let others = verb.options.contains { !$0.isRequired } ? ["[OPTIONS]"] : []
        let words = [name] + verb.words + required + others + operands
        page.paragraph("Usage: " + words.joined(separator: " "))
        if !verb.operands.isEmpty {
            page.heading("Arguments")
            for operand in verb.operands { page.entry(operand.name, operand.help) }
        }
        page.heading("Options")
        for option in verb.options { page.entry(option.usage, option.explanation) }
        page.entry("-h, --help", "explain this")
        page.entry("--man", "print the manual page, as roff for man(1)")
        if verb.name.isEmpty {
            page.entry("-V, --version", "print the version")
            page.entry("--completions SHELL", "print what makes bash, zsh or fish complete it")
        }
        closing(&page)
        return page.text
    }

    private func closing(_ page: inout Page) {
        guard !notes.isEmpty else { return }
        page.text += "\n"
        for note in notes { page.text += note + "\n" }
    }
}

extension OptionDescription {
    /// The option as it is typed: `--store DIR`.
    var usage: String {
        let names = (letter.map { "-\($0), " } ?? "") + "--\(name)"
        return placeholder.isEmpty ? names : "\(names) \(placeholder)"
    }

    /// The help sentence with what the description knows besides it.
    var explanation: String {
        var remarks: [String] = []
        if case .choice(let words) = kind {
            remarks.append("one of \(words.joined(separator: ", "))")
        }
        if isRequired { remarks.append("required") }
        if isRepeated { remarks.append("may be repeated") }
        if let variable { remarks.append("variable: \(variable)") }
        if let defaultValue { remarks.append("default: \(kind.describe(defaultValue))") }
        return remarks.isEmpty ? help : "\(help) (\(remarks.joined(separator: "; ")))"
    }
}

/// Lays out text in two columns.
private struct Page {
    var text = ""

    mutating func paragraph(_ words: String) {
        if !text.isEmpty { text += "\n" }
        text += Self.wrap(words, Limits.helpColumns).joined(separator: "\n") + "\n"
    }

    mutating func heading(_ title: String) { text += "\n\(title):\n" }

    mutating func entry(_ left: String, _ right: String) {
        let indent = String(repeating: " ", count: Limits.helpIndent)
        let lines = Self.wrap(right, Limits.helpColumns - Limits.helpIndent)
        let label = "  " + left
        // Two columns need at least two spaces between them to be seen as columns.
        if label.count > Limits.helpIndent - 2 {
            text += label + "\n" + indent + lines[0] + "\n"
        } else {
            text += label + indent.dropFirst(label.count) + lines[0] + "\n"
        }
        for line in lines.dropFirst() { text += indent + line + "\n" }
    }

    private static func wrap(_ words: String, _ columns: Int) -> [String] {
        var lines = [""]
        for word in words.split(separator: " ") {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].count + 1 + word.count <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
