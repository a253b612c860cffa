/// A program as data: what `--help` prints and what the parser accepts are two readings of it.
public struct Program: Sendable {
    /// The name that messages begin with.
    public let name: String
    /// One sentence on what it is for.
    public let summary: String
    /// What `--version` prints after the name.
    public let version: String
    /// What it can be asked to do. A program without verbs has one whose name is empty.
    public let verbs: [Verb]
    /// Lines that close the help text: exit codes, examples.
    public let notes: [String]
    /// The section of the manual that it belongs to: 1 for commands, 8 for services.
    public let section: Int
    /// What the variables of the environment begin with that give its options; nil when only those
    /// options have one that say so.
    public let variablePrefix: String?
    /// The option that names a settings file; nil for none.
    let settingsOption: String?

    /// A program with verbs.
    public init(
        name: String, summary: String, version: String, verbs: [Verb], notes: [String] = [],
        section: Int = 1
    ) {
        precondition(Set(verbs.map(\.name)).count == verbs.count, "a verb is described twice")
        self.name = name
        self.summary = summary
        self.version = version
        self.verbs = verbs
        self.notes = notes
        self.section = section
        variablePrefix = nil
        settingsOption = nil
    }

    /// A program that does one thing.
    ///
    /// With `variablePrefix` each option can also be given as a variable: `--snapshot-every` as
    /// `RELAYD_SNAPSHOT_EVERY`. `settingsOption` is the one that names a settings file.
    public init(
        name: String, summary: String, version: String, options: [OptionDescription],
        notes: [String] = [], section: Int = 1, variablePrefix: String? = nil,
        settingsOption: Option<String?>? = nil
    ) {
        var options = options
        if let variablePrefix {
            for index in options.indices {
                let name = options[index].name.uppercased().split(separator: "-")
                options[index].variable = variablePrefix + name.joined(separator: "_")
            }
        }
        self.name = name
        self.summary = summary
        self.version = version
        verbs = [Verb("", summary: summary, options: options)]
        self.notes = notes
        self.section = section
        self.variablePrefix = variablePrefix
        self.settingsOption = settingsOption?.description.name
    }

    /// The verb of a program that does one thing.
    var onlyVerb: Verb? {
        verbs.count == 1 && verbs[0].name.isEmpty ? verbs[0] : nil
    }
}

/// One thing that a program can be asked to do.
public struct Verb: Sendable {
    /// Its words, separated by one space: `sample`, `keys create`.
    public let name: String
    /// One sentence on what it does, without a full stop.
    public let summary: String
    /// Its options, in the order of the help text.
    public let options: [OptionDescription]
    /// What follows without a name, in order; all of them have to be given.
    public let operands: [Operand]

    /// Describes a verb.
    public init(
        _ name: String, summary: String, options: [OptionDescription] = [],
        operands: [Operand] = []
    ) {
        precondition(
            Set(options.map(\.name)).count == options.count, "an option is described twice")
        precondition(
            !operands.dropLast().contains(where: \.isRepeated), "only the last operand is repeated")
        self.name = name
        self.summary = summary
        self.options = options
        self.operands = operands
    }
}

/// An argument that has a place instead of a name.
public struct Operand: Sendable, Equatable {
    /// What stands for it in the help text, such as ID.
    public let name: String
    /// One sentence without a full stop, lower case first.
    public let help: String
    /// What it is, for shells that complete it; the verb itself checks it.
    public let kind: Kind
    /// Whether more of them may follow; so the last one of a verb only.
    public let isRepeated: Bool

    /// Describes an operand.
    public init(_ name: String, _ kind: Kind = .text, isRepeated: Bool = false, help: String) {
        self.name = name
        self.kind = kind
        self.isRepeated = isRepeated
        self.help = help
    }

    /// As the line that shows how to call the verb has it.
    var usage: String { isRepeated ? name + "..." : name }
}
