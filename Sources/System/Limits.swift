/// Every limit of the module: its unit, its value and the reason for it.
enum Limits {
    /// Nice value of a `BackgroundThread`: a tenth of a busy core's time beside what serves. With
    /// the least there is, a snapshot on a busy machine would hold the store's pages for long.
    static let niceness: Int32 = 10

    /// Milliseconds that a step of an `IdlePriorityThread`, a few of CPU time, may wait for an idle
    /// core: 250. Behind that the machine is taken to be busy for long.
    static let patience = 250
}
