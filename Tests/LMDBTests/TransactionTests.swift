import Glibc
import Testing

@testable import LMDB

@Suite struct TransactionTests {
    @Test("A committed value is read back, an aborted one is not.")
    func commitAndAbort() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.integerDatabase(numbers)
        var first = try environment.beginWrite()
        try first.put([1, 2, 3].span.bytes, at: 7, in: database)
        try first.commit()
        var second = try environment.beginWrite()
        try second.put([9].span.bytes, at: 8, in: database)
        second.abort()

        let reader = try Reader(environment)
        let view = reader.view
        check(try view.get(7, in: database)?.byteCount, 3 * MemoryLayout<Int>.size)
        check(try view.get(8, in: database)?.byteCount, nil)
    }

    @Test("A reader keeps its view until it is renewed, and knows that it is stale.")
    func readerViews() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.integerDatabase(numbers)
        var reader = try Reader(environment)
        check(reader.isStale, false)
        var writer = try environment.beginWrite()
        try writer.put([1].span.bytes, at: 1, in: database)
        try writer.commit()
        check(reader.isStale, true)
        check(reader.lag, 1)
        check(try reader.view.get(1, in: database)?.byteCount, nil)
        try reader.renew()
        check(reader.isStale, false)
        check(try reader.view.get(1, in: database)?.byteCount, 8)
    }

    @Test("Cursors seek at or after, at or before, and walk both ways.")
    func cursors() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.integerDatabase(numbers)
        var writer = try environment.beginWrite()
        for key in stride(from: UInt64(10), through: 1_000, by: 10) {
            try writer.append([UInt8(1)].span.bytes, at: key, in: database)
        }
        checkThrows(.notAscending) { () throws(LMDBError) in
            try writer.append([UInt8(1)].span.bytes, at: 5, in: database)
        }
        try writer.commit()

        let reader = try Reader(environment)
        let view = reader.view
        let cursor = try view.cursor(database)
        check(try cursor.seek(atOrAfter: 11)?.key, 20)
        check(try cursor.seek(atOrBefore: 19)?.key, 10)
        check(try cursor.seek(atOrBefore: 20)?.key, 20)
        check(try cursor.next()?.key, 30)
        check(try cursor.previous()?.key, 20)
        check(try cursor.seek(atOrBefore: 9)?.key, nil)
        check(try cursor.seek(atOrBefore: 5_000)?.key, 1_000)
        check(try cursor.seek(atOrAfter: 1_001)?.key, nil)
        check(try cursor.first()?.key, 10)
        check(try cursor.last()?.key, 1_000)
        check(try cursor.next()?.key, nil)
    }

    @Test("A cached cursor does not show the pages of an older commit.")
    func cachedCursors() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.integerDatabase(numbers)
        var reader = try Reader(environment)
        for round in UInt64(1)...50 {
            var writer = try environment.beginWrite()
            for key in UInt64(1)...50 {
                try writer.put([round, key].span.bytes, at: key, in: database)
            }
            try writer.commit()
            try reader.renew()
            let view = reader.view
            let cursor = try view.cursor(database)
            let entry = try cursor.seek(atOrAfter: 25)
            check(entry?.value.unsafeLoadUnaligned(as: UInt64.self), round)
        }
    }

    @Test("Two cursors on one database keep their own positions.")
    func twoCursors() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.integerDatabase(numbers)
        var writer = try environment.beginWrite()
        for key in UInt64(1)...9 { try writer.put([key].span.bytes, at: key, in: database) }
        try writer.commit()
        let reader = try Reader(environment)
        let view = reader.view
        let first = try view.cursor(database)
        let second = try view.cursor(database)
        check(try first.seek(atOrAfter: 3)?.key, 3)
        check(try second.seek(atOrAfter: 7)?.key, 7)
        check(try first.next()?.key, 4)
        check(try second.next()?.key, 8)
    }

    @Test("Byte-string keys sort as memcmp, and reserved room is filled in place.")
    func bytesKeys() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory)
        let database = try environment.bytesDatabase(names)
        let integers = try environment.integerDatabase(numbers)
        var writer = try environment.beginWrite()
        for name in ["b", "a", "ab"] {
            try writer.put(
                Array(name.utf8).span.bytes, at: Array(name.utf8).span.bytes, in: database)
        }
        try writer.reserve(4, at: 1, in: integers) { room in
            room.copyBytes(from: [1, 2, 3, 4])
        }
        check(try writer.delete(Array("b".utf8).span.bytes, in: database), true)
        check(try writer.delete(Array("c".utf8).span.bytes, in: database), false)
        checkThrows(.badSize) { () throws(LMDBError) in
            let key = [UInt8](repeating: 1, count: Limits.keyBytes + 1)
            try writer.put([UInt8(1)].span.bytes, at: key.span.bytes, in: database)
        }
        try writer.commit()
        let reader = try Reader(environment)
        let view = reader.view
        let cursor = try view.cursor(database)
        check(try string(cursor.first()), "a")
        check(try string(cursor.next()), "ab")
        check(try string(cursor.next()), nil)
        check(try view.get(1, in: integers)?.unsafeLoadUnaligned(as: UInt32.self), 0x0403_0201)
    }

    @Test("A full map is an error, and the environment works on.")
    func mapFull() throws {
        let directory = TemporaryDirectory()
        let environment = try makeEnvironment(directory, options: .init(mapBytes: 1 << 20))
        let database = try environment.integerDatabase(numbers)
        let value = [UInt8](repeating: 7, count: 4_000)
        var writer = try environment.beginWrite()
        checkThrows(.mapFull) { () throws(LMDBError) in
            for key in UInt64(0)..<1_000 { try writer.put(value.span.bytes, at: key, in: database) }
        }
        writer.abort()
        var again = try environment.beginWrite()
        try again.put(value.span.bytes, at: 1, in: database)
        try again.commit()
    }

    @Test("A write transaction used on another thread stops the process.")
    func otherThread() async {
        await #expect(processExitsWith: .failure) {
            let directory = TemporaryDirectory()
            let environment = try makeEnvironment(directory)
            let box = Box(try environment.beginWrite())
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(box).toOpaque()
            pthread_create(
                &thread, nil,
                { argument in
                    let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
                    try? box.take().commit()
                    return nil
                }, argument)
            pthread_join(thread, nil)
            exit(0)
        }
    }

    @Test("A second write transaction on one thread stops the process instead of hanging it.")
    func secondWriter() async {
        await #expect(processExitsWith: .failure) {
            let directory = TemporaryDirectory()
            let environment = try makeEnvironment(directory)
            let first = try environment.beginWrite()
            signal(SIGALRM) { _ in _exit(0) }
            alarm(5)
            let second = try environment.beginWrite()
            second.abort()
            first.abort()
            exit(0)
        }
    }
}

/// Carries a transaction to where the compiler would not let it go.
private final class Box: @unchecked Sendable {
    private var transaction: WriteTransaction?

    init(_ transaction: consuming WriteTransaction) { self.transaction = consume transaction }

    func take() -> WriteTransaction { transaction.take()! }
}

private func string(_ entry: borrowing BytesEntry?) -> String? {
    guard let entry = copy entry else { return nil }
    return entry.key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}
