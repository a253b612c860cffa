import Glibc
import Testing

@testable import LMDB

@Suite struct EnvironmentTests {
    @Test("An environment opens once in a process, whatever path leads to it.")
    func opensOnce() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let detour = directory.path + "/../" + directory.path.dropFirst(5) + "/store"
        for path in [directory.store, detour] {
            #expect(throws: LMDBError.alreadyOpen(path: path + "/data.mdb")) {
                _ = try Environment.open(at: path, schema: schema)
            }
        }
        withExtendedLifetime(environment) {}
    }

    @Test("An environment that was closed opens again.")
    func opensAgain() throws {
        let directory = TemporaryDirectory()
        do { _ = try makeEnvironment(directory) }
        for _ in 0..<3 {
            let environment = try Environment.open(at: directory.store, schema: schema)
            withExtendedLifetime(environment) {}
        }
        #expect(throws: LMDBError.databaseMissing(name: "other")) {
            _ = try Environment.open(
                at: directory.store, schema: Schema(integer: ["other"], bytes: []))
        }
        _ = try Environment.open(at: directory.store, schema: schema)
    }

    @Test("A store appears whole or not at all, and never in place of another.")
    func creation() throws {
        let directory = TemporaryDirectory()
        let path = directory.store + "/data.mdb"
        #expect(throws: LMDBError.mapFull) {
            _ = try Environment.create(at: directory.store, schema: schema) {
                (_, _) throws(LMDBError) in
                #expect(fileSize(path) == nil)
                throw .mapFull
            }
        }
        #expect(fileSize(path) == nil)
        #expect(fileSize(directory.store + "/creating.\(getpid())") == nil)
        do { _ = try makeEnvironment(directory) }
        #expect(throws: LMDBError.alreadyExists(path: path)) {
            _ = try makeEnvironment(directory)
        }
    }

    @Test("A missing, empty, foreign, truncated or newer file is refused with its own error.")
    func doubtfulFiles() throws {
        let directory = TemporaryDirectory()
        let path = directory.store + "/data.mdb"
        func open() throws { _ = try Environment.open(at: directory.store, schema: schema) }
        #expect(throws: LMDBError.missing(path: path), performing: open)

        do {
            let environment = try makeEnvironment(directory)
            var writer = try environment.beginWrite()
            let value = [UInt8](repeating: 1, count: 100_000)
            let database = try environment.integerDatabase(numbers)
            try writer.put(value.span.bytes, at: 1, in: database)
            try writer.commit()
        }
        try #require(truncate(path, 60_000) == 0)
        #expect(throws: LMDBError.self, performing: open)
        do { try open() } catch let error as LMDBError {
            guard case .truncated(_, 60_000, _) = error else {
                Issue.record("unexpected \(error)")
                return
            }
        }
        let version = Glibc.open(path, O_WRONLY)
        pwrite(version, [UInt8(9)], 1, 20)
        close(version)
        #expect(throws: LMDBError.versionMismatch(path: path, version: 9), performing: open)
        let foreign = Glibc.open(path, O_WRONLY)
        pwrite(foreign, [UInt8(9)], 1, 16)
        close(foreign)
        #expect(throws: LMDBError.foreignFile(path: path), performing: open)
        try #require(truncate(path, 0) == 0)
        #expect(throws: LMDBError.emptyFile(path: path), performing: open)
    }

    @Test("A file that ends before pages that were never written is whole.")
    func shortFile() throws {
        let directory = TemporaryDirectory()
        do {
            let environment = try makeEnvironment(directory)
            let database = try environment.integerDatabase(numbers)
            let small = [UInt8](repeating: 1, count: 10_000)
            for _ in 0..<10 {
                var writer = try environment.beginWrite()
                try writer.put(small.span.bytes, at: 1, in: database)
                try writer.commit()
            }
            // A large value that is gone before the commit, in a transaction that uses freed
            // pages: LMDB counts its pages as used but never writes them.
            let large = [UInt8](repeating: 1, count: 1 << 20)
            var writer = try environment.beginWrite()
            try writer.put(small.span.bytes, at: 1, in: database)
            try writer.put(large.span.bytes, at: 2, in: database)
            try writer.delete(2, in: database)
            try writer.commit()
            #expect(fileSize(directory.store + "/data.mdb")! < environment.statistics.usedBytes)
        }
        let environment = try Environment.open(at: directory.store, schema: schema)
        let reader = try Reader(environment)
        check(try reader.view.get(1, in: environment.integerDatabase(numbers))?.byteCount, 10_000)
    }

    @Test("A file cut anywhere before its end opens only if nothing in use is missing.")
    func cutAnywhere() throws {
        let directory = TemporaryDirectory()
        let path = directory.store + "/data.mdb"
        let count = 300
        do {
            let environment = try makeEnvironment(directory)
            let database = try environment.integerDatabase(numbers)
            var writer = try environment.beginWrite()
            for key in 0..<count {
                let value = [UInt8](repeating: 7, count: 100 + key * 40)
                try writer.put(value.span.bytes, at: UInt64(key), in: database)
            }
            try writer.commit()
        }
        var opened = 0
        var size = fileSize(path)!
        while size > 8_192 {
            size -= 40_960
            try #require(truncate(path, max(size, 8_192)) == 0)
            guard let environment = try? Environment.open(at: directory.store, schema: schema)
            else { continue }
            opened += 1
            // Whatever opens is read to its last byte: a missing page would be SIGBUS.
            let reader = try Reader(environment)
            let database = try environment.integerDatabase(numbers)
            for key in 0..<count {
                let value = try reader.view.get(UInt64(key), in: database)
                let last = value?.withUnsafeBytes { $0.last }
                check(last, 7)
            }
        }
        #expect(opened == 0)
    }

    @Test("The map is resized only when nobody can look at it.")
    func resizing() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        var reader = try Reader(environment)
        checkThrows(.transactionsActive) { () throws(LMDBError) in
            try environment.resizeMap(to: 128 << 20)
        }
        reader.reset()
        let writer = try environment.beginWrite()
        checkThrows(.transactionsActive) { () throws(LMDBError) in
            try environment.resizeMap(to: 128 << 20)
        }
        writer.abort()
        try environment.resizeMap(to: 128 << 20)
        #expect(environment.statistics.mapBytes == 128 << 20)
        try reader.renew()
        _ = try reader.view.get(1, in: environment.integerDatabase(numbers))
    }

    @Test("There are far more reader slots than LMDB's own 126, for readers of any one thread.")
    func readerSlots() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        #expect(environment.statistics.readerSlots >= 512)
        var readers: [ReaderBox] = []
        for _ in 0..<600 { readers.append(ReaderBox(try Reader(environment))) }
        #expect(throws: LMDBError.readersFull) {
            for _ in 0..<600 { readers.append(ReaderBox(try Reader(environment))) }
        }
    }

    @Test("Reader slots of dead processes are freed when the store is opened.")
    func deadReaders() async throws {
        let directory = TemporaryDirectory()
        do { _ = try makeEnvironment(directory) }
        setenv("RELAY_TEST_STORE", directory.store, 1)
        // Holds the slots open in a second process, so that the lock file is not made anew.
        let environment = try Environment.open(at: directory.store, schema: schema)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let path = String(cString: getenv("RELAY_TEST_STORE"))
            let environment = try Environment.open(at: path, schema: schema)
            let reader = try Reader(environment)
            kill(getpid(), SIGKILL)
            _ = reader.transactionID
        }
        #expect(try environment.clearDeadReaders() == 1)
        #expect(try environment.clearDeadReaders() == 0)
    }

    @Test("A store in memory leaves nothing in the file system.")
    func inMemory() throws {
        let environment = try Environment.inMemory(schema: schema) { _, _ in }
        let database = try environment.integerDatabase(numbers)
        var writer = try environment.beginWrite()
        try writer.put([UInt8(1)].span.bytes, at: 1, in: database)
        try writer.commit()
        let reader = try Reader(environment)
        check(try reader.view.get(1, in: database)?.byteCount, 1)
        #expect(environment.directory.isEmpty)
    }

    @Test("The default is durable; what may lose data is named for it.")
    func durability() {
        #expect(EnvironmentOptions().durability == .durable)
        #expect(Durability.durable.flags == 0)
    }
}

private final class ReaderBox {
    let reader: Reader

    init(_ reader: consuming Reader) { self.reader = reader }
}
