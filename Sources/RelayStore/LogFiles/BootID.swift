import Glibc

/// Which start of the machine this is: what a process wrote without waiting for the disk is there as long
/// as it is the same.
struct BootID: Equatable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// This one; nil where the kernel does not tell, and then none is the same as another.
    static let current: BootID? = {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 36)
        guard read(file, &text, text.count) == text.count else { return nil }
        let digits = String(decoding: text.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
        guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        return BootID(high: high, low: low)
    }()

    /// What stands for one that could not be asked for.
    static let unknown = BootID(high: 0, low: 0)

    /// What is none: what was written without waiting for the disk may be gone.
    static let distrusted = BootID(high: 0, low: 1)
}
