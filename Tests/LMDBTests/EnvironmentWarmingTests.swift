import Glibc
import TestSupport
import Testing

@testable import LMDB

@Suite struct EnvironmentWarmingTests {
    /// Enough for a thousand pages.
    private static let values: UInt64 = 1_000

    @Test("After warming, the whole used part of the file is in the page table.")
    func mapsEveryPage() throws {
        let directory = TemporaryDirectory()
        do {
            let environment = try makeEnvironment(directory)
            var transaction = try environment.beginWrite()
            let database = try environment.integerDatabase(numbers)
            let value = [UInt8](repeating: 7, count: 3_000)
            for key in 0..<Self.values {
                try transaction.append(value.span.bytes, at: key, in: database)
            }
            try transaction.commit()
        }
        let environment = try Environment.open(at: directory.store, schema: schema)
        let path = directory.store + "/data.mdb"
        #expect(residentKilobytes(path) < 1_024)
        let bytes = try environment.warm()
        #expect(bytes > Int(Self.values) * 4_096)
        #expect(bytes <= environment.statistics.usedBytes)
        #expect(residentKilobytes(path) >= bytes / 1_024)
    }

    /// KiB of a mapped file that this process's page table has.
    private func residentKilobytes(_ path: String) -> Int {
        var isInside = false
        var sum = 0
        for line in readText("/proc/self/smaps").split(separator: "\n") {
            let words = line.split(separator: " ")
            // A mapping's first line begins with its addresses, the others with a name and a colon.
            if words.first?.hasSuffix(":") == false { isInside = line.hasSuffix(path) }
            if isInside, words.first == "Rss:" { sum += Int(words[1]) ?? 0 }
        }
        return sum
    }
}
