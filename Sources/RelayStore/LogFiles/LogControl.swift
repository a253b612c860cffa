import CXXHash
import Glibc
import LMDB
import System

/// The log's file `control`: which commit of the store is on the disk with all of its pages, and so where
/// a recovery begins. Locked by whoever writes to the log.
///
/// It has two slots of 512 bytes, one sector each, written in turn: what is written leaves the one before.
final class LogControl: Sendable {
    /// Version of the log's bytes; FORMAT.md describes it.
    static let version: UInt32 = 1
    static let name = "control"
    private static let magic: UInt64 = 0x474F_4C59_414C_4552
    private static let slotBytes = 512
    /// A slot each, at the beginning of a page of the file.
    private static let slotOffsets = [0, 4_096]
    private static let metaOffset = 128
    private static let sumOffset = 504

    /// What a slot says.
    struct State: Sendable {
        /// Goes up with each slot that is written.
        var number: UInt64
        let identity: LogIdentity
        /// Bytes of a segment's file.
        let segmentBytes: Int
        /// The boot during which it was written.
        let boot: BootID
        /// The commit that is on the disk; nil when the store is whole without the log.
        let checkpoint: StoredCommit?
        /// XXH3 over the pages that its trees begin with.
        let rootSum: UInt64
        /// Up to where it has applied the log.
        let position: LogPosition
        /// Whether the other slot holds something that is none. A slot is one sector of the disk and so never
        /// torn: this one may then be an older one, whose commit is not kept any more.
        var isBesideDamage = false
    }

    private let file: DiskFile
    let path: String

    /// Opens the file that a log has.
    ///
    /// - Returns: nil when there is no log.
    init?(openingIn directory: String, isReading: Bool = false) throws(FileError) {
        path = directory + "/" + Self.name
        do throws(FileError) {
            file = try DiskFile(path, isReading ? .reading : .writing)
        } catch  where error.errno == ENOENT {
            return nil
        }
    }

    /// Makes the file of a new log.
    init(creatingIn directory: String) throws(FileError) {
        path = directory + "/" + Self.name
        file = try DiskFile(path, .creating)
        let zeros = [UInt8](repeating: 0, count: Self.slotOffsets[1] + Self.slotBytes)
        try zeros.span.bytes.lent { bytes throws(FileError) in try file.write(bytes, at: 0) }
        try file.syncData()
        try DiskFile.syncDirectory(directory)
    }

    /// Whether its name still leads to it.
    var isInPlace: Bool { file.isInPlace }

    /// Takes the lock that whoever writes to the log has alone, and whoever looks at it shares.
    ///
    /// - Returns: false when somebody else has it.
    func lock(isShared: Bool) throws(FileError) -> Bool { try file.lock(isShared: isShared) }

    /// Takes the lock, which somebody may have for a moment who just looks at the log.
    func acquire() throws(StoreError) {
        let deadline = SystemClock.monotonic.milliseconds + Limits.logWait
        while true {
            if try lifting({ () throws(FileError) in try file.lock() }) { return }
            if SystemClock.monotonic.milliseconds > deadline { throw .log(inUse) }
            usleep(Limits.logPause)
        }
    }

    /// That somebody else writes to the log, and who if that can be told.
    var inUse: LogFault {
        .inUse(path: path, by: LockHolder(of: file.descriptor)?.description)
    }

    /// That somebody else puts the store right, and who if that can be told.
    var recovering: LogFault {
        .recovering(path: path, by: LockHolder(of: file.descriptor)?.description)
    }

