@testable import RelaySnapshots

/// A manifest without its checksum, which is made for it.
enum ManifestTarget {
    static func run(_ bytes: [UInt8]) {
        let file = bytes + Array(",\"checksum\":\"\(Manifest.checksum(bytes))\"}\n".utf8)
        guard let manifest = try? Manifest(reading: file, path: "input") else { return }
        let written = manifest.encoded
        guard let again = try? Manifest(reading: written, path: "input") else {
            fatalError("broken: a manifest is refused that was written")
        }
        Target.require(again.encoded == written, "a manifest is written in two ways")
    }
}
