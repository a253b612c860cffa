import Glibc
import System
import Zstd

/// Writes pages into packs, one after the other, each durable before it gets its name.
final class PackWriter {
    /// A pack that is complete.
    struct Written {
        var name: String
        var index: PackIndex
        var bytes: Int
    }

    /// Packs that are complete.
    private(set) var written: [Written] = []
    private let repository: Repository
    /// Who compresses.
    private let patient: IdlePriorityThread
    private let pageBytes: Int
    private var compressor: Compressor
    /// Pages that are still to be compressed with more care than speed.
    private var carefulPages: Int
    /// For pages that are built on others: those take a small part of their room, so care pays.
    private var deltaCompressor: Compressor?
    private let frame: Scratch
    private var waiting: [PageAddress] = []
    /// What the pages that wait are built on: nothing, or one for each.
    private let prefix: Scratch
    private var waitingBases: [PageAddress] = []
    private var index: PackIndex
    private var offset = 0
    private var open: OpenPack?

    /// The file of the pack that is being written.
    private final class OpenPack {
        let file: DiskFile
        init(_ file: consuming DiskFile) { self.file = file }
    }

    /// - Parameter isAddition: there are packs already, so little is expected to come.
    init(
        _ repository: Repository, pageBytes: Int, isAddition: Bool, _ patient: IdlePriorityThread
    ) throws(SnapshotError) {
        self.repository = repository
        self.patient = patient
        self.pageBytes = pageBytes
        carefulPages = isAddition ? Limits.additionPages : 0
        compressor = try Self.compressor(isAddition ? Limits.additionLevel : nil)
        frame = Scratch(Limits.framePages * pageBytes)
        prefix = Scratch(Limits.deltaFramePages * pageBytes)
        index = PackIndex(pageBytes: pageBytes)
    }

    private static func compressor(_ level: Int32?) throws(SnapshotError) -> Compressor {
        do throws(ZstdError) {
            return try Compressor(level: level ?? Limits.compressionLevel)
        } catch {
            throw .compression(error)
        }
    }

    /// Position in the packs so far, complete or not, of the next page.
    var location: (pack: Int, index: Int) {
        (written.count, index.addresses.count + waiting.count)
    }

    private var part: String { "\(repository.packs)/pack.part-\(getpid())" }

    /// Adds a page; returns where it will be.
    func add(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress
    ) throws(SnapshotError) -> (pack: Int, index: Int) {
        if !waitingBases.isEmpty { try writeFrame() }
        if offset >= Limits.packBytes { try finishPack() }
        if carefulPages > 0 {
            carefulPages -= 1
            if carefulPages == 0 { compressor = try Self.compressor(nil) }
        }
        let location = location
        keep(page, in: frame, at: waiting.count)
        waiting.append(address)
        if waiting.count == Limits.framePages { try writeFrame() }
        return location
    }

    /// Adds a page that is much like another one, which is whole; returns where it will be.
    func add(
        _ page: UnsafeRawBufferPointer, _ address: PageAddress,
        like base: UnsafeRawBufferPointer, _ baseAddress: PageAddress
    ) throws(SnapshotError) -> (pack: Int, index: Int) {
        if waitingBases.count < waiting.count { try writeFrame() }
        if offset >= Limits.packBytes { try finishPack() }
        let location = location
        keep(page, in: frame, at: waiting.count)
        keep(base, in: prefix, at: waiting.count)
        waiting.append(address)
        waitingBases.append(baseAddress)
        if waiting.count == Limits.deltaFramePages { try writeFrame() }
        return location
    }

    private func keep(_ page: UnsafeRawBufferPointer, in scratch: Scratch, at position: Int) {
        precondition(
            page.count == pageBytes && (position + 1) * pageBytes <= scratch.bytes.count,
            "a frame has room for the page")
        // SAFETY: the scratch memory has room for the page.
        UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[(position * pageBytes)...])
            .copyMemory(from: page)
    }

    /// Completes the last pack.
    func finish() throws(SnapshotError) {
        if location.index > 0 { try finishPack() }
    }

    /// Removes what is incomplete; complete packs stay, because the next snapshot may use them.
    func abandon() { unlink(part) }

    private func writeFrame() throws(SnapshotError) {
        if waiting.isEmpty { return }
        let compressed = try compressedFrame()
        let number = index.frames.count
        let bytes = patient.perform { repository.cipher.seal(compressed, .frame, "\(number)") }
        if open == nil {
            unlink(part)
            open = OpenPack(try DiskFile(creating: part))
            try append(index.header)
        }
        let start = offset
        try append(bytes)
        index.append(bytes, at: start, waiting, bases: waitingBases)
        waiting.removeAll(keepingCapacity: true)
        waitingBases.removeAll(keepingCapacity: true)
    }

    private func compressedFrame() throws(SnapshotError) -> [UInt8] {
        // SAFETY: compressed during the call.
        let pages = UnsafeRawBufferPointer(rebasing: frame.bytes[..<(waiting.count * pageBytes)])
        do throws(ZstdError) {
            if waitingBases.isEmpty {
                return try patient.perform { () throws(ZstdError) in
                    try compressor.compress(pages)
                }
            }
            let bases = UnsafeRawBufferPointer(rebasing: prefix.bytes[..<pages.count])
            if deltaCompressor == nil {
                deltaCompressor = try Compressor(level: Limits.additionLevel)
            }
            return try patient.perform { () throws(ZstdError) in
                try deltaCompressor!.compress(pages, after: bases)
            }
        } catch {
            throw .compression(error)
        }
    }

    private func append(_ bytes: [UInt8]) throws(SnapshotError) {
        guard let open else { preconditionFailure("a pack is opened before it is written") }
        // SAFETY: written inside the closure.
        let outcome: Result<Void, SnapshotError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(SnapshotError) in try open.file.write(bytes, at: offset) }
        }
        try outcome.get()
        let end = offset + bytes.count
        if end / Limits.flushBytes > offset / Limits.flushBytes { try open.file.settle(0..<end) }
        offset = end
    }

    private func finishPack() throws(SnapshotError) {
        try writeFrame()
        let (bytes, name) = index.encoded(at: offset, repository.cipher)
        try append(bytes)
        try open?.file.sync()
        try open?.file.settle(0..<offset)
        open = nil
        try Disk.rename(part, to: repository.packPath(name))
        written.append(Written(name: name, index: index, bytes: offset))
        index = PackIndex(pageBytes: pageBytes)
        offset = 0
    }
}
