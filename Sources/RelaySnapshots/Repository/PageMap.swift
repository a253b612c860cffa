import RelayStore
import Zstd

/// Where a repository has the pages of a snapshot, as runs of neighbours: a first snapshot has a few
/// runs, each later one some for what has changed since.
///
///     magic  8    "RLYMAP1\n"
///     counts 20   packs u32, runs u32, bases u32, pages u32, bytes of a page u32
///     packs  16 × packs: the first half of the hash that a pack is named by
///     runs   12 × runs: pack u32 (all ones: free pages), first page in it u32, pages u32
///     bases  12 × bases: likewise, the pages that some of those above are compressed against; in
///            the order of the packs, each once
///
/// So a map tells everything that a snapshot needs: what it leads to lives as long as the map.
/// The file is this, compressed; its name is its BLAKE2b-256. In an encrypted repository the file is
/// that, sealed under its name, which is a keyed hash.
struct PageMap {
    /// Pages that lie side by side in a pack as well as in the data file.
    struct Run: Equatable {
        var location: PageLocation
        var count: Int

        /// The locations one by one.
        var locations: [PageLocation] {
            (0..<UInt32(count)).map {
                PageLocation(pack: location.pack, index: location.index + $0)
            }
        }
    }

    static let magic = Array("RLYMAP1\n".utf8)
    private static let headerBytes = 28
    /// Bytes that a page can have: what LMDB can have been built with.
    static let pageSizes = (9...16).map { 1 << $0 }

    let pageBytes: Int
    /// Names of the packs that locations refer to.
    var packs: [String] = []
    private(set) var runs: [Run] = []
    /// What some of the pages are built on.
    private(set) var bases: [Run] = []

    init(pageBytes: Int) { self.pageBytes = pageBytes }

    /// Pages of the snapshot.
    var pageCount: Int { runs.reduce(0) { $0 + $1.count } }

    /// Adds the next pages.
    mutating func append(_ location: PageLocation, count: Int = 1) {
        Self.append(Run(location: location, count: count), to: &runs)
    }

    private static func append(_ run: Run, to runs: inout [Run]) {
        precondition(run.count >= 0, "a run has pages")
        if run.count == 0 { return }
        if let last = runs.last {
            let isNext =
                run.location == .free
                ? last.location == .free
                : last.location.pack == run.location.pack
                    && Int(last.location.index) + last.count == Int(run.location.index)
            if isNext {
                runs[runs.count - 1].count += run.count
                return
            }
        }
        runs.append(run)
    }

    /// Says where the pages that were held back are now.
    mutating func settle(_ locations: [PageLocation]) {
        let old = runs
        runs = []
        for run in old {
            if run.location.isHeld {
                for location in locations[
                    Int(run.location.index)..<Int(run.location.index) + run.count]
                {
                    append(location)
                }
            } else {
                append(run.location, count: run.count)
            }
        }
    }

    /// Says what pages are built on, in the order of the packs, each once.
    mutating func setBases(_ locations: [PageLocation]) {
        bases = []
        for location in locations {
            Self.append(Run(location: location, count: 1), to: &bases)
        }
    }

    /// Leaves out the packs that no run refers to.
    mutating func dropUnusedPacks() {
        var numbers = [UInt32](repeating: .max, count: packs.count)
        var used: [String] = []
        func renumber(_ run: inout Run) {
            if run.location == .free { return }
            let pack = Int(run.location.pack)
            if numbers[pack] == .max {
                numbers[pack] = UInt32(used.count)
                used.append(packs[pack])
            }
            run.location.pack = numbers[pack]
        }
        for index in runs.indices { renumber(&runs[index]) }
        for index in bases.indices { renumber(&bases[index]) }
        packs = used
    }

    // MARK: Bytes

    /// The compressed file and its name.
    func encoded(
        _ cipher: RepositoryCipher = .none
    ) throws(SnapshotError) -> (bytes: [UInt8], name: String) {
        var plain = Self.magic
        plain.append(uint32: UInt32(packs.count))
        plain.append(uint32: UInt32(runs.count))
        plain.append(uint32: UInt32(bases.count))
        plain.append(uint32: UInt32(pageCount))
        plain.append(uint32: UInt32(pageBytes))
        for pack in packs { plain += Self.bytes(pack) }
        // What is written is read again.
        guard plain.count + 12 * (runs.count + bases.count) <= Limits.mapBytes else {
            throw .compression(.tooLarge(limit: Limits.mapBytes))
        }
        for run in runs + bases {
            plain.append(uint32: run.location.pack)
            plain.append(uint32: run.location.index)
            plain.append(uint32: UInt32(run.count))
        }
        // SAFETY: compressed, and hashed, inside the closures.
        let outcome: Result<[UInt8], ZstdError> = plain.withUnsafeBytes { plain in
            Result { () throws(ZstdError) in
                var compressor = try Compressor(level: Limits.compressionLevel)
                return try compressor.compress(plain)
            }
        }
        guard case .success(let bytes) = outcome else { throw .compression(.noMemory) }
        let name = Self.name(of: bytes, cipher)
        return (cipher.seal(bytes, .map, name), name)
    }

    static func name(of bytes: [UInt8], _ cipher: RepositoryCipher = .none) -> String {
        hexadecimal(cipher.hash(bytes, bytes: 32))
    }

    /// Reads a map back; nil unless it is what was written under this name.
    init?(_ file: [UInt8], name: String, _ cipher: RepositoryCipher = .none) {
        guard let bytes = cipher.open(file, .map, name), Self.name(of: bytes, cipher) == name
        else { return nil }
        // SAFETY: read inside the closure.
        let outcome: Result<[UInt8], ZstdError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(ZstdError) in
                var decompressor = try Decompressor()
                return try decompressor.decompress(bytes, atMost: Limits.mapBytes)
            }
        }
        guard case .success(let plain) = outcome, plain.count >= Self.headerBytes,
            plain.starts(with: Self.magic)
        else { return nil }
        let (packCount, runCount) = (Int(plain.uint32(at: 8)), Int(plain.uint32(at: 12)))
        let baseCount = Int(plain.uint32(at: 16))
        pageBytes = Int(plain.uint32(at: 24))
        guard Self.pageSizes.contains(pageBytes) else { return nil }
        let firstRun = Self.headerBytes + 16 * packCount
        guard plain.count == firstRun + 12 * (runCount + baseCount) else { return nil }
        for start in stride(from: Self.headerBytes, to: firstRun, by: 16) {
            packs.append(hexadecimal(plain[start..<start + 16]))
        }
        for number in 0..<runCount + baseCount {
            let start = firstRun + 12 * number
            let location = PageLocation(
                pack: plain.uint32(at: start), index: plain.uint32(at: start + 4))
            let isBase = number >= runCount
            guard location == .free && !isBase || location.pack < UInt32(packCount) else {
                return nil
            }
            let run = Run(location: location, count: Int(plain.uint32(at: start + 8)))
            // The numbers of its pages have 32 bits; how many are free has no bounds but the file's.
            guard run.count > 0,
                location == .free || Int(location.index) + run.count <= Int(UInt32.max)
            else { return nil }
            if isBase { bases.append(run) } else { runs.append(run) }
        }
        guard pageCount == Int(plain.uint32(at: 20)) else { return nil }
    }

    /// The bytes of a name in hexadecimal.
    private static func bytes(_ name: String) -> [UInt8] {
        let digits = name.utf8.map { digit -> UInt8 in
            digit >= UInt8(ascii: "a") ? digit - UInt8(ascii: "a") + 10 : digit - UInt8(ascii: "0")
        }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
