import RelayStore
import Zstd

/// Where a repository has the pages of a snapshot, as runs of neighbours: a first snapshot has a few
/// runs, each later one some for what has changed since.
///
///     magic  8    "RLYMAP1\n"
///     counts 16   packs u32, runs u32, pages u32, bytes of a page u32
///     packs  16 × packs: the first half of the hash that a pack is named by
///     runs   12 × runs: pack u32 (all ones: free pages), first page in it u32, pages u32
///
/// The file is this, compressed; its name is its BLAKE2b-256.
struct PageMap {
    /// Pages that lie side by side in a pack as well as in the data file.
    struct Run: Equatable {
        var place: PagePlace
        var count: Int
    }

    static let magic = Array("RLYMAP1\n".utf8)
    /// Bytes of a map when it is not compressed: 256 MiB, twenty million runs.
    static let byteLimit = 256 << 20

    let pageBytes: Int
    /// Names of the packs that places refer to.
    var packs: [String] = []
    private(set) var runs: [Run] = []

    init(pageBytes: Int) { self.pageBytes = pageBytes }

    /// Pages of the snapshot.
    var pageCount: Int { runs.reduce(0) { $0 + $1.count } }

    /// Adds the next page.
    mutating func append(_ place: PagePlace) {
        if let last = runs.last {
            let isNext =
                place == .free
                ? last.place == .free
                : last.place.pack == place.pack
                    && Int(last.place.index) + last.count == Int(place.index)
            if isNext {
                runs[runs.count - 1].count += 1
                return
            }
        }
        runs.append(Run(place: place, count: 1))
    }

    /// Leaves out the packs that no run refers to.
    mutating func dropUnusedPacks() {
        var renumbered: [UInt32: UInt32] = [:]
        var used: [String] = []
        for index in runs.indices where runs[index].place != .free {
            let old = runs[index].place.pack
            let new = renumbered[old] ?? UInt32(used.count)
            if renumbered[old] == nil {
                renumbered[old] = new
                used.append(packs[Int(old)])
            }
            runs[index].place.pack = new
        }
        packs = used
    }

    // MARK: Bytes

    /// The compressed file and its name.
    func encoded() throws(SnapshotError) -> (bytes: [UInt8], name: String) {
        var plain = Self.magic
        plain.append(half: UInt32(packs.count))
        plain.append(half: UInt32(runs.count))
        plain.append(half: UInt32(pageCount))
        plain.append(half: UInt32(pageBytes))
        for pack in packs { plain += Self.bytes(pack) }
        for run in runs {
            plain.append(half: run.place.pack)
            plain.append(half: run.place.index)
            plain.append(half: UInt32(run.count))
        }
        // SAFETY: compressed, and hashed, inside the closures.
        let outcome: Result<[UInt8], ZstdError> = plain.withUnsafeBytes { plain in
            Result { () throws(ZstdError) in
                var compressor = try Compressor(level: Limits.compressionLevel)
                return try compressor.compress(plain)
            }
        }
        guard case .success(let bytes) = outcome else { throw .compression(.noMemory) }
        return (bytes, Self.name(of: bytes))
    }

    static func name(of bytes: [UInt8]) -> String {
        // SAFETY: hashed inside the closure.
        hexadecimal(bytes.withUnsafeBytes { BLAKE2b.hash($0, bytes: 32) })
    }

    /// Reads a map back; nil unless it is what was written under this name.
    init?(_ bytes: [UInt8], name: String) {
        guard Self.name(of: bytes) == name else { return nil }
        // SAFETY: read inside the closure.
        let outcome: Result<[UInt8], ZstdError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(ZstdError) in
                var decompressor = try Decompressor()
                return try decompressor.decompress(bytes, atMost: Self.byteLimit)
            }
        }
        guard case .success(let plain) = outcome, plain.count >= 24,
            plain.starts(with: Self.magic)
        else { return nil }
        let (packCount, runCount) = (Int(plain.half(at: 8)), Int(plain.half(at: 12)))
        pageBytes = Int(plain.half(at: 20))
        guard plain.count == 24 + 16 * packCount + 12 * runCount else { return nil }
        for number in 0..<packCount {
            packs.append(hexadecimal(plain[(24 + 16 * number)..<(40 + 16 * number)]))
        }
        for number in 0..<runCount {
            let start = 24 + 16 * packCount + 12 * number
            let place = PagePlace(pack: plain.half(at: start), index: plain.half(at: start + 4))
            guard place == .free || place.pack < UInt32(packCount) else { return nil }
            runs.append(Run(place: place, count: Int(plain.half(at: start + 8))))
        }
        guard pageCount == Int(plain.half(at: 16)) else { return nil }
    }

    /// The bytes of a name in hexadecimal.
    private static func bytes(_ name: String) -> [UInt8] {
        let digits = name.utf8.map { digit -> UInt8 in
            digit >= UInt8(ascii: "a") ? digit - UInt8(ascii: "a") + 10 : digit - UInt8(ascii: "0")
        }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
