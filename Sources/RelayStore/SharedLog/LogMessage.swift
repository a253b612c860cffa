import CXXHash

/// A message of a shared log: commands of one host, in the order in which they were submitted.
///
///     header   64   magic u32, level u8, kind u8, commands u16, session (2 × u64), number u64, sent i64,
///                   base sequence u64, base chain u64, sum of all the rest u64
///     host          bytes u8, the host's name
///     body          commands: bytes u32 and encoding of each; a beginning: see `LogBeginning`
struct LogMessage: Equatable {
    static let headBytes = 64
    private static let magic: UInt32 = 0x314D_4C52

    /// What is in a message.
    enum Kind: UInt8 {
        case commands = 0
        /// The first message of a log: what store the others are applied to.
        case beginning = 1
    }

    /// What the sender had applied when it sent.
    struct Base: Equatable {
        var sequence: UInt64
        var chain: UInt64
    }

    let level: UInt8
    let kind: Kind
    let session: SessionID
    /// Counts the messages of the session; the first one has 1.
    let number: UInt64
    /// The sender's clock, in milliseconds since 1970.
    let sent: Int64
    let base: Base
    let host: HostName
    let count: Int
    /// What follows the host's name.
    let body: ArraySlice<UInt8>

    /// Bytes before the body.
    static func headBytes(_ host: HostName) -> Int { headBytes + 1 + host.text.utf8.count }

    /// The message as bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headBytes(host) + body.count)
        bytes.append(
            word: UInt64(Self.magic) | UInt64(level) << 32 | UInt64(kind.rawValue) << 40
                | UInt64(count) << 48)
        for word in [
            session.high, session.low, number, UInt64(bitPattern: sent), base.sequence, base.chain,
            0,
        ] { bytes.append(word: word) }
        bytes.append(UInt8(host.text.utf8.count))
        bytes += host.text.utf8
        bytes += body
        let sum = Self.sum(bytes)
        // SAFETY: the array's own bytes, 64 at least.
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: sum, toByteOffset: 56, as: UInt64.self) }
        return bytes
    }

    /// The sum that stands in a message: over all but itself.
    static func sum(_ bytes: [UInt8]) -> UInt64 {
        let bytes = bytes.span.bytes
        let head = bytes.extracting(0..<56).lent { XXH3_64bits($0.baseAddress, $0.count) }
        return bytes.extracting(headBytes..<bytes.byteCount).lent {
            XXH3_64bits_withSeed($0.baseAddress, $0.count, head)
        }
    }

    /// A message that is to be sent.
    init(
        _ kind: Kind = .commands, level: UInt8 = Limits.logLevel, session: SessionID,
        number: UInt64, sent: Int64, base: Base, host: HostName, count: Int, body: ArraySlice<UInt8>
    ) {
        precondition(count <= Int(UInt16.max))
        self.level = level
        (self.kind, self.session, self.number, self.sent) = (kind, session, number, sent)
        (self.base, self.host, self.count, self.body) = (base, host, count, body)
    }

    /// Reads a message.
    ///
    /// - Parameter highest: the highest level that can be read.
    init(
        _ bytes: [UInt8], upTo highest: UInt8 = Limits.logLevel
    ) throws(LogMessageFault) {
        let span = bytes.span.bytes
        guard bytes.count > Self.headBytes, span.uint32(at: 0) == Self.magic else {
            throw .notAMessage
        }
        // A higher level may have another layout behind this word.
        level = span.byte(at: 4)
        guard level <= highest else { throw .newerLevel(level) }
        guard span.word(at: 56) == Self.sum(bytes) else { throw .damaged }
        let nameEnd = Self.headBytes + 1 + Int(span.byte(at: Self.headBytes))
        guard let kind = Kind(rawValue: span.byte(at: 5)), nameEnd <= bytes.count,
            let name = String(
                validating: bytes[(Self.headBytes + 1)..<nameEnd], as: UTF8.self),
            let host = HostName(name)
        else { throw .notAMessage }
        (self.kind, self.host) = (kind, host)
        count = Int(span.uint16(at: 6))
        session = SessionID(high: span.word(at: 8), low: span.word(at: 16))
        number = span.word(at: 24)
        sent = Int64(bitPattern: span.word(at: 32))
        base = Base(sequence: span.word(at: 40), chain: span.word(at: 48))
        body = bytes[nameEnd...]
    }

    /// The encodings of its commands.
    func encodings() throws(LogMessageFault) -> [[UInt8]] {
        var encodings: [[UInt8]] = []
        encodings.reserveCapacity(count)
        let span = body.span.bytes
        var place = 0
        for _ in 0..<count {
            guard place + 4 <= body.count else { throw .notAMessage }
            let end = place + 4 + Int(span.uint32(at: place))
            guard end <= body.count else { throw .notAMessage }
            encodings.append(Array(body[(body.startIndex + place + 4)..<(body.startIndex + end)]))
            place = end
        }
        guard place == body.count else { throw .notAMessage }
        return encodings
    }

    /// Appends a command to a body.
    static func append(_ encoding: UnsafeRawBufferPointer, to body: inout [UInt8]) {
        // SAFETY: the number's own bytes, copied during the call.
        withUnsafeBytes(of: UInt32(encoding.count).littleEndian) { body += $0 }
        body += encoding
    }

    /// Bytes that a command takes in a body.
    static func byteCount(_ encodingBytes: Int) -> Int { 4 + encodingBytes }
}

/// Why a message of a log cannot be applied.
enum LogMessageFault: Error, Equatable {
    /// A newer program sent it.
    case newerLevel(UInt8)
    /// Its sum is wrong.
    case damaged
    /// No program of this kind sent it.
    case notAMessage
}
