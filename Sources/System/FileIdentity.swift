import CLinux

/// A file told apart from a later one of the same name, whatever path leads to it.
public struct FileIdentity: Hashable, Sendable {
    private let device: UInt
    private let inode: UInt

    /// Of what has this name, a symbolic link itself; nil with errno set when there is nothing.
    public init?(_ path: String) {
        var found = relay_identity()
        // Not the implicit conversion: that copies the text to the heap.
        if path.withCString({ relay_identify(-1, $0, 0, &found) }) != 0 { return nil }
        self.init(found)
    }

    /// Of what a name leads to through symbolic links; nil with errno set when there is nothing.
    /// Asks by the name, never by `open`.
    public init?(following path: String) {
        var found = relay_identity()
        if path.withCString({ relay_identify(-1, $0, 1, &found) }) != 0 { return nil }
        self.init(found)
    }

    /// Of what is open; nil with errno set when nothing is.
    public init?(_ descriptor: Int32) {
        var found = relay_identity()
        if relay_identify(descriptor, nil, 0, &found) != 0 { return nil }
        self.init(found)
    }

    /// A number below `count`, the same for the same file in every process, and almost surely another one for
    /// another file.
    public func place(within count: Int) -> Int {
        // Fibonacci hashing: the factor is odd and has its bits all over, so that near numbers go far apart.
        let mixed = (inode ^ device.byteSwapped) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed % UInt(count))
    }

    private init(_ found: relay_identity) {
        device = found.device
        inode = found.inode
    }
}
