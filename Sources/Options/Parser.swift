extension Program {
    /// Reads a command line (without the program's own name).
    ///
    /// `--name value`, `--name=value` and flags may stand anywhere after the verb; after `--`
    /// everything is an operand. `--help` wins over every fault after it, because whoever asks for
    /// help has not finished typing.
    public func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
        for argument in arguments where argument.utf8.count > Limits.argumentBytes {
            throw .argumentTooLong(bytes: argument.utf8.count)
        }
        let words = arguments.prefix { !$0.hasPrefix("-") }
        let before = arguments.prefix { $0 != "--" }
        let asksForHelp = before.contains("--help") || before.contains("-h")
        if asksForHelp, let help = help(for: Array(words)) { return .help(help) }
        if before.contains("--man"), let page = manual(for: Array(words)) { return .help(page) }
        let asksForVersion =
            arguments.first == "--version" || onlyVerb != nil && before.contains("--version")
        if asksForVersion { return .version("\(name) \(version)") }
        let verb = try findVerb(words)
        let rest = arguments.dropFirst(verb.name.isEmpty ? 0 : verb.words.count)
        var state = ParserState(verb: verb)
        try state.read(rest)
        return .run(verb, try state.finish())
    }

    private func findVerb(_ words: ArraySlice<String>) throws(UsageError) -> Verb {
        if let onlyVerb { return onlyVerb }
        guard !words.isEmpty else { throw .missingVerb(known: nextWords(after: [])) }
        if let verb = verbs.first(where: { words.starts(with: $0.words) }) { return verb }
        // Walk down as far as the words agree with some verb; the next word is the mistyped one.
        var agreed: [String] = []
        for word in words {
            let known = nextWords(after: agreed)
            guard known.contains(word) else {
                let nearest = Spelling.nearest(to: word, among: known)
                let typed = (agreed + [word]).joined(separator: " ")
                throw .unknownVerb(
                    typed, nearest: nearest.map { (agreed + [$0]).joined(separator: " ") },
                    known: known)
            }
            agreed.append(word)
        }
        let known = nextWords(after: agreed).map { (agreed + [$0]).joined(separator: " ") }
        throw .missingVerb(known: known)
    }

    /// The words that can follow the given ones, each once, in the order of the description.
    private func nextWords(after words: [String]) -> [String] {
        var result: [String] = []
        for verb in verbs where verb.words.starts(with: words) && verb.words.count > words.count {
            let next = verb.words[words.count]
            if !result.contains(next) { result.append(next) }
        }
        return result
    }
}

extension Verb {
    /// The name's words.
    var words: [String] { name.split(separator: " ").map(String.init) }
}

/// What has been read of a command line so far.
private struct ParserState {
    let verb: Verb
    var result = Arguments()
    var operands: [String] = []

    init(verb: Verb) { self.verb = verb }

    mutating func read(_ arguments: ArraySlice<String>) throws(UsageError) {
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                return
            }
            // A single dash is an operand by custom: standard input or output.
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                continue
            }
            try readOption(argument, &rest)
        }
    }

    private mutating func readOption(
        _ argument: String, _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let typed = String(parts[0])
        guard let option = verb.options.first(where: { $0.isTyped(typed) }) else {
            let names = verb.options.map { "--" + $0.name } + ["--help"]
            throw .unknownOption(typed, nearest: Spelling.nearest(to: typed, among: names))
        }
        if result.options[option.name] != nil, !option.isRepeated {
            throw .repeatedOption(option.name)
        }
        if option.kind == .flag {
            guard parts.count == 1 else { throw .unexpectedValue(option: option.name) }
            result.options[option.name] = [.flag]
            return
        }
        let expected = option.kind.expectation
        let inline = parts.count == 2 ? String(parts[1]) : nil
        guard let text = inline ?? Self.popValue(&rest) else {
            throw .missingValue(option: option.name, expected: expected)
        }
        guard let value = option.kind.read(text) else {
            throw .badValue(option: option.name, value: text, expected: expected)
        }
        result.options[option.name, default: []].append(value)
    }

    /// `--store --socket x` forgot the directory: an argument that looks like an option is one and
    /// not a value, except for a negative number. `--store=--odd` still allows such a value.
    private static func popValue(_ rest: inout ArraySlice<String>) -> String? {
        guard let next = rest.first else { return nil }
        let isNumber = next.dropFirst().first?.isNumber ?? false
        return next.hasPrefix("-") && next != "-" && !isNumber ? nil : rest.popFirst()
    }

    mutating func finish() throws(UsageError) -> Arguments {
        for option in verb.options where result.options[option.name] == nil {
            if option.isRequired {
                throw .missingOption(option.name, placeholder: option.placeholder)
            }
            if let value = option.defaultValue { result.options[option.name] = [value] }
        }
        if operands.count > verb.operands.count {
            throw .unexpectedOperand(operands[verb.operands.count])
        }
        for (index, operand) in verb.operands.enumerated() {
            guard index < operands.count else { throw .missingOperand(operand.name) }
            result.operands[operand.name] = operands[index]
        }
        return result
    }
}

extension OptionDescription {
    /// Whether this is the option that was typed: `--name`, or a dash and its letter.
    fileprivate func isTyped(_ text: String) -> Bool {
        "--" + name == text || letter.map { "-\($0)" == text } == true
    }
}
