/// The arguments that are neither an option nor the value of one, and where they stand: the words of
/// the verb first, and then the operands.
struct CommandWords {
    private(set) var words: [String] = []
    private(set) var places: [Int] = []
    /// What looks like an option and is none of those given.
    private(set) var unknown: [String] = []

    /// Reads as far as `--`.
    init(_ arguments: [String], _ options: [OptionDescription]) {
        var index = 0
        while index < arguments.count, arguments[index] != "--" {
            let argument = arguments[index]
            index += 1
            guard argument.looksLikeOption else {
                words.append(argument)
                places.append(index - 1)
                continue
            }
            let typed = String(argument.prefix { $0 != "=" })
            guard let option = options.first(where: { $0.isTyped(typed) }) else {
                unknown.append(typed)
                continue
            }
            if option.kind == .flag || typed.count < argument.count { continue }
            if index < arguments.count, arguments[index].canBeValue { index += 1 }
        }
    }
}

extension Program {
    /// The verb of a command line, wherever it stands between the options, and the arguments without
    /// it.
    func findVerb(
        _ arguments: [String]
    ) throws(UsageError) -> (verb: Verb, rest: ArraySlice<String>) {
        if let onlyVerb { return (onlyVerb, arguments[...]) }
        if let (verb, places) = locateVerb(arguments) {
            let rest = arguments.indices.filter { !places.contains($0) }.map { arguments[$0] }
            return (verb, rest[...])
        }
        let line = CommandWords(arguments, verbs.flatMap(\.options))
        guard let first = arguments.first, first.looksLikeOption, let typed = line.unknown.first
        else { throw missingVerb(line.words) }
        throw unknownOption(typed, among: verbs.flatMap(\.options))
    }

    /// The words that tell what help is asked for: those of the verb, or what there is of them.
    func helpWords(_ arguments: [String]) -> [String] {
        locateVerb(arguments)?.verb.words
            ?? CommandWords(arguments, verbs.flatMap(\.options)).words
    }

    /// Which words are an option's value depends on the verb, so each verb is tried.
    private func locateVerb(_ arguments: [String]) -> (verb: Verb, places: ArraySlice<Int>)? {
        for verb in verbs where !verb.name.isEmpty {
            let line = CommandWords(arguments, verb.options)
            if line.words.starts(with: verb.words) {
                return (verb, line.places.prefix(verb.words.count))
            }
        }
        return nil
    }

    /// What is wrong with words that are no verb.
    func missingVerb(_ words: [String]) -> UsageError {
        // Walk down as far as the words agree with some verb; the next word is the mistyped one.
        var agreed: [String] = []
        for word in words {
            let known = nextWords(after: agreed)
            guard known.contains(word) else {
                let nearest = Spelling.nearest(to: word, among: known)
                let typed = (agreed + [word]).joined(separator: " ")
                return .unknownVerb(
                    typed, nearest: nearest.map { (agreed + [$0]).joined(separator: " ") },
                    known: known)
            }
            agreed.append(word)
        }
        let known = nextWords(after: agreed).map { (agreed + [$0]).joined(separator: " ") }
        return .missingVerb(known: known)
    }

    /// What is wrong with an option that there is not.
    func unknownOption(_ typed: String, among options: [OptionDescription]) -> UsageError {
        let names = options.map { "--" + $0.name } + Self.everywhere
        // `--help=x` is known; it is its value that is wrong.
        if Self.everywhere.contains(typed) {
            return .unexpectedValue(option: String(typed.drop { $0 == "-" }))
        }
        return .unknownOption(typed, nearest: Spelling.nearest(to: typed, among: names))
    }

    /// What is understood beside any verb's options.
    static let everywhere = ["--help", "--man", "--version", "--completions"]

    /// The words that can follow the given ones, each once, in the order of the description.
    func nextWords(after words: [String]) -> [String] {
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

extension OptionDescription {
    /// Whether this is the option that was typed: `--name`, or a dash and its letter.
    func isTyped(_ text: String) -> Bool {
        "--" + name == text || letter.map { "-\($0)" == text } == true
    }
}

extension String {
    /// A single dash is an operand by custom: standard input or output.
    var looksLikeOption: Bool { hasPrefix("-") && self != "-" }

    /// `--store --socket x` forgot the directory: an argument that looks like an option is one and
    /// not a value, except for a negative number. `--store=--odd` still allows such a value.
    var canBeValue: Bool { !looksLikeOption || dropFirst().first?.isNumber ?? false }
}
