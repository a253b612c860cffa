import Foundation
import Glibc
import RelayRecords
import System
import TestSupport
import Testing

@testable import RelayStore

/// What recoveries must not believe: a boot that is the same, a log that is another one.
@Suite("A store that was not left in order")
struct LostStoreTests {
    /// A store and its log as a kill leaves them, and what was in it.
    private func killed(
        _ directory: TemporaryDirectory, _ name: String = "store", seed: UInt64 = 21
    ) throws -> (place: String, contents: StoreContents) {
        var source = CommandSource(seed: seed)
        let logged = try LoggedStore(in: "\(directory.path)/\(name)-live")
        for _ in 0..<60 { try logged.apply([source.next()]) }
        let contents = try StoreContents(logged.store)
        let place = "\(directory.path)/\(name)"
        try CrashedCopy.copy(logged.directory, to: place)
        logged.group.log?.close()
        return (place, contents)
    }

    @Test(
        "goes on from its checkpoint when its file system was lost and mounted again in the same boot."
    )
    func lostCache() throws {
        let directory = TemporaryDirectory()
        let (place, contents) = try killed(directory)
        try CrashedCopy.cutPower(place, hasBooted: false)
        #expect(try #require(try Store.logReport(at: place)).isOfEarlierBoot == false)
        let store = try Store.open(at: place, options: .ofLog, recovery: .records())
        #expect(try StoreContents(store).differences(from: contents) == [])
        #expect(try store.check().faults == [])
    }

    @Test("has its log locked while it is put right.")
    func locked() throws {
        let directory = TemporaryDirectory()
        let (place, _) = try killed(directory)
        func isLocked() -> Bool {
            let file = open(place + "/log", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            return flock(file, LOCK_SH | LOCK_NB) != 0
        }
        nonisolated(unsafe) var seen: [Bool] = []
        #expect(!isLocked())
        let store = try Store.open(
            at: place, options: .ofLog,
            recovery: .records(progress: { _ in seen.append(isLocked()) }))
        #expect(!seen.isEmpty && seen.allSatisfy { $0 })
        #expect(!isLocked())
        withExtendedLifetime(store) {}
    }

    @Test("is refused with a log that says nothing, or nonsense, or belongs to another store.")
    func otherLog() throws {
        let directory = TemporaryDirectory()
        let (place, contents) = try killed(directory)
        let control = place + "/log/control"
        let kept = try Data(contentsOf: URL(fileURLWithPath: control))
        let data = try Data(contentsOf: URL(fileURLWithPath: place + "/data.mdb"))
        for nonsense in [Data(), Data(count: kept.count), Data(repeating: 0x5A, count: kept.count)]
        {
            try nonsense.write(to: URL(fileURLWithPath: control))
            for isReadOnly in [false, true] {
                #expect(throws: StoreError.log(.incomplete(path: control))) {
                    try Store.open(
                        at: place, options: StoreOptions(mapBytes: 1 << 30, isReadOnly: isReadOnly),
                        recovery: .records())
                }
            }
        }
        // Another store's log, which was left in order.
        let (other, _) = try killed(directory, "other", seed: 22)
        _ = try Store.open(at: other, options: .ofLog, recovery: .records())
        try FileManager.default.moveItem(atPath: place + "/log", toPath: directory.path + "/kept")
        try FileManager.default.copyItem(atPath: other + "/log", toPath: place + "/log")
        #expect(throws: StoreError.log(.foreign(path: control))) {
            try Store.open(at: place, options: .ofLog, recovery: .records())
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place + "/data.mdb")) == data)
        // Its own log again.
        try FileManager.default.removeItem(atPath: place + "/log")
        try FileManager.default.moveItem(atPath: directory.path + "/kept", toPath: place + "/log")
        try kept.write(to: URL(fileURLWithPath: control))
        let store = try Store.open(at: place, options: .ofLog, recovery: .records())
        #expect(try StoreContents(store).differences(from: contents) == [])
    }
}
