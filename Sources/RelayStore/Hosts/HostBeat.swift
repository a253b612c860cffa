import CXXHash

/// What a host tells all others each second, beside the log: what it is, and up to where it has applied the log.
/// Nothing depends on its arrival.
///
///     magic u32, format u32 (1), sum of all the rest u64, session (2 × u64), identity (2 × u64), highest level
///     it reads u64, level u64, sequence u64, chain u64, documents u64, last u64, behind i64, newest
///     snapshot i64, sequence of the mark u64, its digest u64, then texts, each bytes u32 and UTF-8: host,
///     version, why it has stopped, why it refuses reads, hosts that are gone for good, why it takes no writes
///     (older programs lack the last ones)
///
/// What a newer program adds comes behind that, and is passed over.
public struct HostBeat: Equatable, Sendable {
    private static let magic: UInt32 = 0x3142_4C52
    private static let format: UInt32 = 1
    private static let headBytes = 16
    private static let words = 14

    /// What the host is called.
    public let host: HostName
    /// Its run: two hosts of one name have two.
    let session: SessionID
    /// The version of its relayd.
    public let version: String
    /// The highest level of messages that it reads.
    public let highestLevel: UInt8
    /// The log that it has applied.
    public let identity: LogIdentity
    /// The level of what it has applied.
    public let level: UInt32
    /// Number of the last message that it has applied.
    public let sequence: UInt64
    /// The chain behind that: see `ReplicaState`.
    public let chain: UInt64
    /// The sum of documents behind that: see `ReplicaState`.
    public let documents: UInt64
    /// Number of the last message in the log that it knows of.
    public let last: UInt64
    /// Milliseconds for which there has been a message that it has not applied.
    public let behind: Int64
    /// When its newest snapshot was taken, in milliseconds since 1970; 0 for none that it knows of.
    public let snapshotAt: Int64
    /// What it found behind the last mark; nil before the first one.
    public let marked: MarkedDigest?
    /// Why it does not go on with the log; empty while it does.
    public let stopped: String
    /// Why it does not answer reads; empty while it does.
    public let readsRefused: String
    /// Hosts that it was told are gone for good.
    let forgotten: [ForgottenHost]
    /// Why it takes no writes though it goes on with the log; empty while it takes them.
    public let writesRefused: String

    init(
        host: HostName, session: SessionID, version: String, highestLevel: UInt8,
        state: ReplicaState, following: LogClientFigures.Following, snapshotAt: Int64,
        marked: MarkedDigest?, refusal: ReadRefusal?, forgotten: [ForgottenHost],
        writesRefused: String?
    ) {
        (self.host, self.session, self.version) = (host, session, version)
        (self.highestLevel, identity, level) = (highestLevel, state.identity, state.level)
        (sequence, chain, documents) = (state.sequence, state.chain, state.documents)
        (last, behind) = (following.last, following.behind)
        (self.snapshotAt, self.marked) = (snapshotAt, marked)
        stopped = following.stop.map { "\($0)" } ?? ""
        readsRefused = refusal.map { "\($0)" } ?? ""
        self.forgotten = forgotten
        self.writesRefused = writesRefused ?? ""
    }

    /// What it had applied, as a message of it would say.
    var base: LogMessage.Base { LogMessage.Base(sequence: sequence, chain: chain) }

    // MARK: Bytes

    /// What is sent.
    var bytes: [UInt8] {
        var rest: [UInt8] = []
        for word in [
            session.high, session.low, identity.high, identity.low, UInt64(highestLevel),
            UInt64(level), sequence, chain, documents, last, UInt64(bitPattern: behind),
            UInt64(bitPattern: snapshotAt), marked?.sequence ?? 0, marked?.digest ?? 0,
        ] { rest.append(word: word) }
        let gone = ForgottenHost.text(forgotten)
        for text in [host.text, version, stopped, readsRefused, gone, writesRefused] {
            Self.append(text, to: &rest)
        }
        var bytes: [UInt8] = []
        bytes.append(word: UInt64(Self.magic) | UInt64(Self.format) << 32)
        bytes.append(word: ReplicaState.sum(rest))
        return bytes + rest
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let text = text.utf8.prefix(Limits.beatText)
        // SAFETY: the number's own bytes, copied during the call.
        withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes += $0 }
        bytes += text
    }

    /// Reads what was sent; nil when it is none, or of a form that this program does not know.
    init?(_ bytes: [UInt8]) {
        let span = bytes.span.bytes
        var place = Self.headBytes + 8 * Self.words
        guard bytes.count > place, span.uint32(at: 0) == Self.magic,
            span.uint32(at: 4) == Self.format,
            span.word(at: 8) == ReplicaState.sum(Array(bytes[Self.headBytes...]))
        else { return nil }
        func word(_ index: Int) -> UInt64 { span.word(at: Self.headBytes + 8 * index) }
        guard word(4) <= UInt64(UInt8.max), word(5) <= UInt64(UInt32.max),
            let name = Self.text(bytes, &place), let host = HostName(name),
            let version = Self.text(bytes, &place), let stopped = Self.text(bytes, &place)
        else { return nil }
        (self.host, self.version, self.stopped) = (host, version, stopped)
        readsRefused = Self.text(bytes, &place) ?? ""
        forgotten = ForgottenHost.read(Self.text(bytes, &place) ?? "")
        writesRefused = Self.text(bytes, &place) ?? ""
        session = SessionID(high: word(0), low: word(1))
        identity = LogIdentity(high: word(2), low: word(3))
        (highestLevel, level) = (UInt8(word(4)), UInt32(word(5)))
        (sequence, chain, documents, last) = (word(6), word(7), word(8), word(9))
        (behind, snapshotAt) = (Int64(bitPattern: word(10)), Int64(bitPattern: word(11)))
        marked = word(12) == 0 ? nil : MarkedDigest(sequence: word(12), digest: word(13))
    }

    private static func text(_ bytes: [UInt8], _ place: inout Int) -> String? {
        guard place + 4 <= bytes.count else { return nil }
        let count = Int(bytes.span.bytes.uint32(at: place))
        guard count <= Limits.beatText, place + 4 + count <= bytes.count else { return nil }
        defer { place += 4 + count }
        // A text that was cut may end within a character.
        return String(decoding: bytes[(place + 4)..<(place + 4 + count)], as: UTF8.self)
    }
}

/// The digest of all that must be equal on hosts behind one message: see `StoreView.digest`.
public struct MarkedDigest: Equatable, Sendable {
    /// The message's number.
    public let sequence: UInt64
    /// The digest.
    public let digest: UInt64
}
