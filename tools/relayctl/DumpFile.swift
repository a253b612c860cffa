import Glibc
import Zstd

/// Where a dump goes: standard output, or a file that gets its name when it is whole.
struct DumpFile: ~Copyable {
    /// Nil for standard output.
    private let path: String?
    private let descriptor: Int32
    private var compressor: Compressor?
    /// Why a write failed, kept for the end: the walk over the store cannot throw it.
    private(set) var failure: CommandError?
    /// Bytes that were written.
    private(set) var bytes = 0

    /// Opens it. The name says whether to compress.
    init(_ path: String?) throws(CommandError) {
        self.path = path
        guard let path else {
            descriptor = STDOUT_FILENO
            compressor = nil
            return
        }
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        descriptor = open(Self.part(path), flags, 0o600)
        guard descriptor >= 0 else {
            throw .system(call: "open", path: Self.part(path), errno: errno)
        }
        do throws(ZstdError) {
            compressor = path.hasSuffix(".zst") ? try Compressor(workers: 1) : nil
        } catch {
            throw .compression(error)
        }
    }

    deinit {
        guard let path else { return }
        close(descriptor)
        // Gone already if it was published.
        unlink(Self.part(path))
    }

    /// Writes a piece; false once that is not possible any more.
    mutating func write(_ piece: UnsafeRawBufferPointer) -> Bool {
        let (descriptor, path) = (descriptor, path)
        var (failure, bytes) = (failure, bytes)
        compressor?.write(piece) { failure = Self.put($0, descriptor, path, &bytes) ?? failure }
        if compressor == nil { failure = Self.put(piece, descriptor, path, &bytes) }
        (self.failure, self.bytes) = (failure, bytes)
        return failure == nil
    }

    /// Makes what was written durable and gives it its name, in place of a file that has it.
    mutating func publish() throws(CommandError) {
        let (descriptor, path) = (descriptor, path)
        var (failure, bytes) = (failure, bytes)
        compressor?.finish { failure = Self.put($0, descriptor, path, &bytes) ?? failure }
        self.bytes = bytes
        if let failure { throw failure }
        guard let path else { return }
        guard fsync(descriptor) == 0 else {
            throw .system(call: "fsync", path: path, errno: errno)
        }
        guard rename(Self.part(path), path) == 0 else {
            throw .system(call: "rename to", path: path, errno: errno)
        }
    }

    private static func part(_ path: String) -> String { path + ".part" }

    private static func put(
        _ piece: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String?, _ bytes: inout Int
    ) -> CommandError? {
        var rest = piece
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                return .system(call: "write", path: path ?? "standard output", errno: errno)
            }
            bytes += count
            // SAFETY: a part of the piece, which the caller keeps during this call.
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return nil
    }
}
