import JSON
import RelayContract
import Testing

@testable import relayctl

/// Looks at what comes by: counts, digests, checks that references point backwards.
private struct Observer: SampleSink {
    var writer = JSONWriter()
    var last: [String: UInt64] = [:]
    var pauses = 0
    var faults: [String] = []

    private mutating func note(
        _ kind: String, _ account: UInt64, _ id: UInt64, refersTo others: [(String, UInt64?)] = []
    ) {
        let expected = last["\(account).\(kind)", default: 0] + 1
        if id != expected { faults.append("\(kind) \(id) came instead of \(expected)") }
        last["\(account).\(kind)"] = id
        for (other, reference) in others {
            let known = last["\(account).\(other)", default: 0]
            if let reference, reference > known { faults.append("\(kind) \(id): no \(other)") }
        }
    }

    mutating func put(_ address: Address, account: UInt64) {
        address.write(to: &writer)
        note("address", account, address.id)
    }

    mutating func put(_ customer: Customer, account: UInt64) {
        customer.write(to: &writer)
        note("customer", account, customer.id, refersTo: [("address", customer.addressId)])
    }

    mutating func put(_ property: Property, account: UInt64) {
        property.write(to: &writer)
        note(
            "property", account, property.id,
            refersTo: [("customer", property.customerId), ("address", property.address?.id)])
    }

    mutating func put(_ unit: Unit, account: UInt64) {
        unit.write(to: &writer)
        note("unit", account, unit.id, refersTo: [("property", unit.propertyId)])
    }

    mutating func put(_ order: Order, account: UInt64) {
        order.write(to: &writer)
        note(
            "order", account, order.id,
            refersTo: [("customer", order.customerId), ("property", order.propertyId)])
    }

    mutating func put(_ appointment: Appointment, account: UInt64) {
        appointment.write(to: &writer)
        note(
            "appointment", account, appointment.id,
            refersTo: [("customer", appointment.customerId)])
        if appointment.dateEnd <= appointment.dateStart { faults.append("backwards") }
    }

    mutating func put(_ metered: World.Metered, account: UInt64) {
        metered.month.write(to: &writer)
        let last = last["\(account).eed", default: 0]
        note("eed", account, last + 1, refersTo: [("unit", metered.month.unitId)])
    }

    mutating func pause() { pauses += 1 }
}

@Suite struct SampleSinkTests {
    private func pour(_ sample: Sample) throws -> (Observer, SampleSize) {
        var observer = Observer()
        var progress = Progress("orders", total: sample.allOrders, json: false)
        let size = try sample.pour(into: &observer, progress: &progress)
        return (observer, size)
    }

    @Test("Every record comes after those that it refers to, numbered without gaps.")
    func sequence() throws {
        let (observer, size) = try pour(Sample(orders: 500, accounts: 3, seed: 1))
        #expect(observer.faults == [])
        #expect(observer.pauses >= 3)
        #expect(observer.last["1.order"] == 500)
        #expect(observer.last["2.order"] == 50 && observer.last["3.order"] == 50)
        #expect(size.orders == 600 && size.accounts == 3)
        #expect(observer.last["1.appointment"] == 20 && size.appointments == 24)
        // 160 units, of which some three quarters have meters, for thirteen months less a few.
        #expect(observer.last["1.eed"].map { $0 > 500 && $0 < 160 * 13 } == true)
        #expect(size.properties == 20 + 2 + 2 && size.units == size.properties * 8)
        #expect(size.addresses == size.customers + size.properties)
    }

    @Test("The same wish gives the same bytes.")
    func deterministic() throws {
        let first = try pour(Sample(orders: 200, accounts: 2, seed: 5)).0.writer.bytes
        #expect(try pour(Sample(orders: 200, accounts: 2, seed: 5)).0.writer.bytes == first)
        #expect(try pour(Sample(orders: 200, accounts: 2, seed: 6)).0.writer.bytes != first)
    }
}
