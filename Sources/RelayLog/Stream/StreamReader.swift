import RelayStore
import System

/// Reads a log in order: through a reader of the engine's, which it gives up and makes anew whenever
/// anything about it is odd. Its own position alone says what comes next.
struct StreamReader {
    /// A reader that the engine has, and what it was asked for.
    private struct Reader {
        let inbox: EngineInbox
        let name: String
        /// What its answers' subjects begin with.
        let prefix: String
        /// How often the connection had been lost when it was made.
        let losses: UInt64
        /// Requests without an end, oldest first, and the messages that each may still bring.
        var pulls: [(number: UInt64, left: Int)] = []
        var pulled: UInt64 = 0

        var left: Int { pulls.reduce(0) { $0 + $1.left } }

        /// One message came. The engine ends one request before it serves the next.
        mutating func count() {
            guard !pulls.isEmpty else { return }
            pulls[0].left -= 1
            if pulls[0].left == 0 { pulls.removeFirst() }
        }
    }

    private let publisher: Publisher
    private let name: String
    private let host: String
    private var questions: Questions
    private var reader: Reader?
    private var generation = 0
    /// The number of the next message.
    private var next: UInt64 = 0
    /// Which log this is, as it said at first.
    private var identity: LogIdentity?
    /// When the engine was last heard of, and when a read last ended; of the monotonic clock.
    private var heard: Int64 = 0
    private var left: Int64 = 0
    /// Since when what the engine says contradicts what was read.
    private var doubtful: Int64?
    /// Not before is the next reader made.
    private var resumes: Int64 = 0

    init(_ publisher: Publisher, log name: String, host: String) {
        (self.publisher, self.name, self.host) = (publisher, name, host)
        questions = Questions(publisher, log: name, token: "rq")
    }

    /// Readers that were made so far.
    var readersMade: Int { generation }

    private var now: Int64 { SystemClock.monotonic.milliseconds }

    /// The messages behind a number: what is there, or what comes within the time.
    mutating func read(
        after sequence: UInt64, waitMilliseconds: Int64
    ) throws(SharedLogError) -> [SharedLogEntry] {
        let start = now
        let end = start + waitMilliseconds
        if next != sequence + 1 {
            reader = nil
            next = sequence + 1
        }
        // Nobody has listened meanwhile, so silence says nothing.
        if start - left > Limits.heartbeatMilliseconds { heard = start }
        defer { left = now }
        while true {
            do {
                try prepare(until: end)
            } catch .unreachable(let why) {
                guard !publisher.isClosed, pause(until: end) else { throw .unreachable(why: why) }
                continue
            }
            var entries: [SharedLogEntry] = []
            guard try collect(into: &entries, until: end) else {
                reader = nil
                resumes = now + Limits.readerPauseMilliseconds
                if entries.isEmpty { continue }
                return entries
            }
            if !entries.isEmpty || now >= end { return entries }
        }
    }

    /// Waits before the next attempt; false when there is no time for one.
    private mutating func pause(until end: Int64) -> Bool {
        let time = now
        guard time + Limits.readerPauseMilliseconds < end else { return false }
        resumes = time + Limits.readerPauseMilliseconds
        return true
    }
}

// MARK: The engine's reader

extension StreamReader {
    /// Sees to it that there is a reader on a connection that stands.
    private mutating func prepare(until end: Int64) throws(SharedLogError) {
        while case let time = now, time < resumes, !publisher.isClosed {
            _ = publisher.readerBell.waitForRing(milliseconds: resumes - time)
        }
        let connection = try publisher.connection()
        if let reader, reader.inbox.connection === connection,
            reader.losses == connection.losses
        {
            return
        }
        // A reader of a connection that was lost goes on behind what was on the wire.
        reader = nil
        try make(on: connection)
    }

    private mutating func make(on connection: EngineConnection) throws(SharedLogError) {
        generation += 1
        let losses = connection.losses
        let prefix = "\(publisher.inbox).r.\(generation)"
        guard let inbox = connection.inbox("\(prefix).*") else {
            throw .unreachable(why: "no subscription for messages")
        }
        let random = String(UInt32.random(in: 0 ... .max), radix: 36)
        let made = Reader(
            inbox: inbox, name: "\(host)-\(generation)-\(random)", prefix: prefix, losses: losses)
        try questions.makeReader(made.name, from: next)
        // Asked behind that: the reader is one of this stream, or of one that is gone with it. A start
        // behind the end is accepted, and silent for ever; one before the first begins at the first.
        try check(try questions.describe())
        reader = made
        heard = now
        pull(over: connection)
    }

