import Glibc
import Testing

/// What is to be planted, if anything.
private let planted = getenv("RELAY_PLANTED_FAULT").map { String(cString: $0) } ?? ""

/// Faults that a sanitizer has to find: `tools/torture sanitizers --plant` has them made, and nobody else.
@Suite("A fault that is planted")
struct PlantedFaultTests {
    @Test("of memory is found by AddressSanitizer.", .enabled(if: planted == "use-after-free"))
    func useAfterFree() {
        // SAFETY: none, on purpose: it is read after it was given back.
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
        bytes.initialize(repeating: 7, count: 64)
        bytes.deallocate()
        #expect(bytes[32] != 8)
    }

    @Test("of threads is found by ThreadSanitizer.", .enabled(if: planted == "race"))
    func race() {
        // SAFETY: none, on purpose: two threads add to it at once.
        let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        defer { count.deallocate() }
        count.initialize(to: 0)
        let threads = (0..<2).map { _ in
            var thread = pthread_t()
            // SAFETY: as above; both are waited for.
            pthread_create(
                &thread, nil,
                { address in
                    let count = address!.assumingMemoryBound(to: Int.self)
                    for _ in 0..<1_000 { count.pointee &+= 1 }
                    return nil
                }, count)
            return thread
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(count.pointee > 0)
    }
}
