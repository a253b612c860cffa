/// Generates the version that the programs say: the contract's, since all of them are released together.
enum VersionSource {
    /// Relative to the repository's root. The module knows nothing of the contract.
    static let path = "Sources/Options/Program/Version.swift"

    static func source(_ document: Tree) throws(GeneratorFault) -> Source {
        guard let version = document["info"]?["version"]?.string else {
            throw GeneratorFault("openapi.json: info has no version")
        }
        var source = Source()
        source.doc(
            "The version of Relay: of its contract, and of its programs, which are built together.")
        source.block("public enum Version") { source in
            source.doc("As semver.org reads it; `info.version` of openapi.json.")
            source.line("public static let text = \(version.literal)")
        }
        return source
    }
}
