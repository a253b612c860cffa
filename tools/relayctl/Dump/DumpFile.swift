import Glibc
import Options
import Zstd

/// Where a dump goes: standard output or a file, compressed if its name says so.
final class DumpFile {
    private let file: OutputFile
    private var compressor: Compressor?
    /// Why a write failed, kept for the end: the walk over the store cannot throw it.
    private(set) var failure: CommandError?

    /// Whether it goes to standard output, by whatever name.
    var isStandardOutput: Bool { file.isStandardOutput }

    /// Bytes that were written.
    var bytes: Int { file.bytes }

    /// Opens it; nil is standard output.
    init(_ path: String?) throws(CommandError) {
        file = try CommandError.lifting { () throws(OutputError) in
            try OutputFile(path ?? OutputFile.standardOutput)
        }
        do throws(ZstdError) {
            compressor = path?.hasSuffix(".zst") == true ? try Compressor(workers: 1) : nil
        } catch {
            throw .compression(error)
        }
    }

    /// Writes a piece; false once that is not possible any more.
    func write(_ piece: UnsafeRawBufferPointer) -> Bool {
        let file = file
        do throws(OutputError) {
            if compressor == nil {
                try file.write(piece)
            } else {
                try compressor?.write(piece) { (part) throws(OutputError) in try file.write(part) }
            }
        } catch {
            failure = .output(error)
        }
        return failure == nil
    }

    /// Makes what was written durable and gives it its name, in place of a file that has it.
    func publish() throws(CommandError) {
        if let failure { throw failure }
        let file = file
        do throws(OutputError) {
            try compressor?.finish { (part) throws(OutputError) in try file.write(part) }
            try file.publish()
        } catch {
            throw .output(error)
        }
    }
}
