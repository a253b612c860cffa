import CXXHash

/// The head of a record of the log: a group of commands that were committed together.
struct LogRecord: Equatable {
    /// Bytes of a head; every record begins at a multiple of it.
    static let headBytes = 64
    /// Payload is summed up by so many bytes at a time.
    static let blockBytes = 64 << 10
    private static let magic: UInt32 = 0x676F_4C52

    let sequence: UInt64
    let payloadBytes: Int
    let commands: Int
    let payloadSum: UInt64
    /// XXH3 over all that is before it, from the chain of the record before.
    let chain: UInt64

    /// Bytes of a record with so much payload.
    static func byteCount(_ payloadBytes: Int) -> Int {
        (headBytes + payloadBytes + headBytes - 1) / headBytes * headBytes
    }

    /// Bytes of the record.
    var byteCount: Int { Self.byteCount(payloadBytes) }

    /// The record that comes behind a position.
    init(after position: LogPosition, payloadBytes: Int, commands: Int, payloadSum: UInt64) {
        sequence = position.sequence + 1
        (self.payloadBytes, self.commands, self.payloadSum) = (payloadBytes, commands, payloadSum)
        let words: InlineArray<5, UInt64> = Self.words(
            sequence, payloadBytes, commands, payloadSum)
        chain = words.span.bytes.lent {
            XXH3_64bits_withSeed($0.baseAddress, $0.count, position.chain)
        }
    }

    private static func words(
        _ sequence: UInt64, _ payloadBytes: Int, _ commands: Int, _ payloadSum: UInt64
    ) -> InlineArray<5, UInt64> {
        [UInt64(magic), sequence, UInt64(payloadBytes), UInt64(commands), payloadSum]
    }

    /// magic u64, sequence u64, payload bytes u64, commands u64, payload sum u64, chain u64, own sum u64, 0
    /// u64. The own sum is XXH3 over all before it, from the log's identity: it tells a record of this log
    /// from everything else, also where the one before it cannot be read.
    func head(of identity: LogIdentity) -> InlineArray<8, UInt64> {
        let words = Self.words(sequence, payloadBytes, commands, payloadSum)
        var head: InlineArray<8, UInt64> = [
            words[0], words[1], words[2], words[3], words[4], chain, 0, 0,
        ]
        head[6] = Self.ownSum(head.span.bytes, identity)
        return head
    }

    private static func ownSum(_ head: RawSpan, _ identity: LogIdentity) -> UInt64 {
        head.extracting(0..<48).lent {
            XXH3_64bits_withSeed($0.baseAddress, $0.count, identity.low)
        }
    }

    /// Reads a head; nil when the bytes are none of this log.
    init?(_ head: RawSpan, of identity: LogIdentity) {
        guard head.byteCount == Self.headBytes, head.word(at: 0) == UInt64(Self.magic),
            head.word(at: 48) == Self.ownSum(head, identity),
            head.word(at: 16) <= UInt64(Int.max / 2), head.word(at: 24) <= UInt64(UInt32.max)
        else { return nil }
        sequence = head.word(at: 8)
        payloadBytes = Int(head.word(at: 16))
        commands = Int(head.word(at: 24))
        payloadSum = head.word(at: 32)
        chain = head.word(at: 40)
    }

    /// Whether it is the record behind a position.
    func follows(_ position: LogPosition) -> Bool {
        self
            == LogRecord(
                after: position, payloadBytes: payloadBytes, commands: commands,
                payloadSum: payloadSum)
    }

    /// The position behind it.
    func end(after position: LogPosition) -> LogPosition {
        var next = position
        next.offset += UInt64(byteCount)
        next.sequence = sequence
        next.chain = chain
        return next
    }

    /// Goes on summing a payload up by its next block.
    static func sum(_ block: UnsafeRawBufferPointer, after sum: UInt64) -> UInt64 {
        XXH3_64bits_withSeed(block.baseAddress, block.count, sum)
    }

    // MARK: Commands within the payload

    /// Before each command: clock i64, lived i64, bytes u64.
    static let commandHeadBytes = 24
}
