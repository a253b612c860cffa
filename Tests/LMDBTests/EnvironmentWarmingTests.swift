import Glibc
import Testing

@testable import LMDB

@Suite struct EnvironmentWarmingTests {
    /// Enough for a thousand pages.
    private static let values: UInt64 = 1_000

    @Test("After warming, reading every page of the map takes hardly a fault.")
    func takesFaultsAhead() throws {
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
        let bytes = try environment.warm()
        #expect(bytes > Int(Self.values) * 4_096)
        #expect(bytes <= environment.statistics.usedBytes)
        let before = faults()
        let reader = try Reader(environment)
        let database = try environment.integerDatabase(numbers)
        for key in 0..<Self.values {
            guard let value = try reader.view.get(key, in: database) else {
                Issue.record("value \(key) is missing")
                return
            }
            // SAFETY: a value has 3 000 bytes.
            let last = value.unsafeLoad(fromByteOffset: 2_999, as: UInt8.self)
            #expect(last == 7)
        }
        // Unwarmed it is one in sixteen pages, what the kernel maps around a fault, at the least.
        #expect(faults() - before < Int(Self.values) / 20)
    }

    /// Page faults of this thread so far.
    private func faults() -> Int {
        var usage = rusage()
        // RUSAGE_THREAD, which Glibc's module leaves out.
        getrusage(1, &usage)
        return usage.ru_minflt + usage.ru_majflt
    }
}
