import CLMDB
import Glibc

extension Environment {
    /// Creates a store in `directory`, which is made if it is missing, and opens it.
    ///
    /// LMDB's own creation is not crash-safe. So the file is made in a directory of its own inside
    /// `directory`, committed and synced, and appears under its name by one `link`, which is
    /// atomic and never replaces a file. A crash before that leaves no store, after it a whole one.
    /// (A directory beside the store would do as well, except where the store is a mount point.)
    public static func create(
        at directory: String, options: EnvironmentOptions = .init(), schema: Schema,
        initialize: (inout WriteTransaction, Environment) throws(LMDBError) -> Void
    ) throws(LMDBError) -> Environment {
        let path = dataPath(in: directory)
        if access(path, F_OK) == 0 { throw .alreadyExists(path: path) }
        try makeDirectory(directory)
        let workshop = directory + "/creating.\(getpid())"
        removeStore(in: workshop)
        try makeDirectory(workshop)
        defer { removeStore(in: workshop) }
        do {
            let environment = try Environment(
                workshop, options: options, schema: schema, identity: nil, creates: true)
            try environment.initialize(initialize)
            try environment.sync()
        }
        guard link(dataPath(in: workshop), path) == 0 else {
            let code = errno
            throw code == EEXIST
                ? .alreadyExists(path: path) : .system(call: "link", errno: code, path: path)
        }
        try syncDirectory(directory)
        return try open(at: directory, options: options, schema: schema)
    }

    /// Makes a store that has no name in the file system and ends with the process.
    public static func inMemory(
        options: EnvironmentOptions = .init(durability: .mayCorruptStore), schema: Schema,
        initialize: (inout WriteTransaction, Environment) throws(LMDBError) -> Void
    ) throws(LMDBError) -> Environment {
        let directory = try makeTemporaryDirectory()
        defer { removeStore(in: directory) }
        let environment = try Environment(
            directory, options: options, schema: schema, identity: nil, creates: true,
            isNamed: false)
        try environment.initialize(initialize)
        return environment
    }

    private func initialize(
        _ body: (inout WriteTransaction, Environment) throws(LMDBError) -> Void
    ) throws(LMDBError) {
        var transaction = try beginWrite()
        do throws(LMDBError) {
            try body(&transaction, self)
        } catch {
            transaction.abort()
            throw error
        }
        try transaction.commit()
    }

    private static func makeDirectory(_ path: String) throws(LMDBError) {
        if mkdir(path, 0o700) == 0 {
            try syncDirectory(path + "/..")
        } else if errno != EEXIST {
            throw .system(call: "mkdir", errno: errno, path: path)
        }
    }

    /// Makes the names in a directory durable.
    private static func syncDirectory(_ path: String) throws(LMDBError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(call: "open", errno: errno, path: path)
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .system(call: "fsync", errno: errno, path: path)
        }
    }

    /// Removes the files of a store and its directory; what is not there is not missed.
    private static func removeStore(in directory: String) {
        unlink(dataPath(in: directory))
        unlink(directory + "/lock.mdb")
        rmdir(directory)
    }

    /// A fresh directory in memory if there is such a file system, else where temporary files go.
    private static func makeTemporaryDirectory() throws(LMDBError) -> String {
        var parents = ["/dev/shm"]
        if let directory = getenv("TMPDIR") { parents.append(String(cString: directory)) }
        parents.append("/tmp")
        for parent in parents {
            var name = Array((parent + "/relay.XXXXXX").utf8CString)
            if mkdtemp(&name) != nil {
                // SAFETY: mkdtemp keeps the terminating zero of the array it filled in.
                return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            }
        }
        throw .system(call: "mkdtemp", errno: errno, path: parents[0])
    }
}
