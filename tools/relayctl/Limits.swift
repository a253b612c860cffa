/// What relayctl counts on, each number with its unit and its reason.
enum Limits {
    /// Orders per property: a house of eight flats in four years.
    static let ordersPerProperty = 25
    /// Properties per customer: a middling property management firm.
    static let propertiesPerCustomer = 40
    /// Units per property: two flats on each of four floors.
    static let unitsPerProperty = 8
    /// A further account has one of so many orders of the first one: enough to see that accounts
    /// are kept apart, little enough not to double the store.
    static let ordersPerFurtherOrder = 10

    /// Orders at most: an id has room for 2^53, but a store of 64 GiB does not.
    static let orders = 20_000_000
    /// Accounts at most.
    static let accounts = 1000
    /// Milliseconds between two lines of progress where no terminal redraws one.
    static let progressInterval = 2000
    /// Milliseconds between two states of the progress bar: what an eye can follow.
    static let redrawInterval = 100

    /// Columns of a progress bar: leaves room for its numbers on a terminal of 80.
    static let barColumns = 24
    /// Milliseconds that the rate of a progress bar looks back: long enough to be steady.
    static let speedWindow = 10_000

    /// Records in one transaction of a sample: 10 000 orders are 13 MB, far below the 64 MiB of a
    /// group commit, and a tenth of a second between two looks at Ctrl-C.
    static let recordsPerCommit = 10_000

    /// Accounts are numbered up to here: 20 bits of a record's key in the store.
    static let highestAccount = (1 << 20) - 1
    /// Milliseconds that an answer on the admin socket may take. Less than a health check waits.
    static let adminTimeout: Int32 = 2500
    /// Column at which the values of a report stand.
    static let reportColumn = 24
}
