import Glibc
import Synchronization
import Testing

@testable import RelayStore

/// A command made of a closure, which can be waited for.
private final class TestCommand: UnencodedCommand {
    let byteCount: Int
    private let body: @Sendable (inout StoreTransaction) throws(StoreError) -> Void
    private let outcome = Mutex<Result<Void, StoreError>?>(nil)
    let refusal: StoreError?

    init(
        byteCount: Int = 100, refusal: StoreError? = nil,
        _ body: @escaping @Sendable (inout StoreTransaction) throws(StoreError) -> Void
    ) {
        self.byteCount = byteCount
        self.refusal = refusal
        self.body = body
    }

    func apply(to transaction: inout StoreTransaction) throws(StoreError) {
        try body(&transaction)
    }

    func complete(_ result: Result<Void, StoreError>) {
        outcome.withLock {
            precondition($0 == nil, "completed twice")
            $0 = result
        }
    }

    /// The outcome, waited for.
    var error: StoreError? {
        while true {
            if let result = outcome.withLock({ $0 }) {
                if case .failure(let error) = result { return error }
                return nil
            }
            usleep(200)
        }
    }
}

@Suite struct WriterTests {
    @Test("A command that is refused beforehand is not tried, and the others of its group are.")
    func refused() throws {
        let store = try Store.inMemory()
        let writer = try Writer(store)
        defer { writer.stop() }
        let gate = Gate.closed(writer)
        let refused = [1, 3, 4].map { _ in
            TestCommand(refusal: .replica(.outcomeUnknown)) { (_) throws(StoreError) in
                Issue.record("it is applied")
            }
        }
        let others = [Self.put(2), Self.put(5)]
        for command in [refused[0], others[0], refused[1], refused[2], others[1]] {
            #expect(writer.submit(command) == .accepted)
        }
        gate.open()
        #expect(refused.map(\.error) == Array(repeating: .replica(.outcomeUnknown), count: 3))
        #expect(others.map(\.error) == [nil, nil])
    }

    private static func key(_ id: UInt64) -> DocumentKey {
        DocumentKey(account: 1, resource: 1, id: id)
    }

    private static func put(_ id: UInt64, byteCount: Int = 100) -> TestCommand {
        TestCommand(byteCount: byteCount) { (transaction) throws(StoreError) in
            let json = [UInt8](repeating: 120, count: byteCount)
            try transaction.putDocument(key(id), json: json.span.bytes, version: 1)
            try transaction.insert(id, into: ListKey(account: 1, kind: 1))
        }
    }

    private static func delete(_ id: UInt64) -> TestCommand {
        TestCommand { (transaction) throws(StoreError) in
            try transaction.deleteDocument(key(id))
            try transaction.remove(id, from: ListKey(account: 1, kind: 1))
        }
    }

