import Glibc
import LMDB
import System

/// What it takes to apply what a store's log has and the store lacks.
public struct StoreRecovery {
    /// Makes a command of what it was written as.
    public let command: ([UInt8]) throws(CommandFault) -> any WriteCommand
    /// Told how far it is, now and then.
    public let progress: (RecoveryProgress) -> Void

    /// A recovery with the commands that a program knows.
    public init(
        progress: @escaping (RecoveryProgress) -> Void = { _ in },
        command: @escaping ([UInt8]) throws(CommandFault) -> any WriteCommand
    ) {
        (self.progress, self.command) = (progress, command)
    }
}

/// How far a recovery is.
public struct RecoveryProgress: Equatable, Sendable {
    /// Whether the machine was started anew, and so the store went back to its last checkpoint.
    public let isFromCheckpoint: Bool
    /// Bytes of the log that were read, and at most those that there are.
    public var bytes: UInt64
    public var mostBytes: UInt64
    /// Groups, and commands in them, that were applied.
    public var groups: Int
    public var commands: Int
    /// Whether it is done.
    public var isDone: Bool
}

extension RecoveryProgress: CustomStringConvertible {
    /// What was done so far, as a sentence.
    public var description: String {
        let start = isFromCheckpoint ? "from its last checkpoint" : "from its newest commit"
        let work = "\(commands) commands in \(groups) groups of its log"
        return isDone
            ? "the store was not left in order: it went on \(start), with \(work)"
            : "the store goes on \(start): \(work) so far, \(bytes >> 20) of at most "
                + "\(mostBytes >> 20) MiB"
    }
}

/// A store's log as it is found when the store is opened.
struct FoundLog {
    let control: LogControl
    let state: LogControl.State?
    /// Whether this process has the log now; not where somebody else writes to it.
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
            let isHeld = try lifting { () throws(FileError) in try opened.lock() }
            let state = try opened.read()
            // Who has the log recovers it, or had just a look at it.
            let isServed = !isHeld && state?.boot == BootID.current
            if isHeld || isServed {
                (self.state, self.isHeld) = (state, isHeld)
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
        guard let boot = state?.boot, let current = BootID.current else { return false }
        return boot == current
    }

    /// Has the store begin with the commit of the checkpoint. Nobody may have it open.
    func putBack(_ checkpoint: StoredCommit, in store: String) throws(StoreError) {
        if StoredCommit.isInUse(in: store) {
            throw .log(.inUse(path: control.path, by: nil))
        }
        var sum: UInt64 = 0
        try lifting { () throws(FileError) in
            try checkpoint.forEachRoot(in: store) { sum = LogRecord.sum($0, after: sum) }
        }
        guard sum == state?.rootSum else { throw .log(.foreign(path: control.path)) }
        try lifting { () throws(FileError) in try checkpoint.putBack(in: store) }
    }
}

extension StoreCore {
    /// Applies what the log has and the store lacks; then the store is whole without it.
    func recover(
        _ log: FoundLog, _ state: LogControl.State, _ recovery: StoreRecovery
    ) throws(StoreError) {
        let directory = CommandLog.directory(of: environment.directory)
        guard let position = try logPosition(), position.identity == state.identity else {
            throw .log(.foreign(path: log.control.path))
        }
        let segments = try lifting { () throws(FileError) in
            try LogSegments(
                in: directory, of: state.identity, segmentBytes: state.segmentBytes)
        }
        try setLogged(true)
        var number = state.number
        // The commit that a recovery begins from, if this one does not come to its end.
        let pin = try pin()
        if log.isOfThisBoot {
            // The pages of the last checkpoint have not been kept since the process ended.
            try sync()
            let state = try LogControl.State(after: number, segments, checkpoint: pin)
            try lifting { () throws(FileError) in try log.control.write(state) }
            number += 1
        }
        if position.isAttached {
            var replay = LogReplay(recovery, isFromCheckpoint: !log.isOfThisBoot)
            try replay.run(LogReader(segments, behind: position), into: self)
        }
        try detach(log.control, segments, after: number)
        withExtendedLifetime(pin) {}
    }

    private func sync() throws(StoreError) {
        let environment = environment
        try lifting { () throws(LMDBError) in try environment.sync() }
    }
}

/// Applies groups again, each in a transaction as it was.
private struct LogReplay: ~Copyable {
    private let recovery: StoreRecovery
    private var progress: RecoveryProgress
    private var nextReport: Int64 = 0

    init(_ recovery: StoreRecovery, isFromCheckpoint: Bool) {
        self.recovery = recovery
        progress = RecoveryProgress(
            isFromCheckpoint: isFromCheckpoint, bytes: 0, mostBytes: 0, groups: 0, commands: 0,
            isDone: false)
    }

    mutating func run(
        _ source: consuming LogReader, into core: StoreCore
    ) throws(StoreError) {
        var reader = source
        let start = reader.position.offset
        progress.mostBytes = reader.mostBytesAhead
        while let group = try reader.next() {
            try apply(group, reader.position, core)
            progress.bytes = reader.position.offset - start
            progress.groups += 1
            progress.commands += group.count
            report()
        }
        progress.isDone = true
        recovery.progress(progress)
    }

    private func apply(
        _ group: [LogReader.Entry], _ position: LogPosition, _ core: StoreCore
    ) throws(StoreError) {
        var transaction = try StoreTransaction(core)
        transaction.hasAllRoom()
        for entry in group {
            let command: any WriteCommand
            do throws(CommandFault) {
                command = try recovery.command(entry.encoding)
            } catch {
                throw .log(
                    .unrepeatable(
                        path: CommandLog.directory(of: core.environment.directory),
                        sequence: position.sequence, why: "\(error)"))
            }
            transaction.begin(at: entry.time)
            do throws(StoreError) {
                try command.apply(to: &transaction)
            } catch .storeFull {
                throw .storeFull
            } catch {
                throw .log(
                    .unrepeatable(
                        path: CommandLog.directory(of: core.environment.directory),
                        sequence: position.sequence, why: "\(error)"))
            }
        }
        _ = try transaction.prepare()
        try transaction.keep(position)
        try transaction.publish()
    }

    private mutating func report() {
        let now = SystemClock.monotonic.milliseconds
        if now < nextReport { return }
        nextReport = now + Limits.recoveryReportInterval
        recovery.progress(progress)
    }
}
