import RelayContract

@testable import RelayServer

/// The first byte chooses a field.
enum FieldTarget {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        // SAFETY: read inside the closure.
        bytes.withUnsafeBytes { all in
            let value = UnsafeRawBufferPointer(rebasing: all.dropFirst())
            switch first % 6 {
            case 0:
                let list = TagList(value)
                for version in list.versions(epoch: 1, strongly: false) {
                    let tag = EntityTag(epoch: 1, version: version)
                    Target.require(
                        tag.isNamed(in: list, strongly: false), "a tag of the list is not on it")
                }
            case 1:
                if case .part(let part) = RangeRequest(value, byteCount: 1_000) {
                    Target.require(
                        part.lowerBound >= 0 && part.upperBound <= 1_000 && !part.isEmpty,
                        "a range goes beyond the file")
                }
            case 2: _ = FieldParameters(value)
            case 3: _ = try? PartHead(Array(value))
            case 4: _ = IdempotencyKey.read(value)
            default:
                _ = MediaType.isJSON(value)
                if let name = try? FileName(String(decoding: value, as: UTF8.self)) {
                    let field = FileName.disposition(name.text)
                    Target.require(
                        !field.contains { $0 < 0x20 || $0 > 0x7E },
                        "a field has what no field may have")
                }
            }
        }
    }
}
