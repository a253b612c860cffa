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
    init?(of store: String, isReading: Bool) throws(StoreError) {
        let directory = CommandLog.directory(of: store)
        let opened = try lifting { () throws(FileError) in
            try LogControl(openingIn: directory, isReading: isReading)
        }
        guard let opened else { return nil }
        control = opened
        let deadline = SystemClock.monotonic.milliseconds + Limits.logWait
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
            // Who writes has put the store right as soon as the store is open there. Who looks at it is
            // gone in a moment.
            if isHeld || isWritten && isInUse {
                (self.state, self.isHeld, self.isInUse) = (state, isHeld, isInUse)
                return
            }
            if SystemClock.monotonic.milliseconds > deadline { throw .log(opened.inUse) }
            usleep(Limits.logPause)
        }
    }

    /// The checkpoint that a recovery begins from; nil when the store is whole without the log.
    var checkpoint: StoredCommit? { state?.checkpoint }

    /// Whether all that was written without waiting for the disk is there.
    var isOfThisBoot: Bool {
        guard let boot = state?.boot else { return false }
        // Where the start of the machine could not be asked for, whoever has the store open says so: nobody
        // could have opened it otherwise.
        return boot == BootID.current || boot == .unknown && isInUse
    }

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
            if rmdir(directory) != 0 { throw FileError("remove", path: directory, errno: errno) }
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
        var sum: UInt64 = 0
        try lifting { () throws(FileError) in
            try checkpoint.forEachRoot(in: store) { sum = LogRecord.sum($0, after: sum) }
        }
        guard sum == state?.rootSum else { throw .log(.foreign(path: control.path)) }
        try lifting { () throws(FileError) in try checkpoint.putBack(in: store) }
    }
}
