/// Every limit of the module: its unit, its value and the reason for it.
enum Limits {
    /// Nice value of a `BackgroundThread`: a tenth of a busy core's time beside what serves. With
    /// the least there is, a snapshot on a busy machine would hold the store's pages for long.
    static let niceness: Int32 = 10

    /// Bytes of a block that is given back to the system as soon as it is freed: 256 KiB. Smaller ones
    /// are used again and again, by answers to slow readers for one, and each would cost page faults. Of
    /// larger ones a batch of 10 000 takes three, which would stay between what is used.
    static let mappedBlockBytes: Int32 = 256 << 10

    /// Bytes that may be free at the end of one of the heap's arenas; a thread has one, relayd seven.
    static let freeArenaBytes: Int32 = 512 << 10

    /// Milliseconds that a step of an `IdlePriorityThread`, a few of CPU time, may wait for an idle
    /// core: 250. Behind that the machine is taken to be busy for long.
    static let patience = 250

    /// Milliseconds that a `Bell` waits for which the kernel had no descriptor: it cannot be woken.
    static let bellMilliseconds: Int64 = 1_000
}
