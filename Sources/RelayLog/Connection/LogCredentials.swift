import Glibc
import RelayStore

/// A file of NATS credentials: who a host is to the engine.
public struct LogCredentials: Sendable {
    /// Its path. libnats reads it at each connection.
    let path: String

    /// Looks at a file: whoever can read it, can write into the log.
    public init(path: String) throws(SharedLogError) {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw .unfit(
                why: "cannot read the credentials \(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unfit(why: "the credentials \(path) are no file")
        }
        let mode = status.st_mode & 0o7777
        guard mode & ~Limits.credentialsMode == 0 else {
            throw .unfit(
                why: "the credentials \(path) have mode 0\(String(mode, radix: 8)), so others may "
                    + "read them: chmod 600 \(path)")
        }
        self.path = path
    }
}
