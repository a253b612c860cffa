import Glibc
import LMDB
import System

/// A store's log as it is found when the store is opened.
struct FoundLog {
    let control: LogControl
    let state: LogControl.State?
    /// Whether a process had the store open when the log was found.
    private let isInUse: Bool
    /// Whether nobody else writes to the log, as long as this lives.
    let isHeld: Bool

    /// Looks for the log of a store; nil when it has none.
    ///
    /// - Parameters:
    ///   - isReading: whether its files are not written to.
    ///   - waits: whether to wait until whoever puts the store right now has done so.
    init?(of store: String, isReading: Bool, waits: Bool = true) throws(StoreError) {
        let directory = CommandLog.directory(of: store)
        let opened = try lifting { () throws(FileError) in
            try LogControl(openingIn: directory, isReading: isReading)
        }
        guard let opened else { return nil }
        control = opened
        let start = SystemClock.monotonic.milliseconds
        while true {
            // Who only looks shares the lock with others who do.
            let isHeld = try lifting { () throws(FileError) in
                try opened.lock(isShared: isReading)
            }
            let isWritten = try lifting { () throws(FileError) in
                if isHeld { return false }
                return try !opened.lock(isShared: true)
            }
            let state = try opened.read()
            let isInUse = StoredCommit.isInUse(in: store)
            // Who writes has put the store right when the store is open there and the recovery is over.
            // Who looks at it is gone in a moment.
            let isRecovering = waits && !isHeld ? try Self.isRecovering(in: store) : false
            if isHeld || isWritten && isInUse && !isRecovering {
                (self.state, self.isHeld, self.isInUse) = (state, isHeld, isInUse)
                return
            }
            let most = isRecovering ? Limits.recoveryWait : Limits.logWait
            if SystemClock.monotonic.milliseconds > start + most {
                throw .log(isRecovering ? opened.recovering : opened.inUse)
            }
            usleep(Limits.logPause)
        }
    }

    /// Held by whoever puts a store right: what can be seen of it meanwhile is older than what was answered.
    static func recovering(in store: String) throws(StoreError) -> DiskFile {
        let directory = CommandLog.directory(of: store)
        return try lifting { () throws(FileError) in
            let file = try DiskFile(directory, .reading)
            while try !file.lock() { usleep(Limits.logPause) }
            return file
        }
    }

    private static func isRecovering(in store: String) throws(StoreError) -> Bool {
        let directory = CommandLog.directory(of: store)
        return try lifting { () throws(FileError) in
            do throws(FileError) {
                return try !DiskFile(directory, .reading).lock(isShared: true)
            } catch  where error.errno == ENOENT {
                // It was removed meanwhile, with all that was in it.
                return false
            }
        }
    }

    /// The checkpoint that a recovery begins from; nil when the store is whole without the log.
    var checkpoint: StoredCommit? { state?.checkpoint }

    /// Whether it was written to since the machine was started.
    var isOfThisBoot: Bool { state.map { $0.boot == BootID.current } ?? false }

    /// Whether to go on from the newest commit: whether all that was written without waiting for the disk is
    /// there. A process that has the store open keeps its file system. When none does, that may have been
    /// lost and mounted again since, so only what was synced counts.
    var isNewestWhole: Bool {
        // A slot that could not be written whole: the commit of the other one may not be kept any more.
        if state?.isBesideDamage == true, isOfThisBoot { return true }
        // Where the start of the machine could not be asked for, that process says it, too: it could not
        // have opened the store otherwise.
        return isInUse && (isOfThisBoot || state?.boot == .unknown)
    }

    /// Whether the store may say that it needs the log, though the log says that it does not: whoever wrote
    /// to it ended between these two steps, which are of one log.
    func isLeft(by position: LogPosition) -> Bool { state?.identity == position.identity }

    /// The files of the log; nil when it was never written to.
    func segments(in store: String) throws(StoreError) -> LogSegments? {
        guard let state else { return nil }
        return try lifting { () throws(FileError) in
            try LogSegments(
                in: CommandLog.directory(of: store), of: state.identity,
                segmentBytes: state.segmentBytes, isReading: true)
        }
    }

    /// Removes the log, which nobody needs.
    func remove(in store: String) throws(StoreError) {
        let directory = CommandLog.directory(of: store)
        try lifting { () throws(FileError) in
            try LogSegments.removeFiles(in: directory)
            unlink(control.path)
            // A symbolic link and a mount point stay, and are empty.
            if rmdir(directory) != 0, errno != ENOTDIR, errno != EBUSY {
                throw FileError("remove", path: directory, errno: errno)
            }
            try DiskFile.syncDirectory(store)
        }
    }

    /// Has the store begin with the commit of the checkpoint. Nobody may have it open.
    func putBack(_ checkpoint: StoredCommit, in store: String) throws(StoreError) {
        if StoredCommit.isInUse(in: store) {
            throw .log(.inUse(path: control.path, by: nil))
        }
        if let state, state.isBesideDamage {
            throw .log(.damaged(path: control.path, sequence: state.position.sequence))
        }
        try requireOwn(in: store)
        try lifting { () throws(FileError) in try checkpoint.putBack(in: store) }
    }

    /// Refuses a log that says nothing, and one whose checkpoint is not in the store's file.
    func requireOwn(in store: String) throws(StoreError) {
        guard let state else { throw .log(.incomplete(path: control.path)) }
        guard let checkpoint = state.checkpoint else { return }
        var sum: UInt64 = 0
        try lifting { () throws(FileError) in
            try checkpoint.forEachRoot(in: store) { sum = LogRecord.sum($0, after: sum) }
        }
        guard sum == state.rootSum else { throw .log(.foreign(path: control.path)) }
    }
}