    /// The newest slot that can be read; nil when there is none.
    func read() throws(StoreError) -> State? {
        var newest: State?
        var isDamaged = false
        for offset in Self.slotOffsets {
            var slot = [UInt8](repeating: 0, count: Self.slotBytes)
            // SAFETY: the array is filled inside the closure.
            let read = slot.withUnsafeMutableBytes { room in
                Result { () throws(FileError) in try file.read(into: room, at: offset) }
            }
            let count = try lifting { () throws(FileError) in try read.get() }
            guard count == slot.count, let state = try state(slot.span.bytes) else {
                if slot.contains(where: { $0 != 0 }) { isDamaged = true }
                continue
            }
            if state.number >= newest?.number ?? 0 { newest = state }
        }
        newest?.isBesideDamage = isDamaged
        return newest
    }

    private func state(_ slot: RawSpan) throws(StoreError) -> State? {
        guard slot.word(at: 0) == Self.magic, slot.word(at: Self.sumOffset) == Self.sum(slot) else {
            return nil
        }
        let version = slot.uint32(at: 8)
        guard version <= Self.version else {
            throw .log(.newer(path: path, version: version))
        }
        var checkpoint: StoredCommit?
        if slot.uint32(at: 12) == 1 {
            let range = Self.metaOffset..<Self.metaOffset + StoredCommit.byteCount
            let meta = slot.extracting(range)
            checkpoint = try lifting { () throws(LMDBError) in
                try meta.lent { bytes throws(LMDBError) in
                    try StoredCommit(bytes, path: path)
                }
            }
        }
        let identity = LogIdentity(high: slot.word(at: 24), low: slot.word(at: 32))
        return State(
            number: slot.word(at: 16),
            identity: identity,
            segmentBytes: Int(slot.uint32(at: 40)),
            boot: BootID(high: slot.word(at: 48), low: slot.word(at: 56)), checkpoint: checkpoint,
            rootSum: slot.word(at: 64),
            position: LogPosition(
                identity: identity, offset: slot.word(at: 72), sequence: slot.word(at: 80),
                chain: slot.word(at: 88), isAttached: checkpoint != nil))
    }

    /// magic u64, version u32, attached u32, number u64, identity u64 (2), segment bytes u32, 0 u32,
    /// boot u64 (2), root sum u64, offset u64, sequence u64, chain u64, 0 (32), meta page, 0, XXH3 over all of that u64. Waits for the disk.
    func write(_ state: State) throws(FileError) {
        var slot = [UInt8](repeating: 0, count: Self.slotBytes)
        // SAFETY: every offset with its number's bytes is within the slot.
        slot.withUnsafeMutableBytes { slot in
            func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
                slot.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
            }
            put(Self.magic, at: 0)
            put(Self.version, at: 8)
            put(UInt32(state.checkpoint == nil ? 0 : 1), at: 12)
            put(state.number, at: 16)
            put(state.identity.high, at: 24)
            put(state.identity.low, at: 32)
            put(UInt32(state.segmentBytes), at: 40)
            put(state.boot.high, at: 48)
            put(state.boot.low, at: 56)
            put(state.rootSum, at: 64)
            put(state.position.offset, at: 72)
            put(state.position.sequence, at: 80)
            put(state.position.chain, at: 88)
            if let checkpoint = state.checkpoint {
                slot[Self.metaOffset...].copyBytes(from: checkpoint.bytes)
            }
        }
        let sum = Self.sum(slot.span.bytes)
        // SAFETY: the last eight bytes of the slot.
        slot.withUnsafeMutableBytes {
            $0.storeBytes(of: sum.littleEndian, toByteOffset: Self.sumOffset, as: UInt64.self)
        }
        let offset = Self.slotOffsets[Int(state.number % 2)]
        try slot.span.bytes.lent { bytes throws(FileError) in try file.write(bytes, at: offset) }
        try file.syncData()
    }

    private static func sum(_ slot: RawSpan) -> UInt64 {
        slot.extracting(0..<sumOffset).lent { XXH3_64bits($0.baseAddress, $0.count) }
    }
}

extension RawSpan {
    /// Lends the bytes to a call that takes a pointer.
    func lent<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // SAFETY: for the call, as `withUnsafeBytes` says.
        try withUnsafeBytes(body)
    }
}
