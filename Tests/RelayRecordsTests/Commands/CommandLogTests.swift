import Foundation
import Synchronization
import System
import TestSupport
import Testing

@testable import LMDB
@testable import RelayRecords
@testable import RelayStore

/// A store that is written through its log, and copies of its directory as a crash leaves them.
@Suite("The log")
struct CommandLogTests {
    private func recovered(_ store: String) throws -> (Store, RecoveryProgress?) {
        nonisolated(unsafe) var last: RecoveryProgress?
        let store = try Store.open(
            at: store, options: .ofLog, recovery: .records(progress: { last = $0 }))
        return (store, last)
    }

    @Test("gives back what was committed: after a kill, after a power cut, and after both again.")
    func recovery() throws {
        let directory = TemporaryDirectory()
        let count = ProcessInfo.processInfo.environment["RELAY_COMMANDS"].flatMap(Int.init) ?? 2_000
        var source = CommandSource(seed: 17)
        var random = SplitMix(state: 5)
        let logged = try LoggedStore(in: directory.path + "/store")
        var done = 0
        var crashes = 0
        while done < count {
            let commands = (0..<Int.random(in: 1...40, using: &random)).map { _ in source.next() }
            try logged.apply(commands[...])
            done += commands.count
            guard Int.random(in: 0..<8, using: &random) == 0 else { continue }
            crashes += 1
            let contents = try StoreContents(logged.store)
            for hasPower in [true, false] {
                let place = "\(directory.path)/copy-\(crashes)-\(hasPower)"
                try CrashedCopy.copy(logged.directory, to: place)
                if !hasPower { try CrashedCopy.cutPower(place) }
                let (store, progress) = try recovered(place)
                #expect(try StoreContents(store).differences(from: contents) == [])
                #expect(try store.check().faults == [])
                #expect(progress?.isFromCheckpoint == true)
                try FileManager.default.removeItem(atPath: place)
            }
        }
        #expect(crashes > 3)
        logged.group.log?.close()
        // It ended in order: nothing is left to be done.
        let contents = try StoreContents(logged.store)
        let place = directory.path + "/ended"
        try CrashedCopy.copy(logged.directory, to: place)
        let store = try Store.open(at: place, options: .ofLog)
        #expect(try StoreContents(store).differences(from: contents) == [])
    }

    /// A copy as a power cut leaves it, with groups behind its checkpoint: contents after each group.
    private func makeCut(
        _ directory: TemporaryDirectory, groups: Int = 6
    ) throws -> (place: String, contents: [StoreContents]) {
        var source = CommandSource(seed: 18)
        let logged = try LoggedStore(in: directory.path + "/store")
        var contents = [try StoreContents(logged.store)]
        var last = logged.group.log?.appendedBytes.load(ordering: .relaxed) ?? 0
        while contents.count <= groups {
            try logged.apply([source.next()])
            let bytes = logged.group.log?.appendedBytes.load(ordering: .relaxed) ?? 0
            if bytes > last { contents.append(try StoreContents(logged.store)) }
            last = bytes
        }
        let place = directory.path + "/cut"
        try CrashedCopy.copy(logged.directory, to: place)
        try CrashedCopy.cutPower(place)
        logged.group.log?.close()
        return (place, contents)
    }

    /// Flips a bit of the payload of a group; groups are counted from the checkpoint on.
    private func damage(_ place: String, group number: Int) throws {
        let control = try #require(try LogControl(openingIn: place + "/log"))
        let state = try #require(try control.read())
        let segments = try LogSegments(
            in: place + "/log", of: state.identity, segmentBytes: state.segmentBytes)
        var reader = try LogReader(segments, behind: state.position)
        for _ in 0..<number { _ = try reader.next() }
        let offset = reader.position.offset + UInt64(LogRecord.headBytes) + 3
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes { try segments.read(into: $0, at: offset) }
        byte[0] ^= 1
        try byte.withUnsafeBytes { try segments.write($0, at: offset) }
    }

    @Test("ends before a last group that is not whole: nobody was told that it is kept.")
    func torn() throws {
        let directory = TemporaryDirectory()
        let (place, contents) = try makeCut(directory)
        let found = try #require(try Store.verifyLog(at: place))
        #expect(found.groups > 1 && found.fault == nil)
        try damage(place, group: found.groups - 1)
        let (store, progress) = try recovered(place)
        #expect(progress?.groups == found.groups - 1 && progress?.endsTorn == true)
        #expect(try StoreContents(store).differences(from: contents[contents.count - 2]) == [])
    }

    @Test("ends before a last group that is refused, when that was not taken back before a kill.")
    func refused() throws {
        let directory = TemporaryDirectory()
        let logged = try LoggedStore(in: directory.path + "/store")
        var source = CommandSource(seed: 20)
        try logged.apply((0..<20).map { _ in source.next() }[...])
        let contents = try StoreContents(logged.store)
        // The second chunk of a file whose first one never came.
        let chunk = ChunkBuffer()
        _ = [1, 2, 3].withUnsafeBytes { chunk.fill($0) }
        chunk.seal(1 << 20, 1)
        let next = source.next()
        let group = try [next.encoding, PutChunk(chunk).encoding].map {
            QueuedCommand(try logged.decoder.pending($0) { _ in }, at: next.time)
        }
        try logged.group.log?.begin(group[...])
        let place = directory.path + "/killed"
        try CrashedCopy.copy(logged.directory, to: place)
        logged.group.commitAll([group[1]])
        logged.group.log?.close()
        let (store, progress) = try recovered(place)
        #expect(progress?.refusal != nil)
        #expect(try StoreContents(store).differences(from: contents) == [])
        #expect(try store.check().faults == [])
    }

