import Glibc
import System
import Zstd

/// Reads pages of a pack. Keeps the last frame, because neighbours are asked for one after the
/// other, but neither an open file nor, once the frame is let go, much memory: a snapshot may need a
/// thousand packs.
final class PackReader {
    /// Why a page cannot be had: what a finding says.
    struct Damage: Error {
        var finding: String
        /// Set when the pack may not be read: that is no damage, and who asks for it has to be told.
        var refusal: SnapshotError?

        /// Throws when the pack may not be read.
        func requireAccess() throws(SnapshotError) {
            if let refusal { throw refusal }
        }
    }

    let name: String
    let index: PackIndex
    /// Where the bases of its pages are; needed only for those that have one.
    var bases: BasePages?
    /// Who decompresses, if not the thread that asks.
    var patient: IdlePriorityThread?
    private let path: String
    private let cipher: RepositoryCipher
    private var decompressor: Decompressor?
    private var current = -1
    private var bytes: [UInt8] = []

    /// Opens a pack of a repository; says what is wrong with it if it cannot be used.
    ///
    /// - Parameter pageBytes: of the pages that are wanted; nil for those of any size.
    init(_ repository: Repository, name: String, pageBytes: Int? = nil) throws(Damage) {
        self.name = name
        path = repository.packPath(name)
        cipher = repository.cipher
        do throws(SnapshotError) {
            let file = try DiskFile(reading: path)
            guard let index = try PackIndex(file, name: name, cipher) else {
                throw SnapshotError.damaged(findings: [])
            }
            self.index = index
        } catch .missing {
            throw Damage(finding: "pack \(name) is missing")
        } catch .system(let call, let path, let code) {
            let reason = SnapshotError.system(call: call, path: path, errno: code)
            let isRefused = code == EACCES || code == EPERM
            throw Damage(
                finding: "pack \(name) cannot be read: \(reason)",
                refusal: isRefused ? reason : nil)
        } catch {
            throw Damage(finding: "pack \(name): its index is not what was written")
        }
        if let pageBytes, pageBytes != index.pageBytes {
            throw Damage(
                finding: "pack \(name) has pages of \(index.pageBytes) bytes, not of \(pageBytes)")
        }
    }

    /// A pack of a repository; nil if it is damaged.
    static func usable(
        _ repository: Repository, name: String
    ) throws(SnapshotError) -> PackReader? {
        do throws(Damage) {
            return try PackReader(repository, name: name)
        } catch {
            try error.requireAccess()
            return nil
        }
    }

    /// Whether a frame is kept.
    var isHolding: Bool { current >= 0 }

    /// Lets the frame that is kept go.
    func forget() {
        current = -1
        bytes = []
        decompressor = nil
    }

    /// What findings call a frame.
    func name(ofFrame number: Int) -> String {
        let frame = index.frames[number]
        return "pages \(frame.first) to \(frame.first + frame.pages - 1) of pack \(name)"
    }

    /// Compares a frame's bytes with their sum.
    func compressed(_ number: Int) throws(Damage) -> [UInt8] {
        let frame = index.frames[number]
        let named = name(ofFrame: number)
        let bytes: [UInt8]?
        do throws(SnapshotError) {
            let file = try DiskFile(reading: path)
            bytes = try file.bytes(frame.offset..<frame.offset + frame.bytes)
        } catch {
            throw Damage(finding: "\(named): \(error)")
        }
        guard let bytes else { throw Damage(finding: "\(named) are missing") }
        // SAFETY: hashed inside the closure.
        guard bytes.withUnsafeBytes({ PageAddress(of: $0) }) == frame.sum else {
            throw Damage(finding: "\(named) are torn")
        }
        return bytes
    }

    /// Lends a page.
    func withPage<Result>(
        _ page: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(Damage) -> Result {
        guard index.addresses.indices.contains(page) else {
            throw Damage(finding: "pack \(name) has no page \(page)")
        }
        let number = index.frame(of: page)
        if number != current { try decompress(number) }
        let start = (page - index.frames[number].first) * index.pageBytes
        // SAFETY: within the frame, whose size was checked.
        return bytes.withUnsafeBytes { frame in
            body(UnsafeRawBufferPointer(rebasing: frame[start..<start + index.pageBytes]))
        }
    }

    private func decompress(_ number: Int) throws(Damage) {
        let frame = index.frames[number]
        let sealed = try compressed(number)
        guard let compressed = cipher.open(sealed, .frame, "\(number)") else {
            throw Damage(finding: "\(name(ofFrame: number)) are not what was written")
        }
        let wanted = frame.pages * index.pageBytes
        current = -1
        let prefix = try prefix(of: number)
        // SAFETY: read inside the closure, which keeps the prefix too.
        let outcome: Result<[UInt8], ZstdError> = compressed.withUnsafeBytes { source in
            let decompress = {
                Result { () throws(ZstdError) in
                    if self.decompressor == nil { self.decompressor = try Decompressor() }
                    return try self.decompressor!.decompress(
                        source, atMost: wanted,
                        after: prefix.map { UnsafeRawBufferPointer($0.bytes) })
                }
            }
            return patient?.perform(decompress) ?? decompress()
        }
        withExtendedLifetime(prefix) {}
        guard case .success(let pages) = outcome, pages.count == wanted else {
            throw Damage(finding: "frame \(number) of pack \(name) cannot be decompressed")
        }
        precondition(pages.count == frame.pages * index.pageBytes)
        bytes = pages
        current = number
    }

    /// The pages that a frame was compressed after; nil for a frame of whole pages.
    private func prefix(of number: Int) throws(Damage) -> Scratch? {
        let frame = index.frames[number]
        if frame.bases.isEmpty { return nil }
        let pageBytes = index.pageBytes
        let prefix = Scratch(frame.bases.count * pageBytes)
        for (position, address) in frame.bases.enumerated() {
            let start = position * pageBytes
            do throws(Damage) {
                // SAFETY: within the scratch memory, which has room for a page of each base.
                guard let bases else { throw Damage(finding: "a page that nobody has looked for") }
                try bases.copy(
                    address,
                    to: UnsafeMutableRawBufferPointer(
                        rebasing: prefix.bytes[start..<start + pageBytes]))
            } catch {
                throw Damage(
                    finding: "\(name(ofFrame: number)) cannot be had without \(error.finding)")
            }
        }
        return prefix
    }

    /// Compares every frame with its sum and every page with its address.
    func verify(into report: inout VerificationReport) {
        for number in index.frames.indices {
            do throws(Damage) {
                if index.frames[number].bases.contains(where: { bases?.knows($0) != true }) {
                    report.bytes += try compressed(number).count
                    continue
                }
                try decompress(number)
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