    private mutating func check(_ stream: StreamDescription) throws(SharedLogError) {
        try stream.checkFitness()
        if let identity, identity != stream.identity {
            self.identity = nil
            throw .anew(
                why: "the log \(name) was \(identity) and is now "
                    + "\(stream.identity.map { "\($0)" } ?? "another one")")
        }
        identity = stream.identity
        if stream.last < next - 1 {
            try doubt("the log \(name) ends at \(stream.last), and \(next - 1) was read from it")
        }
        if stream.first > next {
            try doubt("the log \(name) begins at \(stream.first), and \(next) is to be read")
        }
    }

    /// Notes that the engine contradicts what was read; says so for good when it has for long.
    private mutating func doubt(_ why: String) throws(SharedLogError) {
        let since = doubtful ?? now
        doubtful = since
        if now - since >= Limits.doubtMilliseconds { throw .unfit(why: why) }
        throw .unreachable(why: why)
    }

    /// Asks for messages when less than half of a request is left.
    private mutating func pull(over connection: EngineConnection) {
        guard var reader, reader.left * 2 < Limits.pulledMessages else { return }
        reader.pulled += 1
        let sending = connection.publish(
            StreamConfiguration.pull, to: "$JS.API.CONSUMER.MSG.NEXT.\(name).\(reader.name)",
            reply: "\(reader.prefix).\(reader.pulled)")
        reader.pulls.append((reader.pulled, Limits.pulledMessages))
        self.reader = sending == .sent ? reader : nil
    }
}

// MARK: Messages

extension StreamReader {
    /// Takes what came, or waits for it.
    ///
    /// - Returns: false when the reader is to be given up.
    private mutating func collect(
        into entries: inout [SharedLogEntry], until end: Int64
    ) throws(SharedLogError) -> Bool {
        var bytes = 0
        while entries.count < Limits.readMessages, bytes < Limits.readBytes {
            guard let inbox = reader?.inbox else { return false }
            let wait = entries.isEmpty ? max(0, min(end - now, Limits.lookMilliseconds)) : 0
            switch inbox.next(milliseconds: wait) {
            case .message(let message):
                heard = now
                guard let place = message.place else {
                    guard take(message) else { return false }
                    break
                }
                guard place.sequence == next else {
                    try report(gapAt: place.sequence)
                    return false
                }
                let entry = SharedLogEntry(
                    sequence: place.sequence, time: place.time, message: message.bytes)
                next += 1
                doubtful = nil
                bytes += entry.message.count
                entries.append(entry)
                reader?.count()
                pull(over: inbox.connection)
            case .noResponders: return false
            case .ended: return false
            case .nothing:
                if !entries.isEmpty { return true }
                if now - heard > Limits.silenceMilliseconds { return false }
                if reader?.losses != inbox.connection.losses { return false }
                if now >= end { return true }
            }
        }
        return true
    }

    /// A message that is missing; for good if a reader that began with it skips it again and again.
    private mutating func report(gapAt sequence: UInt64) throws(SharedLogError) {
        guard sequence > next else { return }
        do {
            try doubt("the log \(name) has no message \(next), but \(sequence) after it")
        } catch .unreachable {
        } catch {
            throw error
        }
    }

    /// What the engine says of a request that is over and of a reader that is well.
    private static let ends: Set = ["Batch Completed", "Message Size Exceeds MaxBytes"]

    /// What the engine says of a request.
    ///
    /// - Returns: false when the reader is to be given up.
    private mutating func take(_ message: borrowing EngineMessage) -> Bool {
        switch message.status {
        // A sign of life.
        case 100: return true
        // Nothing came, or not in its time.
        case 404, 408: break
        // All of it came, or the next message is larger than what is left of its bytes.
        case 409 where Self.ends.contains(message.header("Description") ?? ""): break
        default: return false
        }
        let number = message.token
        reader?.pulls.removeAll { $0.number == number }
        if let connection = reader?.inbox.connection { pull(over: connection) }
        return true
    }
}
