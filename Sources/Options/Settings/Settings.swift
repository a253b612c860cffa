/// The values that options have beside the command line: variables of the environment, and a file.
///
/// The command line wins over a variable, a variable over the file, the file over the default. Where
/// an option is given at all decides for all of its values: those of two places are not added up.
struct Settings {
    let verb: Verb
    /// Variables with values. One that is empty counts as not set.
    let environment: [String: String]

    /// Fills in what `arguments` does not have.
    func fill(_ arguments: inout Arguments, fileOption: String?) throws(UsageError) {
        for option in verb.options where arguments.options[option.name] == nil {
            guard let variable = option.variable, let text = environment[variable], !text.isEmpty
            else { continue }
            let origin = Origin.variable(variable)
            let values = option.isRepeated ? text.split(separator: ",").map(String.init) : [text]
            for value in values { try add(value, of: option, origin, to: &arguments) }
        }
        guard let fileOption, case .text(let path)? = arguments.options[fileOption]?.last else {
            return
        }
        try fill(&arguments, from: try SettingsFile(path: path), without: fileOption)
    }

    private func fill(
        _ arguments: inout Arguments, from file: SettingsFile, without fileOption: String
    ) throws(UsageError) {
        let given = Set(arguments.options.keys)
        let known = verb.options.filter { $0.name != fileOption }
        for entry in file.entries {
            let origin = Origin.file(path: file.path, line: entry.line)
            guard let option = known.first(where: { $0.name == entry.name }) else {
                let nearest = Spelling.nearest(to: entry.name, among: known.map(\.name))
                throw .inSettings(origin, .unknownSetting(entry.name, nearest: nearest))
            }
            if let earlier = arguments.origins[option.name], !given.contains(option.name),
                !option.isRepeated
            {
                throw .inSettings(origin, .repeatedSetting(option.name, earlier))
            }
            var checked = Arguments()
            try add(entry.value, of: option, origin, to: &checked)
            if given.contains(option.name) { continue }
            arguments.options[option.name, default: []] += checked.options[option.name] ?? []
            arguments.origins[option.name] = origin
        }
    }

    /// A flag that is `false` is as if it were not there, but it is from here: a place of less weight
    /// cannot set it any more.
    private func add(
        _ text: String, of option: OptionDescription, _ origin: Origin,
        to arguments: inout Arguments
    ) throws(UsageError) {
        let kind = option.kind == .flag ? Kind.choice(["true", "false"]) : option.kind
        guard let value = kind.read(text) else {
            let fault = UsageError.badValue(
                option: option.name, value: text, expected: kind.expectation)
            throw .inSettings(origin, fault)
        }
        let isFlag = option.kind == .flag
        let added: [Kind.Value] = !isFlag ? [value] : value == .text("true") ? [.flag] : []
        arguments.options[option.name, default: []] += added
        arguments.origins[option.name] = origin
    }
}

extension Program {
    /// What is wrong with variables that begin like those of this program and are none of them: a
    /// line each. Kubernetes sets variables of its own for a service of the same name
    /// (`RELAYD_SERVICE_HOST`, `RELAYD_PORT_…`); nothing is said of these.
    public func unknownVariables(_ environment: [String: String]) -> [String] {
        guard let prefix = variablePrefix else { return [] }
        let known = verbs.flatMap(\.options).compactMap(\.variable)
        let foreign = ["\(prefix)SERVICE_", "\(prefix)PORT_"]
        let unknown = environment.keys.filter { name in
            name.hasPrefix(prefix) && !known.contains(name) && name != "\(prefix)PORT"
                && !foreign.contains { name.hasPrefix($0) }
        }
        return unknown.sorted().map { name in
            let nearest = Spelling.nearest(to: name, among: known)
            return "the variable \(name) sets nothing"
                + (nearest.map { "; did you mean \($0)?" } ?? "")
        }
    }

    /// A setting that holds.
    public struct Setting: Sendable {
        /// The option's name.
        public let name: String
        /// Its value, as a settings file has it.
        public let value: String
        /// The place that it comes from; nil for the default.
        public let origin: Origin?
    }

    /// The settings that hold, one for each value: all but a flag, and the settings file's own name.
    public func settings(_ arguments: Arguments, without flag: Option<Bool>) -> [Setting] {
        var settings: [Setting] = []
        for option in onlyVerb?.options ?? [] {
            if option.name == settingsOption || option.name == flag.description.name { continue }
            guard let values = arguments.options[option.name] else { continue }
            let words =
                option.kind == .flag
                ? [values.isEmpty ? "false" : "true"] : values.map(option.kind.describe)
            let origin = arguments.origins[option.name]
            settings += words.map { Setting(name: option.name, value: $0, origin: origin) }
        }
        return settings
    }

    /// The settings that hold, each with the place that it comes from, as a settings file.
    public func settingsFile(_ arguments: Arguments, without flag: Option<Bool>) -> String {
        var text = ""
        var last: String?
        for setting in settings(arguments, without: flag) {
            let origin = setting.origin.map { "from: \($0)" } ?? "the default"
            if setting.name != last { text += "# \(origin)\n" }
            text += "\(setting.name) = \(setting.value)\n"
            last = setting.name
        }
        return text
    }
}
