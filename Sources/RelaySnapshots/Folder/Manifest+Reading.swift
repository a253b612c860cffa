import CivilTime
import JSON
import RelayStore

extension Manifest {
    /// Reads a manifest back; nil unless it is what `encoded` wrote. One that a newer program wrote is
    /// no damage, but an error.
    init?(reading file: [UInt8], path: String) throws(SnapshotError) {
        guard Self.isWhole(file) else { return nil }
        var version = Limits.formatVersion
        let read = try? JSONParser().parse(file) { json -> Manifest? in
            version = json["format"]?.integer.flatMap { Int(exactly: $0) } ?? version
            return Manifest(json: json)
        }
        if version > Limits.formatVersion {
            throw .newerFormat(path: path, version: version)
        }
        guard let manifest = read ?? nil else { return nil }
        self = manifest
    }

    /// Whether the sum at the end is that of what stands before it.
    static func isWhole(_ file: [UInt8]) -> Bool {
        // ,"checksum":"…64…"}\n
        let tail = 13 + 2 * Self.checksumBytes + 3
        guard file.count > tail else { return false }
        let body = Array(file.dropLast(tail))
        let expected = ",\"checksum\":\"\(Self.checksum(body))\"}\n"
        return file.suffix(tail).elementsEqual(expected.utf8)
    }

    /// Reads a manifest back; nil unless it is exactly what `encoded` wrote.
    init?(_ file: [UInt8]) {
        guard Self.isWhole(file) else { return nil }
        let read = try? JSONParser().parse(file) { Manifest(json: $0) }
        guard let manifest = read else { return nil }
        self = manifest
    }

    private init?(json: JSONValue) {
        func integer(_ name: StaticString, in value: JSONValue? = nil) -> Int? {
            (value ?? json)[name]?.integer.flatMap { Int(exactly: $0) }
        }
        func text(_ name: StaticString) -> String? { json[name]?.string.map { String($0) } }
        guard integer("format") == Limits.formatVersion, let program = text("program"),
            let created = text("createdAt").flatMap({ Timestamp(rfc3339: $0) }),
            let isCompact = json["compact"]?.boolean,
            let epoch = text("epoch").flatMap({ UInt64($0, radix: 16) }),
            let sequence = integer("sequence"), let transaction = integer("transaction"),
            let storeFormat = integer("storeFormat"), let pageBytes = integer("pageBytes"),
            let pages = integer("pages"), let usedPages = integer("usedPages"),
            let blake2b = text("blake2b"), let counts = json["counts"],
            let segments = json["segments"], sequence >= 0, transaction >= 0,
            PageMap.pageSizes.contains(pageBytes), (0...Limits.snapshotPages).contains(pages),
            (0...pages).contains(usedPages)
        else { return nil }
        self.program = program
        createdAt = created
        label = text("label")
        self.isCompact = isCompact
        self.epoch = epoch
        self.sequence = UInt64(sequence)
        self.transaction = UInt64(transaction)
        self.storeFormat = storeFormat
        self.pageBytes = pageBytes
        self.pages = pages
        self.usedPages = usedPages
        self.blake2b = blake2b
        var read: [DocumentCount] = []
        for element in counts.elements {
            guard let account = integer("account", in: element).flatMap({ UInt32(exactly: $0) }),
                let kind = integer("kind", in: element).flatMap({ UInt8(exactly: $0) }),
                let documents = integer("documents", in: element).flatMap({ UInt64(exactly: $0) })
            else { return nil }
            read.append(DocumentCount(account: account, resource: kind, documents: documents))
        }
        self.counts = read
        self.segments = segments.elements.compactMap {
            $0.string.flatMap { hexadecimalNumber($0.bytes) }
        }
        stored = json["stored"].flatMap { stored in
            guard let map = stored["map"]?.string,
                let addedPages = integer("addedPages", in: stored),
                let addedBytes = integer("addedBytes", in: stored)
            else { return nil }
            return StoredPages(
                map: String(map), addedPages: addedPages, addedBytes: addedBytes)
        }
        log = json["log"].flatMap { log in
            guard
                let identity = log["identity"]?.string.flatMap({ LogIdentity(String($0)) }),
                let sequence = integer("sequence", in: log).flatMap({ UInt64(exactly: $0) })
            else { return nil }
            return LogPlace(identity: identity, sequence: sequence)
        }
    }
}

/// The number that hexadecimal digits say, as `String(_:radix:)` writes them; nil for anything else.
private func hexadecimalNumber(_ digits: UnsafeBufferPointer<UInt8>) -> UInt64? {
    if digits.isEmpty || digits.count > 16 { return nil }
    var number: UInt64 = 0
    for digit in digits {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
            number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }
    return number
}
