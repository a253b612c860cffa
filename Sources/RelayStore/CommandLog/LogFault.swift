/// Why a store cannot be opened, or written to, for its log's sake.
public enum LogFault: Equatable, Sendable {
    /// Another process writes to the store through its log.
    case inUse(path: String, by: String?)
    /// Another process applies what the log has and the store lacks.
    case recovering(path: String, by: String?)
    /// The process that wrote last did not end in order, and what it wrote has not been taken from the
    /// log yet; this program may not do so, or not here.
    case unrecovered(directory: String)
    /// The store says that its log has writes that it lacks, and there is no log.
    case missing(path: String)
    /// The log beside the store is not its own.
    case foreign(path: String)
    /// It is to be given up, and can be applied.
    case readable(path: String, commands: Int)
    /// A newer program wrote it.
    case newer(path: String, version: UInt32)
    /// Something in the middle cannot be read, and there are writes behind it.
    case damaged(path: String, sequence: UInt64)
    /// A file of the log is missing or damaged as a whole, and there may have been writes in it.
    case incomplete(path: String)
    /// What was written and then refused could not be taken back: whether it is kept is not known.
    case notTakenBack(path: String, why: String)
    /// What was committed did not reach the disk in time. The log has it.
    case checkpointFailed(why: String)
    /// A write that was made once cannot be made again.
    case unrepeatable(path: String, sequence: UInt64, why: String)
}

extension LogFault: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .inUse(let path, let holder):
            "\(holder ?? "another process") writes to this store through \(path): ask relayd "
                + "through its admin socket, or stop it first"
        case .recovering(let path, let holder):
            "\(holder ?? "another process") applies what \(path) has and the store lacks: try again when "
                + "it is ready"
        case .unrecovered(let directory):
            "the program that wrote to \(directory) last did not end in order, and its last writes are "
                + "still in the log there: start relayd on it, or run relayctl check --store "
                + "\(directory) as its owner"
        case .missing(let path):
            "\(path) is missing, and the store says that its last writes are there: put the directory "
                + "back; to go on without these writes, run relayctl log forget"
        case .foreign(let path):
            "\(path) belongs to another store than the data.mdb beside it: put back the two that belong "
                + "together; to go on without what the log has, run relayctl log forget"
        case .readable(let path, let commands):
            "\(path) is whole, and its \(commands) commands after the last checkpoint can be applied: start "
                + "relayd, or run relayctl check; to lose them, give --force"
        case .newer(let path, let version):
            "\(path) has format \(version), this program reads \(LogControl.version): use the newer "
                + "program that wrote it"
        case .damaged(let path, let sequence):
            "\(path) is damaged at group \(sequence), and there are writes after it: restore a snapshot; "
                + "to go on without them, run relayctl log forget"
        case .incomplete(let path):
            "\(path) is damaged or lacks a file, and there may have been writes in it: put the "
                + "directory back as it was, or restore a snapshot; to go on without them, run "
                + "relayctl log forget"
        case .notTakenBack(let path, let why):
            "\(path) cannot be written to, and whether the last writes are kept is not known: look at "
                + "the disk, then open the store again (\(why))"
        case .checkpointFailed(let why):
            "a checkpoint of the store failed (\(why)): what was answered is in its log; look at the disk, "
                + "then open the store again"
        case .unrepeatable(let path, let sequence, let why):
            "group \(sequence) of \(path) cannot be applied: \(why)"
        }
    }
}
