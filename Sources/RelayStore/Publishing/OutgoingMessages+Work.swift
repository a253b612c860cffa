extension OutgoingMessages {
    /// A command, and when it was submitted in milliseconds on the monotonic clock.
    struct Waiting {
        let command: any WriteCommand
        let since: Int64
    }

    /// What is to be done outside the lock.
    struct Work {
        var messages: [(number: UInt64, bytes: [UInt8])] = []
        var ended: [(command: any WriteCommand, error: StoreError)] = []
        var wait: Int64 = Limits.idleInterval
        var base = LogMessage.Base(sequence: 0, chain: 0)
        var level = Limits.logLevel
        var clock: Int64 = 0
        var room = 0
        var isOver = false
    }
}
