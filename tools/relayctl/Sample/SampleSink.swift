import Options
import RelayContract

/// What a sample is poured into: a store, or in tests something that only looks.
///
/// Records come account by account and, within one, so that whatever a record refers to has come
/// before it; ids of each kind ascend without gaps.
protocol SampleSink {
    mutating func put(_ address: Address, account: UInt64) throws(CommandError)
    mutating func put(_ customer: Customer, account: UInt64) throws(CommandError)
    mutating func put(_ property: Property, account: UInt64) throws(CommandError)
    mutating func put(_ unit: Unit, account: UInt64) throws(CommandError)
    mutating func put(_ order: Order, account: UInt64) throws(CommandError)
    mutating func put(_ appointment: Appointment, account: UInt64) throws(CommandError)
    /// Ids are given in the order in which these come.
    mutating func put(_ metered: World.Metered, account: UInt64) throws(CommandError)

    /// A good moment to commit: whatever has been put so far belongs together.
    mutating func pause() throws(CommandError)
}

/// How many records of each kind a sample has, over all accounts.
struct SampleSize: Equatable {
    var accounts = 0
    var addresses = 0
    var customers = 0
    var properties = 0
    var units = 0
    var orders = 0
    var appointments = 0
    /// Units' months of energy data.
    var eedMonths = 0

    var records: Int {
        addresses + customers + properties + units + orders + appointments + eedMonths
    }
}

/// A sample as it was asked for.
struct Sample {
    let orders: Int
    let accounts: Int
    let seed: UInt64

    /// How many orders an account has: all of them the first, a tenth each further one.
    func orders(of account: Int) -> Int {
        account == 1 ? orders : max(1, orders / Limits.ordersPerFurtherOrder)
    }

    /// Orders over all accounts, for the progress bar.
    var allOrders: Int { (1...accounts).reduce(0) { $0 + orders(of: $1) } }

    /// Makes every record and hands it over, in an order that depends on nothing but the wish.
    func pour<Sink: SampleSink>(
        into sink: inout Sink, progress: inout Progress
    ) throws(CommandError) -> SampleSize {
        var size = SampleSize()
        for account in 1...accounts {
            let world = World(seed: seed, account: UInt64(account), orders: orders(of: account))
            try pour(world, into: &sink, size: &size)
            try pourOrders(world, into: &sink, size: &size, progress: &progress)
            size.accounts += 1
        }
        progress.finish(size.orders)
        return size
    }

    private func pour<Sink: SampleSink>(
        _ world: World, into sink: inout Sink, size: inout SampleSize
    ) throws(CommandError) {
        let account = world.account
        let addresses =
            world.customers.lazy.compactMap(\.address)
            + world.properties.lazy.compactMap(\.property.address)
        for address in addresses { try sink.put(address, account: account) }
        for customer in world.customers { try sink.put(customer, account: account) }
        for house in world.properties { try sink.put(house.property, account: account) }
        try pause(&sink)
        for id in 1...world.unitCount {
            try sink.put(world.unit(id), account: account)
            if id.isMultiple(of: Limits.recordsPerCommit) { try pause(&sink) }
        }
        try pause(&sink)
        for id in 1...world.appointmentCount {
            try sink.put(world.appointment(id), account: account)
        }
        for id in 1...world.unitCount {
            for metered in world.metered(unit: id) {
                try sink.put(metered, account: account)
                size.eedMonths += 1
            }
        }
        try pause(&sink)
        size.appointments += world.appointmentCount
        size.addresses += world.customers.count + world.properties.count
        size.customers += world.customers.count
        size.properties += world.properties.count
        size.units += world.unitCount
    }

    private func pourOrders<Sink: SampleSink>(
        _ world: World, into sink: inout Sink, size: inout SampleSize, progress: inout Progress
    ) throws(CommandError) {
        var book = OrderBook(world: world)
        while let order = book.next() {
            try sink.put(order, account: world.account)
            size.orders += 1
            guard size.orders.isMultiple(of: Limits.recordsPerCommit) else { continue }
            try pause(&sink)
            progress.update(size.orders)
        }
        try pause(&sink)
    }

    /// Commits, and notices that somebody has lost patience.
    private func pause<Sink: SampleSink>(_ sink: inout Sink) throws(CommandError) {
        try sink.pause()
        if Interrupt.isPending { throw .interrupted }
    }
}
