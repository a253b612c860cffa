import Glibc

/// Authorization values that were verified lately, so that a request's key costs one comparison
/// and no hash. One per loop; forgotten as a whole when any key changes.
struct KeyCache {
    private struct Entry {
        /// Bytes of the value; with `limitsMark` if its key has limits, so that it is no other one's.
        var length = 0
        var account: UInt32 = 0
        /// Where its requests are counted.
        var counter: UInt32 = 0
        /// The value in words of eight bytes, the last one filled up with zeros.
        var words = Limits.RememberedKey(repeating: 0)
    }

    private static let limitsMark = 1 << 16

    private var entries = [Entry](repeating: Entry(), count: Limits.rememberedKeys)
    /// Of entries whose keys have limits, what they may do.
    private var allowances = [KeyAllowance?](repeating: nil, count: Limits.rememberedKeys)
    private var generation: UInt64 = .max
    private let usage: KeyUsage
    /// When the first of those that are kept ends, in milliseconds since 1970.
    private(set) var nextExpiry = Int64.max

    /// - Parameter usage: counts the requests of each key.
    init(usage: KeyUsage = KeyUsage()) { self.usage = usage }

    /// The account of a value that was verified under the same generation of keys. Nil for one whose key has
    /// limits: that is `limited`.
    ///
    /// - Parameter isCounted: whether the request is counted, which it is once.
    @inline(__always)
    mutating func account(
        _ value: UnsafeRawBufferPointer, generation: UInt64, isCounted: Bool = true
    ) -> UInt32? {
        if generation != self.generation { forgetAll(generation) }
        guard let slot = find(value) else { return nil }
        if isCounted { usage.count(Int(entries[slot].counter)) }
        return entries[slot].account
    }

    /// As `account`, after it, of a value whose key has limits.
    func limited(
        _ value: UnsafeRawBufferPointer, isCounted: Bool
    ) -> (account: UInt32, allowance: KeyAllowance?)? {
        guard let slot = find(value, mark: Self.limitsMark) else { return nil }
        if isCounted { usage.count(Int(entries[slot].counter)) }
        return (entries[slot].account, allowances[slot])
    }

    /// Id and account of a value that was verified; nil when that is not known any more.
    func owner(_ value: UnsafeRawBufferPointer) -> (id: UInt64, account: UInt32)? {
        guard let slot = find(value) ?? find(value, mark: Self.limitsMark),
            let id = usage.key(of: Int(entries[slot].counter))
        else {
            return nil
        }
        return (id, entries[slot].account)
    }

    /// Where a value is kept.
    @inline(__always)
    private func find(_ value: UnsafeRawBufferPointer, mark: Int = 0) -> Int? {
        if value.count > Limits.rememberedKeyBytes || value.isEmpty { return nil }
        let slot = Self.slot(value)
        guard entries[slot].length == value.count | mark else { return nil }
        // The comparison takes the same time whatever the guess: it must not show how much was right.
        var difference: UInt64 = 0
        for index in 0..<(value.count + 7) / 8 {
            difference |= Self.word(value, index) ^ entries[slot].words[index]
        }
        return difference == 0 ? slot : nil
    }

    /// Keeps a value that was just verified.
    ///
    /// - Parameters:
    ///   - id: the key's.
    ///   - expires: when it ends, in milliseconds since 1970.
    ///   - allowance: what it may do; nil if it has no limits.
    ///   - isCounted: see `account`.
    mutating func keep(
        _ value: UnsafeRawBufferPointer, account: UInt32, id: UInt64 = 0, expires: Int64 = .max,
        allowance: KeyAllowance? = nil, isCounted: Bool = true
    ) {
        nextExpiry = min(nextExpiry, expires)
        let counter = usage.counter(of: id)
        if isCounted { usage.count(counter) }
        if value.count > Limits.rememberedKeyBytes { return }
        let slot = Self.slot(value)
        entries[slot].length = value.count | (allowance == nil ? 0 : Self.limitsMark)
        allowances[slot] = allowance
        entries[slot].account = account
        entries[slot].counter = UInt32(counter)
        for index in 0..<(value.count + 7) / 8 {
            entries[slot].words[index] = Self.word(value, index)
        }
    }

    @inline(__always)
    private static func word(_ value: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        let start = index * 8
        if start + 8 <= value.count {
            return value.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        }
        var word: UInt64 = 0
        for offset in start..<value.count { word = word << 8 | UInt64(value[offset]) }
        return word
    }

    /// Forgets all that was kept under another generation.
    mutating func forgetAll(_ generation: UInt64) {
        nextExpiry = .max
        for slot in entries.indices {
            entries[slot].length = 0
            allowances[slot] = nil
        }
        self.generation = generation
    }

    /// From the value's last bytes, which are random.
    @inline(__always)
    private static func slot(_ value: UnsafeRawBufferPointer) -> Int {
        if value.count < 8 { return 0 }
        let tail = value.loadUnaligned(fromByteOffset: value.count - 8, as: UInt64.self)
        let bits = Limits.rememberedKeys.trailingZeroBitCount
        return Int(truncatingIfNeeded: (tail &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - bits))
    }
}
