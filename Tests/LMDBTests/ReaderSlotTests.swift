import Glibc
import Testing

@testable import LMDB

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

    @Test("is freed of what an earlier process of the same id has left, and of nothing else.")
    func sameProcessID() throws {
        let directory = TemporaryDirectory()
        let table = try LockTable(in: directory.path, readers: 16)
        let file = open(directory.path + "/lock.mdb", O_RDWR)
        defer { close(file) }
        let others = getppid()
        // Slots of 64 bytes behind a head of 128: a commit, and the id of the process.
        for (slot, process) in [(1, getpid()), (3, others), (7, getpid())] {
            var (commit, process) = (UInt64(41), process)
            #expect(pwrite(file, &commit, 8, off_t(128 + 64 * slot)) == 8)
            #expect(pwrite(file, &process, 4, off_t(128 + 64 * slot + 8)) == 4)
        }
        func process(_ slot: Int) -> Int32 {
            var process: Int32 = -1
            pread(file, &process, 4, off_t(128 + 64 * slot + 8))
            return process
        }
        #expect(table.freeSlots(readers: 16) == 2)
        #expect(process(1) == 0 && process(7) == 0)
        #expect(process(3) == others)
        #expect(table.freeSlots(readers: 16) == 0)
    }
}
