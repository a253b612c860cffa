import Glibc

/// A file told apart from a later one of the same name, whatever path leads to it.
public struct FileIdentity: Hashable, Sendable {
    private let device: dev_t
    private let inode: ino_t

    /// Of what has this name, a symbolic link itself; nil with errno set when there is nothing.
    public init?(_ path: String) {
        var status = stat()
        // Not the implicit conversion: that copies the text to the heap.
        if path.withCString({ lstat($0, &status) }) != 0 { return nil }
        self.init(status)
    }

    /// Of what a name leads to through symbolic links; nil with errno set when there is nothing.
    /// Asks by `stat`, never by `open`.
    public init?(following path: String) {
        var status = stat()
        if path.withCString({ stat($0, &status) }) != 0 { return nil }
        self.init(status)
    }

    /// Of what is open; nil with errno set when nothing is.
    public init?(_ descriptor: Int32) {
        var status = stat()
        if fstat(descriptor, &status) != 0 { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
}
