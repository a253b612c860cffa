import LMDB

extension LogControl {
    /// What could not be synced may be gone from memory too. So the next program that opens the store goes
    /// back to the last checkpoint, as after a power cut. Its commit must be pinned.
    func distrust() {
        guard let state = try? read(), state.checkpoint != nil else { return }
        try? write(state.distrusted)
    }
}

extension LogControl.State {
    /// The same, as if it were of another start of the machine.
    var distrusted: LogControl.State {
        LogControl.State(
            number: number + 1, identity: identity, segmentBytes: segmentBytes, boot: .distrusted,
            checkpoint: checkpoint, rootSum: rootSum, position: position)
    }

    /// That a commit is on the disk with all of its pages.
    init(
        after number: UInt64, _ segments: LogSegments, checkpoint pin: borrowing CommitPin,
        _ position: LogPosition
    ) throws(StoreError) {
        var sum: UInt64 = 0
        do throws(LMDBError) {
            try pin.forEachRoot { sum = LogRecord.sum($0, after: sum) }
        } catch {
            throw StoreError(error)
        }
        self.init(
            number: number + 1, identity: segments.identity, segmentBytes: segments.segmentBytes,
            boot: BootID.current ?? .unknown, checkpoint: pin.stored, rootSum: sum,
            position: position)
    }

    /// That the store is whole without the log.
    init(after number: UInt64, _ segments: LogSegments) {
        self.init(
            number: number + 1, identity: segments.identity, segmentBytes: segments.segmentBytes,
            boot: BootID.current ?? .unknown, checkpoint: nil, rootSum: 0,
            position: LogPosition(beginning: segments.identity))
    }
}
