/// The sample's proportions, each with its reason.
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
}
