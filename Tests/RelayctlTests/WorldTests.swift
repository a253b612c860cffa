import RelayContract
import Testing

@testable import relayctl

@Suite struct WorldTests {
    let world = World(seed: 1, account: 1, orders: 10_000)

    @Test("A world has its proportions: 25 orders a property, 40 properties a customer, 8 units.")
    func proportions() {
        #expect(world.properties.count == 400)
        #expect(world.customers.count == 10)
        #expect(world.unitCount == 3200)
        #expect(World(seed: 1, account: 1, orders: 1).properties.count == 1)
    }

    @Test("Numbers that must be unique are, and addresses are counted through.")
    func unique() {
        #expect(Set(world.properties.map(\.property.externalId)).count == 400)
        #expect(Set(world.properties.compactMap(\.property.mscNumber)).count > 280)
        let addresses =
            world.customers.map(\.address?.id) + world.properties.map(\.property.address?.id)
        #expect(addresses == (1...410).map { UInt64($0) })
    }

    @Test("A unit belongs to its property, and its msc number keeps its zeros.")
    func units() {
        for id in 1...world.unitCount {
            let unit = world.unit(id)
            #expect(unit.propertyId == UInt64((id - 1) / 8 + 1))
            guard let number = unit.unitMscNumber else { continue }
            #expect(number.count == 4 && number.hasPrefix("00"))
            #expect(unit.propertyMscNumber?.hasPrefix("00") == true)
        }
        #expect(world.unit(1).name == "WE 01, EG links")
        #expect(world.unit(8).name == "WE 08, DG rechts")
    }

    @Test("A resident keeps the name, whoever asks.")
    func residents() {
        #expect(world.resident(ofUnit: 5).name == world.resident(ofUnit: 5).name)
        let again = World(seed: 1, account: 1, orders: 50)
        #expect(again.resident(ofUnit: 5).name == world.resident(ofUnit: 5).name)
    }
}
