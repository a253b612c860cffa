@testable import RelayServer

/// A form is the same wherever it is cut; the first byte says where.
enum MultipartTarget {
    private struct Part: Equatable {
        var name: String
        var file: String?
        var bytes: [UInt8] = []
    }

    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let body = bytes.dropFirst()
        let whole = parts(of: [Array(body)])
        let size = Int(first) + 1
        let pieces = stride(from: body.startIndex, to: body.endIndex, by: size).map {
            Array(body[$0..<min($0 + size, body.endIndex)])
        }
        Target.require(parts(of: pieces) == whole, "a form depends on how it is cut")
    }

    /// The parts; nil for what is no form.
    private static func parts(of pieces: [[UInt8]]) -> [Part]? {
        let type = Array("multipart/form-data; boundary=xy".utf8)
        // SAFETY: read inside the closure.
        guard var reader = type.withUnsafeBytes({ try? MultipartReader(contentType: $0) }) else {
            fatalError("broken: a boundary is refused")
        }
        var parts: [Part] = []
        for piece in pieces {
            let isRead = piece.withUnsafeBytes { read($0, &reader, into: &parts) }
            if !isRead { return nil }
        }
        return reader.isAtEnd ? parts : nil
    }

    private static func read(
        _ piece: UnsafeRawBufferPointer, _ reader: inout MultipartReader, into parts: inout [Part]
    ) -> Bool {
        var position = 0
        while true {
            guard let event = try? reader.next(piece, &position) else { return false }
            switch event {
            case .needsMore:
                Target.require(position == piece.count, "a part of a piece is left over")
                return true
            case .part(let head): parts.append(Part(name: head.name, file: head.fileName))
            case .bytes(let range): parts[parts.count - 1].bytes += piece[range]
            case .heldBack(let count):
                parts[parts.count - 1].bytes += reader.delimiter[..<count]
            case .partEnd: break
            }
        }
    }
}
