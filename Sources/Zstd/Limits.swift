import CZstd

/// Every number that bounds this module, with its unit and the reason for it.
public enum Limits {
    /// Level of compression unless the caller says another. zstd's own default: JSON shrinks to about
    /// an eighth at hundreds of MB/s, and higher levels gain a tenth for several times the work.
    public static let level: Int32 = 3

    /// Bytes of a block that a stream hands on at once: 128 KiB, what zstd itself works in.
    static let streamBytes = ZSTD_DStreamOutSize()

    /// Largest window that a stream may ask a reader to hold, as a power of two: 2^27 bytes, zstd's own
    /// limit. A hostile file cannot make us take more than that.
    static let windowLog: Int32 = 27
}
