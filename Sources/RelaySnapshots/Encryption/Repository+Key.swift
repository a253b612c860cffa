extension Repository {
    /// Whether its files are encrypted.
    public var isEncrypted: Bool { cipher.isEncrypted }

    /// Has another key open the repository from now on. Only the file `key` is written anew: who has
    /// had the old key and a copy of that file can read what was and what will be added.
    ///
    /// - Parameter makesKeyFile: make the new key's file, if there is none.
    public func changeKey(
        to new: RepositoryKey, makesKeyFile: Bool = false, _ progress: WorkProgress = .none
    ) throws(SnapshotError) {
        guard let key = cipher.key else { throw .cannotChangeKey(path: path) }
        let lock = try lockForWriting(progress.lockWait)
        defer { withExtendedLifetime(lock) {} }
        if makesKeyFile { _ = try new.makeFile() }
        try Disk.write(try new.record(of: key).encoded, to: "\(path)/\(Self.keyName)")
    }
}
