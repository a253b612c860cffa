import Glibc
import System

/// What is done with names in directories.
enum Disk {
    /// Makes a directory that only its owner may enter, and waits until its name is on the disk; one
    /// that exists is good.
    static func makeDirectory(_ path: String) throws(SnapshotError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw .system(call: "mkdir", path: path, errno: errno)
        }
        try syncDirectory(FileError.directory(of: path))
    }

    /// Renames a file or directory and waits until the new name is on the disk. If that fails, what
    /// is new has its old name again: whoever is told of an error finds nothing.
    static func rename(_ old: String, to new: String) throws(SnapshotError) {
        let isNew = try !exists(new)
        guard Glibc.rename(old, new) == 0 else {
            throw .system(call: "rename to", path: new, errno: errno)
        }
        do throws(SnapshotError) {
            try syncDirectory(FileError.directory(of: new))
        } catch {
            // What was replaced is gone; both are whole, and either may be there after a power cut.
            if isNew { _ = Glibc.rename(new, old) }
            throw error
        }
    }

    /// Renames a file to a name that nothing has; to be synced by the caller.
    static func move(_ old: String, to new: String) throws(SnapshotError) {
        // link(2) refuses a name that is taken; rename(2) would replace what has it.
        if link(old, new) == 0 {
            unlink(old)
            return
        }
        if errno == EEXIST { throw .occupied(path: FileError.directory(of: new)) }
        // File systems without hard links: a look before has to do.
        guard errno == EPERM || errno == ENOTSUP || errno == EMLINK || errno == ENOSYS else {
            throw .system(call: "rename to", path: new, errno: errno)
        }
        if try exists(new) { throw .occupied(path: FileError.directory(of: new)) }
        guard Glibc.rename(old, new) == 0 else {
            throw .system(call: "rename to", path: new, errno: errno)
        }
    }

    /// Makes the directories above a path that are missing, as `makeDirectory` does; returns them, the
    /// highest first.
    static func makeParents(of path: String) throws(SnapshotError) -> [String] {
        var missing: [String] = []
        var parent = FileError.directory(of: path)
        while try !exists(parent) {
            missing.insert(parent, at: 0)
            parent = FileError.directory(of: parent)
        }
        for (number, directory) in missing.enumerated() {
            do throws(SnapshotError) {
                try makeDirectory(directory)
            } catch {
                for made in missing[...number].reversed() { rmdir(made) }
                throw error
            }
        }
        return missing
    }

    /// Removes a file's name; one that is gone is good.
    static func remove(_ path: String) throws(SnapshotError) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw .system(call: "remove", path: path, errno: errno)
        }
    }

    /// Waits until the names in a directory are on the disk.
    static func syncDirectory(_ path: String) throws(SnapshotError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .system(call: "fsync", path: path, errno: errno)
        }
    }

    /// The names in a directory in ascending order; nil when there is none. One that may not be read is
    /// an error.
    static func names(in path: String) throws(SnapshotError) -> [String]? {
        guard let stream = opendir(path) else {
            try requireAbsence("open", path)
            return nil
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                // SAFETY: the entry is valid until the next readdir on this stream, and the name
                // is copied into a String before that; d_name is NUL-terminated.
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether there is something under this name. Where nobody may look is an error.
    static func exists(_ path: String) throws(SnapshotError) -> Bool {
        if access(path, F_OK) == 0 { return true }
        try requireAbsence("look at", path)
        return false
    }

    /// Bytes of a file; 0 if there is none.
    static func size(of path: String) throws(SnapshotError) -> Int {
        var status = stat()
        if stat(path, &status) == 0 { return Int(status.st_size) }
        try requireAbsence("look at", path)
        return 0
    }

    /// Throws unless the last call failed because there is nothing under this name: what may not be
    /// looked at is not called absent.
    private static func requireAbsence(_ call: String, _ path: String) throws(SnapshotError) {
        let code = errno
        guard code == ENOENT || code == ENOTDIR else {
            throw .system(call: call, path: path, errno: code)
        }
    }

    /// Refuses to begin what would fill the disk that a directory is on.
    static func requireSpace(_ bytes: Int, in directory: String) throws(SnapshotError) {
        var status = statvfs()
        // The directory may be about to be made, and those above it: then they will be on the disk of
        // the nearest that exists.
        var existing = directory
        while try !exists(existing), existing != "/", existing != "." {
            existing = FileError.directory(of: existing)
        }
        guard statvfs(existing, &status) == 0 else {
            throw .system(call: "statvfs", path: existing, errno: errno)
        }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        let needed = bytes + Limits.spareBytes
        guard free >= needed else {
            throw .noSpace(path: directory, needed: needed, free: free)
        }
    }

    /// A small file as a whole; nil if there is none.
    static func contents(
        of path: String, upTo limit: Int
    ) throws(SnapshotError) -> [UInt8]? {
        guard try exists(path) else { return nil }
        let file = try DiskFile(reading: path)
        let size = try file.size()
        guard size <= limit else {
            throw .damaged(findings: ["\(path) has \(size) bytes, more than \(limit)"])
        }
        return try file.bytes(0..<size)
    }

    /// Makes a file appear whole or not at all, on the disk when this returns.
    static func write(_ bytes: [UInt8], to path: String) throws(SnapshotError) {
        let part = partPath(path)
        do throws(SnapshotError) {
            try file(bytes, at: part).sync()
            try rename(part, to: path)
        } catch {
            unlink(part)
            throw error
        }
    }

    /// Makes files of one directory appear, each whole or not at all, all of them on the disk when this
    /// returns. If it fails, some may be there: whoever is told of an error may find what is new.
    ///
    /// The disk writes out what is behind the other files while one is waited for, so that this takes
    /// a quarter of the time of as many calls of `write`.
    static func write(all files: [(path: String, bytes: [UInt8])]) throws(SnapshotError) {
        guard let first = files.first else { return }
        var parts: [String] = []
        do throws(SnapshotError) {
            var open: [OpenFile] = []
            for (path, bytes) in files {
                parts.append(partPath(path))
                open.append(OpenFile(try file(bytes, at: partPath(path))))
            }
            for file in open { file.file.beginWritingOut() }
            for file in open { try file.file.sync() }
            for (path, _) in files {
                guard Glibc.rename(partPath(path), path) == 0 else {
                    throw .system(call: "rename to", path: path, errno: errno)
                }
            }
            try syncDirectory(FileError.directory(of: first.path))
        } catch {
            for part in parts { unlink(part) }
            throw error
        }
    }

    private final class OpenFile {
        let file: DiskFile
        init(_ file: consuming DiskFile) { self.file = file }
    }

    private static func partPath(_ path: String) -> String { "\(path).part-\(getpid())" }

    /// A new file with these bytes, which are not on the disk yet.
    private static func file(_ bytes: [UInt8], at path: String) throws(SnapshotError) -> DiskFile {
        unlink(path)
        let file = try DiskFile(creating: path)
        // SAFETY: written inside the closure.
        let outcome: Result<Void, SnapshotError> = bytes.withUnsafeBytes { bytes in
            Result { () throws(SnapshotError) in try file.write(bytes, at: 0) }
        }
        try outcome.get()
        return file
    }
}
