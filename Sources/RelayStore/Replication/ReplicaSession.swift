import LMDB

/// What a replica remembers of a session, so that a message that comes twice is applied once.
struct ReplicaSession: Equatable {
    /// The highest number of a message so far.
    var highest: UInt64
    /// Which of the 64 numbers below it came: bit 0 stands for the highest less 1.
    var below: UInt64
    /// The log's time of its last message.
    var time: Int64
    /// Whether its host has begun another one: what still comes of it is passed over.
    var hasEnded: Bool
    let host: HostName

    /// Notes a message; false when it came before, or may have.
    mutating func admit(_ number: UInt64) -> Bool {
        if number > highest {
            let step = number - highest
            below =
                step > Limits.sessionWindow
                ? 0
                : step == Limits.sessionWindow
                    ? 1 << 63 : below << step | 1 << (step - 1)
            highest = number
            return true
        }
        let back = highest - number
        guard back > 0, back <= Limits.sessionWindow, below & 1 << (back - 1) == 0 else {
            return false
        }
        below |= 1 << (back - 1)
        return true
    }

    /// Whether a message is to be applied.
    enum Admission {
        case admitted
        /// It came before, or may have.
        case repeated
        /// Its session is over, or unknown: nothing more of it is applied.
        case over
    }

    // MARK: On the disk

    private static let prefix: [UInt8] = Array("session/".utf8)

    static func key(_ id: SessionID) -> [UInt8] { prefix + id.bytes }

    static func id(ofKey key: RawSpan) -> SessionID? {
        guard key.byteCount == prefix.count + 16 else { return nil }
        let name = key.extracting(0..<prefix.count).copied()
        return name == prefix ? SessionID(key.extracting(prefix.count..<key.byteCount)) : nil
    }

    /// highest u64, below u64, time i64, ended u64, host.
    var record: [UInt8] {
        var bytes: [UInt8] = []
        for word in [highest, below, UInt64(bitPattern: time), hasEnded ? 1 : 0] {
            bytes.append(word: word)
        }
        return bytes + host.text.utf8
    }

    init(beginning number: UInt64, at time: Int64, of host: HostName) {
        (highest, below, self.time, hasEnded, self.host) = (number, 0, time, false, host)
    }

    init(_ record: RawSpan) throws(StoreError) {
        guard record.byteCount > 32, record.word(at: 24) <= 1,
            let name = String(
                validating: record.extracting(32..<record.byteCount).copied(), as: UTF8.self),
            let host = HostName(name)
        else { throw .corrupted(what: "a session of the shared log") }
        (highest, below) = (record.word(at: 0), record.word(at: 8))
        time = Int64(bitPattern: record.word(at: 16))
        hasEnded = record.word(at: 24) == 1
        self.host = host
    }
}

extension StoreView {
    func session(_ id: SessionID) throws(StoreError) -> ReplicaSession? {
        let key = ReplicaSession.key(id)
        guard let record = try value(key.span.bytes, in: databases.meta) else { return nil }
        return try ReplicaSession(record)
    }

    /// All that are remembered: as many as hosts were started in a day.
    func sessions() throws(StoreError) -> [(id: SessionID, session: ReplicaSession)] {
        var found: [(id: SessionID, session: ReplicaSession)] = []
        var next = ReplicaSession.key(SessionID(high: 0, low: 0))
        while let id = try session(atOrAfter: next), let session = try session(id) {
            found.append((id, session))
            next = ReplicaSession.key(id) + [0]
        }
        return found
    }

    private func session(atOrAfter key: [UInt8]) throws(StoreError) -> SessionID? {
        do throws(LMDBError) {
            let cursor = try transaction.cursor(databases.meta)
            guard let entry = try cursor.seek(atOrAfter: key.span.bytes) else { return nil }
            return ReplicaSession.id(ofKey: entry.key)
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreTransaction {
    /// Whether a message is to be applied: not when it came before, nor when its session is unknown or over.
    mutating func admit(
        _ message: LogMessage, at time: Int64
    ) throws(StoreError) -> ReplicaSession.Admission {
        if var session = try view.session(message.session) {
            if session.hasEnded { return .over }
            guard session.admit(message.number) else { return .repeated }
            session.time = time
            try keep(session, message.session)
            return .admitted
        }
        // A first message that was on its way for a day may be one that came before.
        guard message.number == 1, message.sent > time - Limits.sessionLife else { return .over }
        try endSessions(of: message.host, at: time)
        let session = ReplicaSession(beginning: message.number, at: time, of: message.host)
        try keep(session, message.session)
        return .admitted
    }

    private mutating func keep(
        _ session: ReplicaSession, _ id: SessionID
    ) throws(StoreError) {
        let (key, record) = (ReplicaSession.key(id), session.record)
        try put(record.span.bytes, at: key.span.bytes, in: databases.meta)
    }

    /// A host begins anew: what it had begun before is over. Sessions that are over for a day are forgotten.
    private mutating func endSessions(of host: HostName, at time: Int64) throws(StoreError) {
        for (id, var session) in try view.sessions() {
            let isOld = time - session.time >= Limits.sessionLife
            if session.host == host || isOld, !session.hasEnded {
                try endUploads(of: id)
                session.hasEnded = true
                try keep(session, id)
            } else if isOld {
                let key = ReplicaSession.key(id)
                try delete(key.span.bytes, in: databases.meta)
            }
        }
    }

    /// Nobody brings the rest of these uploads: they are removed as if their documents had gone.
    private mutating func endUploads(of session: SessionID) throws(StoreError) {
        for id in try view.uploads() where try view.upload(id)?.session == session {
            try endUpload(id)
        }
    }
}
