import Options

extension RelaydOptions {
    /// The options that hold, for the line that says so.
    static func configuration(_ arguments: Arguments) -> String {
        program.settings(arguments, without: checkOption)
            .map { "\($0.name) = \($0.value)" }.joined(separator: ", ")
    }

    /// Where it serves, for the line that says so.
    func summary(_ places: [String]) -> String {
        "on \(places.joined(separator: " and ")) (store \(store), \(loops) loop\(loops == 1 ? "" : "s"))"
    }
}