    @Test("Commands that wait together are committed together, and are durable when completed.")
    func groupCommit() throws {
        let directory = TemporaryDirectory()
        do {
            let store = try Store.create(at: directory.store)
            let writer = try Writer(store)
            let gate = Gate.closed(writer)
            let commands = (UInt64(1)...500).map { Self.put($0) }
            for command in commands { #expect(writer.submit(command) == .accepted) }
            gate.open()
            for command in commands { #expect(command.error == nil) }
            #expect(writer.commits == 2)
            #expect(writer.commands == 501)
            writer.stop()
            #expect(writer.submit(Self.put(1)) == .stopped)
        }
        let store = try Store.open(at: directory.store)
        let reader = try store.makeReader()
        check(try reader.view.count(ListKey(account: 1, kind: 1)), 500)
    }

    @Test("A command that fails half-way leaves no trace and does not touch its group.")
    func failingCommand() throws {
        let store = try Store.inMemory()
        let writer = try Writer(store)
        let gate = Gate.closed(writer)
        var good: [TestCommand] = []
        var bad: [TestCommand] = []
        for id in UInt64(1)...100 {
            if id % 10 == 0 {
                bad.append(
                    TestCommand { (transaction) throws(StoreError) in
                        let json: [UInt8] = [1]
                        try transaction.putDocument(
                            Self.key(id), json: json.span.bytes, version: 1)
                        throw StoreError.duplicate(id: id)
                    })
                _ = writer.submit(bad.last!)
            } else {
                good.append(Self.put(id))
                _ = writer.submit(good.last!)
            }
        }
        gate.open()
        for command in good { #expect(command.error == nil) }
        for (index, command) in bad.enumerated() {
            #expect(command.error == .duplicate(id: UInt64(index + 1) * 10))
        }
        let reader = try store.makeReader()
        check(try reader.view.count(ListKey(account: 1, kind: 1)), 90)
        for id in UInt64(1)...100 {
            check(try reader.view.document(Self.key(id)) == nil, id % 10 == 0)
        }
    }

    @Test("A full queue refuses instead of blocking, by number and by bytes.")
    func queueFull() throws {
        let store = try Store.inMemory()
        let writer = try Writer(store)
        let gate = Gate.closed(writer)
        let large = TestCommand(byteCount: 60 << 20) { (_) throws(StoreError) in }
        #expect(writer.submit(large) == .accepted)
        #expect(
            writer.submit(TestCommand(byteCount: 5 << 20) { (_) throws(StoreError) in })
                == .queueFull)
        let small = TestCommand(byteCount: 0) { (_) throws(StoreError) in }
        #expect(writer.submit(small) == .accepted)
        let many = (2..<Limits.queuedCommands).map { _ in
            TestCommand(byteCount: 0) { (_) throws(StoreError) in }
        }
        for command in many { #expect(writer.submit(command) == .accepted) }
        #expect(writer.submit(Self.put(1)) == .queueFull)
        gate.open()
        for command in many { #expect(command.error == nil) }
    }

    @Test("Stopping completes everything that waits.")
    func stopDrains() throws {
        let store = try Store.inMemory()
        let writer = try Writer(store)
        let commands = (UInt64(1)...1_000).map { Self.put($0) }
        for command in commands { _ = writer.submit(command) }
        writer.stop()
        writer.stop()
        for command in commands { #expect(command.error == nil) }
    }

    @Test("A full store refuses puts, allows deletions, and takes puts again without a restart.")
    func storeFull() throws {
        let directory = TemporaryDirectory()
        let store = try Store.create(
            at: directory.store,
            options: StoreOptions(mapBytes: 16 << 20, durability: .mayCorruptStore))
        let writer = try Writer(store)
        for _ in 0..<3 {
            var id: UInt64 = 0
            var full: TestCommand?
            while full == nil {
                let commands = (0..<50).map { Self.put(id + $0 + 1, byteCount: 3_000) }
                for command in commands { _ = writer.submit(command) }
                for command in commands {
                    if command.error == nil { id += 1 } else { full = command }
                }
                try #require(id < 20_000)
            }
            #expect(full?.error == .storeFull)
            #expect(id > 1_500)
            let last = id
            let deletions = (1...last).map { Self.delete($0) }
            for command in deletions { _ = writer.submit(command) }
            for command in deletions { #expect(command.error == nil) }
            #expect(Self.put(1, byteCount: 3_000).submitted(to: writer).error == nil)
            #expect(Self.delete(1).submitted(to: writer).error == nil)
        }
        let faults = try store.check().faults
        #expect(faults.filter { !$0.contains("given out") } == [])
    }

    @Test("One transaction can fill again what one transaction has emptied.")
    func refill() throws {
        let directory = TemporaryDirectory()
        let store = try Store.create(
            at: directory.store,
            options: StoreOptions(mapBytes: 16 << 20, durability: .mayCorruptStore))
        let json = [UInt8](repeating: 120, count: 3_000)
        for _ in 0..<3 {
            try store.write { (transaction) throws(StoreError) in
                for id in UInt64(1)...1_200 {
                    try transaction.putDocument(Self.key(id), json: json.span.bytes, version: 1)
                }
            }
            try store.write { (transaction) throws(StoreError) in
                for id in UInt64(1)...1_200 { try transaction.deleteDocument(Self.key(id)) }
            }
        }
        // Far less than three times as much: the pages were used again each time.
        #expect(try store.statistics().environment.usedBytes < 3 * 1_200 * 4_096 * 2 / 3)
    }

    @Test("On a full disk puts are refused, and deletions in the same group go through.")
    func diskFull() async throws {
        await #expect(processExitsWith: .success) {
            let directory = TemporaryDirectory()
            let store = try Store.create(
                at: directory.store, options: StoreOptions(durability: .mayCorruptStore))
            let writer = try Writer(store)
            // To LMDB a file that may not grow is what a full disk is.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 8 << 20, rlim_max: 8 << 20)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            var id: UInt64 = 1
            while WriterTests.put(id, byteCount: 3_000).submitted(to: writer).error == nil {
                id += 1
            }
            precondition(id > 500 && id < 4_000)
            let gate = Gate.closed(writer)
            let deletion = WriterTests.delete(1).submitted(to: writer)
            let put = WriterTests.put(9_999, byteCount: 3 << 20).submitted(to: writer)
            gate.open()
            precondition(put.error == .storeFull)
            precondition(deletion.error == nil)
            exit(0)
        }
    }

    @Test("A group lets others have the core now and then, but not often enough to be starved.")
    func yields() {
        for commands in [1, 3, 4, 20, 31, 32, 33, 1_000, Limits.queuedCommands] {
            let pauses = commands / GroupCommit.commandsBetweenYields(of: commands)
            #expect(pauses <= Limits.yieldsPerCommit)
            #expect(pauses > 0 || commands < Limits.commandsBetweenYields)
        }
    }

    @Test("Deletions go through in a group with puts that do not fit.")
    func fullGroup() throws {
        let directory = TemporaryDirectory()
        let store = try Store.create(
            at: directory.store,
            options: StoreOptions(mapBytes: 8 << 20, durability: .mayCorruptStore))
        let writer = try Writer(store)
        #expect(Self.put(1, byteCount: 3_000).submitted(to: writer).error == nil)
        let gate = Gate.closed(writer)
        let puts = (UInt64(2)...20).map { Self.put($0, byteCount: 2 << 20) }
        for command in puts { _ = writer.submit(command) }
        let deletion = Self.delete(1).submitted(to: writer)
        gate.open()
        #expect(deletion.error == nil)
        #expect(puts.contains { $0.error == .storeFull })
        #expect(puts.contains { $0.error == nil })
    }
}

extension TestCommand {
    fileprivate func submitted(to writer: Writer) -> TestCommand {
        _ = writer.submit(self)
        return self
    }
}
