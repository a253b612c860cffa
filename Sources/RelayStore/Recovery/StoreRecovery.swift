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
        // The commit that a recovery begins from, if this one does not come to its end.
        let pin = try pin()
        do throws(StoreError) {
            try recover(log, segments, after: state.number, position, pin, recovery)
        } catch {
            log.control.distrust()
            throw error
        }
        withExtendedLifetime(pin) {}
    }

    private func recover(
        _ log: FoundLog, _ segments: LogSegments, after state: UInt64, _ position: LogPosition,
        _ pin: borrowing CommitPin, _ recovery: StoreRecovery
    ) throws(StoreError) {
        var number = state
        if log.isNewestWhole {
            // The pages of the last checkpoint have not been kept since the process ended.
            try sync()
            let state = try LogControl.State(after: number, segments, checkpoint: pin, position)
            try lifting { () throws(FileError) in try log.control.write(state) }
            number += 1
        }
        if position.isAttached {
            var replay = LogReplay(recovery, isFromCheckpoint: !log.isNewestWhole)
            try replay.run(try LogReader(segments, behind: position), into: self)
        }
        try detach(log.control, segments, after: number)
    }

    private func sync() throws(StoreError) {
        let environment = environment
        try lifting { () throws(LMDBError) in try environment.sync() }
    }
}
