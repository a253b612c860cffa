/// Why nothing could be generated: a file that cannot be read, or a schema that says what this generator does not
/// understand. It refuses rather than leave a rule of the contract out.
struct GeneratorFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
