import LMDB

/// What a store's log says of itself, to whoever looks at it from outside.
public struct LogReport: Sendable {
    /// Whether a process writes to it now.
    public let isInUse: Bool
    /// Whether it may have writes that the store lacks: it was not left in order, or is in use.
    public let isAttached: Bool
    /// Whether the machine was started anew since it was written to.
    public let isOfEarlierBoot: Bool
    /// Number of the commit that a recovery begins from after a power cut; nil when it is not attached.
    public let checkpoint: UInt64?
    /// Number of the group that this commit has applied last; counted from when the log was begun.
    public let checkpointGroup: UInt64
    /// Bytes of the log up to it.
    public let checkpointBytes: UInt64
    /// Bytes of the log's files.
    public let fileBytes: Int
    /// Bytes of each segment.
    public let segmentBytes: Int
}

/// What was found behind a position of a log.
public struct LogVerification: Equatable, Sendable {
    /// Groups that are whole and follow each other.
    public internal(set) var groups = 0
    /// Commands in them.
    public internal(set) var commands = 0
    /// Bytes of them.
    public internal(set) var bytes: UInt64 = 0
    /// Commands by their kind.
    public internal(set) var kinds: [String: Int] = [:]
    /// What is wrong; nil when nothing is.
    public internal(set) var fault: String?
}

extension Store {
    /// What the log of a store says; nil when it has none. May be asked beside whoever writes to it.
    public static func logReport(at directory: String) throws(StoreError) -> LogReport? {
        guard let log = try FoundLog(of: directory, isReading: true, waits: false) else {
            return nil
        }
        let segments = try log.segments(in: directory)
        return LogReport(
            isInUse: !log.isHeld, isAttached: log.checkpoint != nil,
            isOfEarlierBoot: !log.isOfThisBoot, checkpoint: log.checkpoint?.transactionID,
            checkpointGroup: log.state?.position.sequence ?? 0,
            checkpointBytes: log.state?.position.offset ?? 0,
            fileBytes: segments?.fileBytes ?? 0, segmentBytes: log.state?.segmentBytes ?? 0)
    }

    /// Reads what the log has behind the commit of its last checkpoint, all that a recovery would read; nil
    /// when the store has no log. Nobody may write to it meanwhile.
    public static func verifyLog(at directory: String) throws(StoreError) -> LogVerification? {
        guard let log = try FoundLog(of: directory, isReading: true) else { return nil }
        guard log.isHeld else { throw .log(log.control.inUse) }
        return try verify(log, in: directory, behind: log.state?.position)
    }

    private static func verify(
        _ log: FoundLog, in directory: String, behind position: LogPosition?
    ) throws(StoreError) -> LogVerification {
        var found = LogVerification()
        do throws(StoreError) {
            try log.requireOwn(in: directory)
        } catch {
            found.fault = "\(error)"
            return found
        }
        guard let segments = try log.segments(in: directory), let position, position.isAttached,
            position.identity == segments.identity
        else { return found }
        do throws(StoreError) {
            var reader = try LogReader(segments, behind: position)
            while let group = try reader.next() {
                found.groups += 1
                found.commands += group.count
                for entry in group {
                    let kind = entry.encoding.first.flatMap(CommandKind.init(rawValue:))
                    found.kinds[kind.map { "\($0)" } ?? "unknown", default: 0] += 1
                }
                found.bytes = reader.position.offset - position.offset
            }
        } catch {
            found.fault = "\(error)"
        }
        return found
    }

    /// Goes on without what the log has and the store lacks: with the commit of the last checkpoint if the
    /// machine was started anew, else with the newest one. What was written since is lost.
    ///
    /// - Parameter evenIfReadable: whether to give up a log that a recovery could apply, too.
    /// - Returns: what could be read of it; nil when there is none.
    @discardableResult
    public static func forgetLog(
        at directory: String, evenIfReadable: Bool = false
    ) throws(StoreError) -> LogVerification? {
        let found = try FoundLog(of: directory, isReading: false)
        if let found, !found.isHeld { throw .log(found.control.inUse) }
        if let found, found.checkpoint != nil, !evenIfReadable {
            let whole = try verify(found, in: directory, behind: found.state?.position)
            if whole.fault == nil {
                throw .log(.readable(path: found.control.path, commands: whole.commands))
            }
        }
        if let found, let checkpoint = found.checkpoint, !found.isOfThisBoot {
            do throws(StoreError) {
                try found.putBack(checkpoint, in: directory)
            } catch .log(.foreign) {
                // The data file is another store's, and has nothing to do with it.
            }
        }
        let store = try openAlone(directory, StoreOptions())
        let lost = try found.map { found throws(StoreError) in
            try verify(found, in: directory, behind: try store.core.logPosition())
        }
        try store.core.forgetLog()
        let environment = store.core.environment
        try lifting { () throws(LMDBError) in try environment.sync() }
        if let found { try found.remove(in: directory) }
        return lost
    }
}
