import Glibc
import LMDB
import Testing

@Suite("The reader table")
struct ReaderSlotTests {
    private static let schema = Schema(integer: ["numbers"], bytes: [])

    @Test("names each reader with its process and the commit that it sees.")
    func slots() throws {
        let environment = try Environment.inMemory(schema: Self.schema) { _, _ in }
        var reader = try Reader(environment)
        let slot = try #require(try environment.readerSlots().first)
        #expect(try environment.readerSlots().count == 1)
        #expect(slot.process == getpid())
        #expect(slot.transactionID == reader.transactionID)
        reader.reset()
        #expect(try environment.readerSlots().first?.transactionID == nil)
    }
}
