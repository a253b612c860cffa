import RelayRecords

@testable import RelayServer

/// Base64 is the same wherever it is cut, and so is the object that it stands in; the first byte says
/// where.
enum Base64Target {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let text = Array(bytes.dropFirst())
        let cut = text.isEmpty ? 0 : Int(first) % text.count
        let pieces = [Array(text[..<cut]), Array(text[cut...])]
        Target.require(decoded(pieces) == decoded([text]), "base64 depends on how it is cut")
        Target.require(split(pieces) == split([text]), "an object depends on how it is cut")
    }

    /// The bytes; nil for what is no base64.
    private static func decoded(_ pieces: [[UInt8]]) -> [UInt8]? {
        var reader = Base64Reader()
        var bytes: [UInt8] = []
        for piece in pieces {
            var output = [UInt8](repeating: 0, count: (piece.count / 4 + 1) * 3)
            // SAFETY: both are used inside the closures.
            let count = piece.withUnsafeBytes { characters in
                output.withUnsafeMutableBytes { reader.decode(characters, into: $0.baseAddress!) }
            }
            bytes += output[..<count]
        }
        reader.end()
        return reader.isWrong ? nil : bytes
    }

    /// The characters of the content, and the rest of the object.
    private static func split(_ pieces: [[UInt8]]) -> [[UInt8]] {
        var splitter = ContentSplitter()
        var content: [UInt8] = []
        for piece in pieces {
            // SAFETY: read inside the closure.
            piece.withUnsafeBytes { piece in
                var position = 0
                while true {
                    switch splitter.next(piece, &position) {
                    case .needsMore: return
                    case .begin, .end: break
                    case .content(let range): content += piece[range]
                    case .escaped(let character): content.append(character)
                    }
                }
            }
        }
        return [content, splitter.rest]
    }
}
