import Glibc
import Testing

@testable import HTTP2

@Suite("The memory of sessions")
struct SessionMemoryTests {
    @Test("hands blocks out that keep to themselves, also those that others have freed.")
    func blocks() {
        var memory = SessionMemory()
        defer { memory.deallocate() }
        let sizes = [0, 40, 64, 200, 330, 1_024, 1_025, 5_000]
        func blocks(_ sign: Int) -> [Block] {
            (0..<6_000).map { number in
                let size = sizes[number % sizes.count]
                return Block(memory.allocate(size)!, size, sign * number)
            }
        }
        let first = blocks(1)
        let kept = first.filter { $0.number % 7 == 0 }
        for block in first where block.number % 7 != 0 { memory.free(block.start) }
        let second = blocks(-1)
        #expect(kept.allSatisfy { $0.isIntact } && second.allSatisfy { $0.isIntact })
        for block in kept + second { memory.free(block.start) }
    }

    /// A block that is full of its number.
    private struct Block {
        let start: UnsafeMutableRawPointer
        let size: Int
        let number: Int

        init(_ start: UnsafeMutableRawPointer, _ size: Int, _ number: Int) {
            (self.start, self.size, self.number) = (start, size, number)
            memset(start, Int32(truncatingIfNeeded: number & 255), size)
        }

        var isIntact: Bool {
            UnsafeRawBufferPointer(start: start, count: size).allSatisfy {
                $0 == UInt8(truncatingIfNeeded: number)
            }
        }
    }
}
