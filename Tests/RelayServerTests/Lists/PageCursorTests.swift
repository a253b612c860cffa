import RelayRecords
import RelayStore
import Testing

@testable import RelayServer

@Suite struct PageCursorTests {
    private func text(_ cursor: PageCursor) -> [UInt8] {
        var space = [UInt8](repeating: 0, count: PageCursor.characters)
        space.withUnsafeMutableBytes { cursor.write(to: $0.baseAddress!) }
        return space
    }

    private func read(_ text: [UInt8]) -> PageCursor? { text.withUnsafeBytes { PageCursor($0) } }

    private let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    @Test("A cursor reads back as it was written, in base64url.")
    func roundTrip() {
        var random = SystemRandomNumberGenerator()
        for number in 0..<1_000 {
            let edge: UInt64? = number == 0 ? 0 : number == 1 ? .max : nil
            let cursor = PageCursor(
                epoch: edge ?? random.next(),
                list: UInt8(truncatingIfNeeded: edge ?? random.next()),
                parameter: edge ?? random.next(), after: edge ?? random.next())
            let text = text(cursor)
            #expect(text.allSatisfy(alphabet.contains))
            #expect(read(text) == cursor)
        }
    }

    @Test("A cursor with any one character changed, missing or added is refused.")
    func damage() {
        let cursor = PageCursor(epoch: 0x0123_4567_89AB_CDEF, list: 9, parameter: 3, after: 1_234)
        let text = text(cursor)
        for index in text.indices {
            for character in alphabet where character != text[index] {
                var damaged = text
                damaged[index] = character
                #expect(read(damaged) == nil, "character \(index)")
            }
            var short = text
            short.remove(at: index)
            #expect(read(short) == nil)
            #expect(read(text + [text[index]]) == nil)
        }
        for character in Array("=+/ %.\0".utf8) {
            #expect(read(text.dropLast() + [character]) == nil)
        }
        #expect(read([]) == nil)
    }

    /// The cursor of a page after which there is more.
    private func fixture() throws -> (ServiceFixture, String) {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 5)
        let next = try #require(fixture.get("/v1/orders?limit=2").next)
        return (fixture, String(next.split(separator: "=").last!))
    }

    private func cursor(_ fixture: ServiceFixture, epoch: UInt64 = 0, list: RecordList) -> String {
        String(
            decoding: text(
                PageCursor(
                    epoch: fixture.store.metadata.epoch &+ epoch, list: list.rawValue,
                    parameter: 0, after: 2)), as: UTF8.self)
    }

    @Test("A cursor goes on where the page ended.")
    func goingOn() throws {
        let (fixture, made) = try fixture()
        #expect(made == cursor(fixture, list: .orders))
        #expect(fixture.get("/v1/orders?limit=9&cursor=\(made)").ids() == [3, 4, 5])
    }

    @Test("A cursor of another list or parameter gets 400.")
    func otherList() throws {
        let (fixture, made) = try fixture()
        for path in ["/v1/properties?cursor=\(made)", "/v1/units?limit=5&cursor=\(made)"] {
            #expect(fixture.get(path).status == 400)
        }
        let other = cursor(fixture, list: .properties)
        #expect(fixture.get("/v1/orders?cursor=\(other)").status == 400)
        let units = cursor(fixture, list: .units)
        #expect(fixture.get("/v1/units?limit=5&cursor=\(units)").status == 200)
        #expect(fixture.get("/v1/units/msc?limit=5&cursor=\(units)").status == 400)
        let ofCustomer = cursor(fixture, list: .unitsOfCustomer)
        #expect(fixture.get("/v1/units?limit=5&customerId=1&cursor=\(ofCustomer)").status == 400)
    }

    @Test("A cursor from before a restore gets 410, whatever account it is from.")
    func otherEpoch() throws {
        let (fixture, _) = try fixture()
        let old = cursor(fixture, epoch: 1, list: .orders)
        let answer = fixture.get("/v1/orders?limit=2&cursor=\(old)")
        #expect(answer.status == 410)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(fixture.get("/v1/orders?limit=2&cursor=\(old)", key: .other).status == 410)
    }
}
