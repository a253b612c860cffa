import JSON
import RelayContract
import Testing

@testable import relayctl

@Suite struct OrderBookTests {
    static let world = World(seed: 7, account: 1, orders: 3000)
    static let orders = {
        var book = OrderBook(world: world)
        var orders: [Order] = []
        while let order = book.next() { orders.append(order) }
        return orders
    }()

    @Test("The same seed gives the same orders, another seed or account gives others.")
    func deterministic() {
        func text(seed: UInt64, account: UInt64) -> String {
            var book = OrderBook(world: World(seed: seed, account: account, orders: 50))
            var result = ""
            while let order = book.next() { result += "\(order)\n" }
            return result
        }
        let first = text(seed: 1, account: 1)
        #expect(text(seed: 1, account: 1) == first)
        #expect(text(seed: 2, account: 1) != first)
        #expect(text(seed: 1, account: 2) != first)
    }

    @Test("Orders are numbered from 1 without gaps, and so are their parts.")
    func ids() {
        #expect(Self.orders.map(\.id) == Array(1...3000))
        let fields = Self.orders.flatMap(\.fields).map(\.id)
        #expect(fields == Array(1...UInt64(fields.count)))
        let comments = Self.orders.flatMap(\.comments).map(\.id)
        #expect(comments == Array(1...UInt64(comments.count)))
        let contacts = Self.orders.flatMap(\.contactPersons).map(\.id)
        #expect(contacts == Array(1...UInt64(contacts.count)))
    }

    @Test("An order stands in its customer's house, at that house's address.")
    func places() {
        for order in Self.orders {
            let house = Self.house(of: order)
            #expect(house.property.customerId == order.customerId)
            #expect(house.property.address == order.address)
            let city = City.all[house.city]
            #expect(city.name == order.address?.locality)
            #expect(city.postalCodes.contains(order.address?.postalCode ?? ""))
        }
    }

    static func house(of order: Order) -> House { world.properties[Int(order.propertyId!) - 1] }

    @Test(
        "Times run forwards: orders by number, comments within an order, the last one updates it.")
    func times() {
        for (order, next) in zip(Self.orders, Self.orders.dropFirst()) {
            #expect(order.createdAt < next.createdAt)
        }
        for order in Self.orders {
            let times = [order.createdAt] + order.comments.map(\.createdAt)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
            #expect(order.updatedAt == times.last)
            #expect(Self.house(of: order).property.createdAt < order.createdAt)
            if let due = order.dueDate { #expect(due > order.createdAt) }
        }
    }

    @Test("A finished order was closed by its last comment, an open one has no change of status.")
    func statuses() {
        for order in Self.orders {
            let changes = order.comments.compactMap(\.statusChange)
            switch order.status {
            case .finished, .declined, .inProgress: #expect(changes.last == order.status)
            case .open, .prepare, .null: #expect(changes.isEmpty)
            }
        }
        let finished = Self.orders.filter { $0.status == .finished }.count
        #expect((2400...2700).contains(finished))
    }

    @Test("The first contact lives in one of the house's flats, and whoever asks is that contact.")
    func contacts() {
        for order in Self.orders {
            let units = (0..<8).map { Int(order.propertyId! - 1) * 8 + $0 + 1 }
            let residents = units.map { Self.world.resident(ofUnit: $0).name }
            #expect(residents.contains(order.contactPersons[0].name))
        }
    }

    @Test("A file has a plain name and a media type, and is as old as its comment.")
    func files() {
        for comment in Self.orders.flatMap(\.comments) {
            for file in comment.attachments {
                #expect(file.name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 47 })
                #expect(["image/jpeg", "application/pdf"].contains(file.itemType))
                #expect(file.updatedAt == comment.createdAt)
            }
        }
        #expect(Self.orders.contains { !$0.attachments.isEmpty })
    }

    @Test("No gap of a phrase is left open, and no name made an address that is none.")
    func texts() {
        for order in Self.orders {
            let texts = [order.title] + order.fields.map(\.content) + order.comments.map(\.text)
            #expect(texts.allSatisfy { !$0.isEmpty && !$0.contains("{") && !$0.contains("}") })
            for contact in order.contactPersons {
                #expect(
                    contact.emailAddress!.utf8.allSatisfy { $0 < 128 && $0 != 32 },
                    "\(contact.name)")
            }
        }
    }

    @Test("An order has 1.3 KB on average, within five hundredths.")
    func size() {
        var writer = JSONWriter()
        for order in Self.orders { order.write(to: &writer) }
        let average = writer.bytes.count / Self.orders.count
        #expect((1235...1365).contains(average), "\(average)")
    }

    @Test("Every case of every trade occurs.")
    func variety() {
        let reports = Set(Self.orders.map { $0.fields[0].content })
        #expect(reports.count > 70)
    }
}