    @Test("is refused when a group in the middle is damaged, until it is given up.")
    func damaged() throws {
        let directory = TemporaryDirectory()
        let (place, contents) = try makeCut(directory)
        let groups = try #require(try Store.verifyLog(at: place)).groups
        #expect(groups > 2)
        try damage(place, group: 1)
        #expect(try #require(try Store.verifyLog(at: place)).fault != nil)
        #expect(throws: StoreError.self) { try recovered(place) }
        // It is as it was: tried again, it is refused again.
        #expect(throws: StoreError.self) { try recovered(place) }
        try Store.forgetLog(at: place)
        let store = try Store.open(at: place, options: .ofLog)
        let isKnown = try contents.contains { try StoreContents(store).differences(from: $0) == [] }
        #expect(isKnown)
        #expect(try store.check().faults == [])
    }

    @Test("is refused when a file of it is gone, cut, or not what it was, until it is given up.")
    func incomplete() throws {
        let directory = TemporaryDirectory()
        let (cut, contents) = try makeCut(directory)
        let segment = try #require(
            try FileManager.default.contentsOfDirectory(atPath: cut + "/log").first {
                let head = try Data(contentsOf: URL(fileURLWithPath: "\(cut)/log/\($0)")).prefix(40)
                return $0.hasPrefix("segment") && head.contains { $0 != 0 }
            })
        let damages: [(inout Data) -> Void] = [
            { $0.removeAll() }, { $0.removeLast() }, { $0[0] ^= 1 }, { $0[30] ^= 1 },
            { $0.resetBytes(in: 0..<$0.count) },
        ]
        for (index, damage) in damages.enumerated() {
            let place = directory.path + "/damaged-\(index)"
            try CrashedCopy.copy(cut, to: place)
            let url = URL(fileURLWithPath: "\(place)/log/\(segment)")
            var bytes = try Data(contentsOf: url)
            damage(&bytes)
            try bytes.write(to: url)
            if index == 0 { try FileManager.default.removeItem(at: url) }
            #expect(try #require(try Store.verifyLog(at: place)).fault?.contains("/log") == true)
            #expect(throws: StoreError.self) { try recovered(place) }
            try Store.forgetLog(at: place)
            let store = try Store.open(at: place, options: .ofLog)
            #expect(try StoreContents(store).differences(from: contents[0]) == [])
        }
    }

    @Test("is refused when the last of several files is gone.")
    func lastGone() throws {
        let directory = TemporaryDirectory()
        var source = CommandSource(seed: 19)
        let logged = try LoggedStore(in: directory.path + "/store", segmentBytes: 16_384)
        var (bytes, groups) = (0 as UInt64, 0)
        while bytes < 60_000, groups < 5_000 {
            try logged.apply([source.next()])
            bytes = logged.group.log?.appendedBytes.load(ordering: .relaxed) ?? 0
            groups += 1
        }
        let place = directory.path + "/cut"
        try CrashedCopy.copy(logged.directory, to: place)
        try CrashedCopy.cutPower(place)
        logged.group.log?.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: place + "/log")
            .filter { $0.hasPrefix("segment") }.map { "\(place)/log/\($0)" }
        let numbers = try files.map { file in
            var number: UInt64 = 0
            _ = try withUnsafeMutableBytes(of: &number) { room in
                try DiskFile(file, .reading).read(into: room, at: 24)
            }
            return number
        }
        let last = try #require(numbers.max())
        #expect(last >= 3)
        #expect(try #require(try Store.verifyLog(at: place)).fault == nil)
        try FileManager.default.removeItem(atPath: files[numbers.firstIndex(of: last) ?? 0])
        #expect(try #require(try Store.verifyLog(at: place)).fault != nil)
        #expect(throws: StoreError.self) { try recovered(place) }
    }

    @Test("is refused after a power cut when a slot of its control file is damaged.")
    func damagedControl() throws {
        let directory = TemporaryDirectory()
        let (place, _) = try makeCut(directory)
        let file = try DiskFile(place + "/log/control", .writing)
        let state = try #require(try LogControl(openingIn: place + "/log")?.read())
        var byte: [UInt8] = [0]
        let offset = state.number % 2 == 0 ? 100 : 4_196
        _ = try byte.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
        byte[0] ^= 4
        try byte.withUnsafeBytes { try file.write($0, at: offset) }
        let data = try Data(contentsOf: URL(fileURLWithPath: place + "/data.mdb"))
        #expect(throws: StoreError.self) { try recovered(place) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place + "/data.mdb")) == data)
    }

    @Test("of another store, of a newer program and a missing one are refused by name.")
    func wrong() throws {
        let directory = TemporaryDirectory()
        let (place, _) = try makeCut(directory)
        do {
            _ = try Store.create(at: directory.path + "/other", options: .ofLog)
        }
        let data = place + "/data.mdb"
        try FileManager.default.moveItem(atPath: data, toPath: directory.path + "/kept")
        try FileManager.default.copyItem(atPath: directory.path + "/other/data.mdb", toPath: data)
        let before = try Data(contentsOf: URL(fileURLWithPath: data))
        #expect(throws: StoreError.log(.foreign(path: place + "/log/control"))) {
            try recovered(place)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: data)) == before)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: directory.path + "/kept", toPath: data)
        // Without a recovery it is not opened, whoever asks.
        #expect(throws: StoreError.log(.unrecovered(directory: place))) {
            try Store.open(at: place, options: .ofLog)
        }
        #expect(throws: StoreError.log(.unrecovered(directory: place))) {
            try Store.open(at: place, options: StoreOptions(mapBytes: 1 << 30, isReadOnly: true))
        }
        let (store, _) = try recovered(place)
        #expect(try store.check().faults == [])
    }
}
