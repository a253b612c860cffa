import Zstd

/// Reads pages of a pack. Keeps the last frame, because neighbours are asked for one after the
/// other.
final class PackReader {
    /// Why a page cannot be had: what a finding says.
    struct Damage: Error {
        var finding: String
    }

    let name: String
    let index: PackIndex
    private let file: DiskFile
    private var decompressor: Decompressor
    private var current = -1
    private var bytes: [UInt8] = []

    /// Opens a pack of a repository; says what is wrong with it if it cannot be used.
    init(_ directory: String, name: String) throws(Damage) {
        self.name = name
        do throws(SnapshotError) {
            let file = try DiskFile(reading: "\(directory)/\(name).pack")
            guard let index = try PackIndex(file, name: name) else {
                throw SnapshotError.damaged(findings: [])
            }
            self.index = index
            self.file = file
        } catch .missing {
            throw Damage(finding: "pack \(name) is missing")
        } catch {
            throw Damage(finding: "pack \(name): its index is not what was written")
        }
        do throws(ZstdError) {
            decompressor = try Decompressor()
        } catch {
            throw Damage(finding: "pack \(name): \(error)")
        }
    }

    /// Whether a frame is kept.
    var isHolding: Bool { current >= 0 }

    /// Lets the frame that is kept go.
    func forget() {
        current = -1
        bytes = []
    }

    /// Bytes of the pack.
    var size: Int { (try? file.size()) ?? 0 }

    /// Compares a frame's bytes with their sum.
    func compressed(_ number: Int) throws(Damage) -> [UInt8] {
        let frame = index.frames[number]
        let place = "pages \(frame.first) to \(frame.first + frame.pages - 1) of pack \(name)"
        let bytes: [UInt8]?
        do throws(SnapshotError) {
            bytes = try file.bytes(frame.offset..<frame.offset + frame.bytes)
        } catch {
            throw Damage(finding: "\(place): \(error)")
        }
        guard let bytes else { throw Damage(finding: "\(place) are missing") }
        // SAFETY: hashed inside the closure.
        guard bytes.withUnsafeBytes({ PageAddress(of: $0) }) == frame.sum else {
            throw Damage(finding: "\(place) are torn")
        }
        return bytes
    }

    /// Lends a page.
    func withPage<Result>(
        _ page: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(Damage) -> Result {
        guard page < index.addresses.count else {
            throw Damage(finding: "pack \(name) has no page \(page)")
        }
        let number = index.frame(of: page)
        if number != current { try load(number) }
        let start = (page - index.frames[number].first) * index.pageBytes
        // SAFETY: within the frame, whose size was checked.
        return bytes.withUnsafeBytes { frame in
            body(UnsafeRawBufferPointer(rebasing: frame[start..<start + index.pageBytes]))
        }
    }

    private func load(_ number: Int) throws(Damage) {
        let frame = index.frames[number]
        let compressed = try compressed(number)
        let wanted = frame.pages * index.pageBytes
        current = -1
        // SAFETY: read inside the closure.
        let outcome: Result<[UInt8], ZstdError> = compressed.withUnsafeBytes { source in
            Result { () throws(ZstdError) in
                try decompressor.decompress(source, atMost: wanted)
            }
        }
        guard case .success(let pages) = outcome, pages.count == wanted else {
            throw Damage(finding: "frame \(number) of pack \(name) cannot be decompressed")
        }
        bytes = pages
        current = number
    }

    /// Compares every frame with its sum and every page with its address.
    func verify(into report: inout VerificationReport) {
        for number in index.frames.indices {
            do throws(Damage) {
                try load(number)
                report.bytes += index.frames[number].bytes
                let first = index.frames[number].first
                for page in first..<first + index.frames[number].pages {
                    let address = try withPage(page) { PageAddress(of: $0) }
                    if address != index.addresses[page] {
                        report.add("page \(page) of pack \(name) is another one")
                    }
                }
            } catch {
                report.add(error.finding)
            }
        }
    }
}
