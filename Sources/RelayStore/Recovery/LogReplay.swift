import System

/// Applies groups again, each in a transaction as it was.
struct LogReplay: ~Copyable {
    private let recovery: StoreRecovery
    private var progress: RecoveryProgress
    private var nextReport: Int64 = 0

    init(_ recovery: StoreRecovery, isFromCheckpoint: Bool) {
        self.recovery = recovery
        progress = RecoveryProgress(
            isFromCheckpoint: isFromCheckpoint, bytes: 0, mostBytes: 0, groups: 0, commands: 0,
            endsTorn: false, isDone: false)
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
        progress.endsTorn = reader.endsTorn
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
