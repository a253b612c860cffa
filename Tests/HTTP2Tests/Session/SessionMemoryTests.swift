import Glibc
import Testing

@testable import HTTP2

@Suite("The memory of sessions")
struct SessionMemoryTests {
    @Test("gives back chunks of which no block is in use, and leaves the others as they are.")
    func giveBack() {
        var memory = SessionMemory()
        defer { memory.deallocate() }
        let sizes = [0, 40, 64, 200, 330, 1_024]
        func blocks(_ sign: Int) -> [Block] {
            (0..<6_000).map { number in
                let size = sizes[number % sizes.count]
                return Block(memory.allocate(size)!, size, sign * number)
            }
        }
        let first = blocks(1)
        let before = memory.chunkCount
        // A few stay in use, all of them in the first tenth.
        let kept = first.filter { $0.number < 600 && $0.number % 100 == 7 }
        for block in first where !kept.contains(where: { $0.number == block.number }) {
            memory.free(block.start)
        }
        memory.giveBack()
        #expect(memory.chunkCount <= kept.count + 1)
        #expect(before > 5 * memory.chunkCount)
        #expect(kept.allSatisfy { $0.isIntact })
        // What is had now lies in none of those.
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
