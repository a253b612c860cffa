import Options

/// Files that are read and written whole.
enum TextFile {
    /// Reads a file.
    static func read(_ path: String) throws(BenchError) -> [UInt8] {
        do throws(WholeFileError) {
            return try WholeFile.read(path, atMost: Limits.reportBytes)
        } catch {
            throw .input(error)
        }
    }

    /// Refuses a path that `write` could not write to, before anything is done for its sake.
    static func requireWritable(_ path: String) throws(BenchError) {
        do throws(OutputError) {
            try OutputFile.check(path)
        } catch {
            throw .output(error)
        }
    }

    /// Writes a file whole, or to standard output for `-`.
    static func write(_ bytes: [UInt8], to path: String) throws(BenchError) {
        do throws(OutputError) {
            try OutputFile.write(bytes, to: path)
        } catch {
            throw .output(error)
        }
    }
}
