extension Program {
    /// Reads a command line (without the program's own name).
    ///
    /// `--name value`, `--name=value` and flags may stand anywhere, before the verb too; after `--`
    /// everything is an operand. `--help` wins over every fault, because whoever asks for help has
    /// not finished typing, and so do `--man`, `--completions`,
    /// `--version` and the word `help`.
    ///
    /// An option that is not given is looked for in `environment` and then in the settings file.
    public func parse(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws(UsageError) -> Invocation {
        for argument in arguments where argument.utf8.count > Limits.argumentBytes {
            throw .argumentTooLong(bytes: argument.utf8.count)
        }
        if let asked = try question(arguments) { return asked }
        let (verb, rest) = try findVerb(arguments)
        var state = ParserState(program: self, verb: verb)
        try state.read(rest)
        let settings = Settings(verb: verb, environment: environment)
        try settings.fill(&state.result, fileOption: settingsOption)
        return .run(verb, try state.finish())
    }

    /// What a command line asks of the program itself; nil when it asks for work.
    private func question(_ arguments: [String]) throws(UsageError) -> Invocation? {
        let line = arguments.prefix { $0 != "--" }
        var words = helpWords(arguments)
        let isHelpWord = words.first == "help" && onlyVerb?.operands.isEmpty ?? true
        if isHelpWord { words.removeFirst() }
        if isHelpWord || line.contains("--help") || line.contains("-h") {
            guard let text = help(for: words) else { throw missingVerb(words) }
            return .help(text)
        }
        if line.contains("--man") {
            guard let page = manual(for: words) else { throw missingVerb(words) }
            return .help(page)
        }
        if let place = line.firstIndex(where: {
            $0 == "--completions" || $0.hasPrefix("--completions=")
        }) {
            return .help(completions(for: try shell(line[place...])))
        }
        let asksForVersion = line.contains("--version") || line.contains("-V")
        return asksForVersion ? .version("\(name) \(version)") : nil
    }
}

extension Program {
    /// The shell that `--completions` names, behind it or behind an equals sign.
    private func shell(_ line: ArraySlice<String>) throws(UsageError) -> Shell {
        let option = "completions"
        let expected = Kind.choice(Shell.allCases.map(\.rawValue)).expectation
        let inline = line.first?.split(separator: "=", maxSplits: 1).dropFirst().first
        guard let name = inline.map(String.init) ?? line.dropFirst().first else {
            throw .missingValue(option: option, expected: expected)
        }
        guard let shell = Shell(rawValue: name) else {
            throw .badValue(option: option, value: name, expected: expected)
        }
        return shell
    }
}

/// What has been read of a command line so far.
private struct ParserState {
    let program: Program
    let verb: Verb
    var result = Arguments()
    var operands: [String] = []

    init(program: Program, verb: Verb) {
        self.program = program
        self.verb = verb
    }

    mutating func read(_ arguments: ArraySlice<String>) throws(UsageError) {
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                return
            }
            guard argument.looksLikeOption else {
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
            throw program.unknownOption(typed, among: verb.options)
        }
        if result.options[option.name] != nil, !option.isRepeated {
            throw .repeatedOption(option.name)
        }
        result.origins[option.name] = .commandLine
        if option.kind == .flag {
            guard parts.count == 1 else { throw .unexpectedValue(option: option.name) }
            result.options[option.name] = [.flag]
            return
        }
        let expected = option.kind.expectation
        let inline = parts.count == 2 ? String(parts[1]) : nil
        guard let text = inline ?? (rest.first?.canBeValue == true ? rest.popFirst() : nil) else {
            throw .missingValue(option: option.name, expected: expected)
        }
        guard let value = option.kind.read(text) else {
            throw .badValue(option: option.name, value: text, expected: expected)
        }
        result.options[option.name, default: []].append(value)
    }

    mutating func finish() throws(UsageError) -> Arguments {
        for option in verb.options where result.options[option.name] == nil {
            if option.isRequired {
                throw .missingOption(option.name, placeholder: option.placeholder)
            }
            if let value = option.defaultValue { result.options[option.name] = [value] }
        }
        let isOpen = verb.operands.last?.isRepeated ?? false
        if operands.count > verb.operands.count, !isOpen {
            throw .unexpectedOperand(operands[verb.operands.count])
        }
        for (index, operand) in verb.operands.enumerated() {
            guard index < operands.count else { throw .missingOperand(operand.name) }
            result.operands[operand.name] =
                operand.isRepeated ? Array(operands[index...]) : [operands[index]]
        }
        return result
    }
}
