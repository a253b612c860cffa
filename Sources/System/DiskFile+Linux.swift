import CLinux

extension DiskFile {
    /// Has the kernel begin to write out what it holds of the file; a hint.
    public func beginWritingOut() { relay_begin_writing_out(descriptor) }

    /// Whether the path that it was opened by still leads to it.
    public var isInPlace: Bool { FileIdentity(following: path) == FileIdentity(descriptor) }
}
