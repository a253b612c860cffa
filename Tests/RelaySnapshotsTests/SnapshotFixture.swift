import CivilTime
import Glibc
import JSON
import RelayContract
import RelayRecords
import RelayStore
import TestSupport

@testable import RelaySnapshots

/// A store with some orders, and what tests do with it.
final class SnapshotFixture {
    let directory = TemporaryDirectory()
    /// Closed before its directory goes: the file's inode may be another one's at once.
    private(set) var store: Store!
    private let applier = RecordApplier()
    private(set) var orders: UInt64 = 0

    static let options = SnapshotOptions(program: "tests")

    init(orders: Int = 300) throws {
        store = try Store.create(
            at: directory.file("store"), options: StoreOptions(durability: .mayCorruptStore))
        try add(orders)
    }

    deinit { store = nil }

    /// Keeps store and directory until here.
    func keep() {}

    func file(_ name: String) -> String { directory.file(name) }

    /// Creates orders.
    func add(_ count: Int) throws {
        let first = orders + 1
        orders += UInt64(count)
        try change((first...orders).map { CreateOrder(NewOrder(title: Self.title($0))) })
    }

    /// Changes the titles of some orders, by way of their internal ids.
    func update(_ ids: [UInt64], to text: String) throws {
        try change(
            ids.map { UpdateOrder($0, OrderPatch(internalId: text + "\($0)"), .none) })
    }

    func change(_ changes: [any RecordChange]) throws {
        let applier = applier
        try store.write { (transaction) throws(StoreError) in
            for change in changes {
                let time = Timestamp(milliseconds: 1_767_225_600_000)
                let answer = try applier.apply(change, account: 1, time: time, to: &transaction)
                precondition(answer.problem == nil, "\(answer.problem!)")
            }
        }
    }

    /// A title with a body of text, different for each order.
    static func title(_ id: UInt64) -> String {
        "Order \(id): " + String(repeating: "\(id &* 0x9E37_79B9) ", count: 12)
    }

    func take(_ name: String) throws -> SnapshotFolder {
        let outcome = try SnapshotCopy.take(store, to: file(name), Self.options)
        return SnapshotFolder(outcome.id)
    }
}

/// Flips one bit of a file.
func flip(bit: Int, of path: String) {
    let file = open(path, O_RDWR)
    var byte: UInt8 = 0
    pread(file, &byte, 1, off_t(bit / 8))
    byte ^= 1 << UInt8(bit % 8)
    pwrite(file, &byte, 1, off_t(bit / 8))
    close(file)
}

/// How often a test repeats itself: few times in every run, as often as the variable says on
/// demand.
func rounds(_ variable: String, default count: Int) -> Int {
    getenv(variable).flatMap { Int(String(cString: $0)) } ?? count
}
