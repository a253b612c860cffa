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
            endsTorn: false, refusal: nil, isDone: false)
    }

    mutating func run(
        _ source: consuming LogReader, into core: StoreCore
    ) throws(StoreError) {
        var reader = source
        let start = reader.position.offset
        progress.mostBytes = reader.mostBytesAhead
        while let group = try reader.next() {
            if let refusal = try apply(group, reader.position, core) {
                guard try reader.next() == nil else { throw refusal.fault }
                progress.refusal = refusal.why
                break
            }
            progress.bytes = reader.position.offset - start
            progress.groups += 1
            progress.commands += group.count
            report()
        }
        progress.endsTorn = reader.endsTorn
        progress.isDone = true
        recovery.progress(progress)
    }

    /// Applies a group.
    ///
    /// - Returns: why it is one that was refused, if so. A group is written before it is applied, and taken
    ///   back when that is refused; who was killed in between has left it there, as the last one.
    private func apply(
        _ group: [LogReader.Entry], _ position: LogPosition, _ core: StoreCore
    ) throws(StoreError) -> (why: String, fault: StoreError)? {
        var transaction = try StoreTransaction(core)
        transaction.hasAllRoom()
        for entry in group {
            let command: any WriteCommand
            do throws(CommandFault) {
                command = try recovery.command(entry.encoding)
            } catch {
                throw unrepeatable(position, "\(error)", core)
            }
            transaction.begin(at: entry.time)
            do throws(StoreError) {
                try command.apply(to: &transaction)
            } catch .storeFull {
                throw .storeFull
            } catch {
                let fault = unrepeatable(position, "\(error)", core)
                guard error.isRefusal else { throw fault }
                return ("\(error)", fault)
            }
        }
        _ = try transaction.prepare()
        try transaction.keep(position)
        try transaction.publish()
        return nil
    }

    private func unrepeatable(
        _ position: LogPosition, _ why: String, _ core: StoreCore
    ) -> StoreError {
        let path = CommandLog.directory(of: core.environment.directory)
        return .log(.unrepeatable(path: path, sequence: position.sequence, why: why))
    }

    private mutating func report() {
        let now = SystemClock.monotonic.milliseconds
        if now < nextReport { return }
        nextReport = now + Limits.recoveryReportInterval
        recovery.progress(progress)
    }
}
