import Testing

@testable import HTTP2

@Suite("A handle")
struct HandleTests {
    private struct PairState {
        let name: String
        var count = 0
        var next: Pair?
        var numbers = InlineArray<4, Int>(repeating: 0)
    }

    private struct Pair: Handle {
        let pointer: UnsafeMutablePointer<PairState>
    }

    @Test("reads and writes the fields of its state where they lie, like any copy of it.")
    func fields() {
        let pair = Pair.allocate(PairState(name: "first"))
        let copy = pair
        copy.count += 2
        copy.numbers[3] = 7
        copy.next = pair
        copy.next?.count += 1
        #expect(pair.name == "first" && pair.count == 3 && pair.numbers[3] == 7)
        #expect(pair.next == copy)
        pair.deallocate()
    }

    @Test("comes back from C code as the one that went there.")
    func address() {
        let pair = Pair.allocate(PairState(name: "first"))
        let other = Pair.allocate(PairState(name: "second"))
        #expect(Pair(address: pair.address) == pair)
        #expect(Pair(address: other.address).name == "second")
        #expect(pair != other)
        pair.deallocate()
        other.deallocate()
    }

    @Test("is one word, and so is one that may be missing.")
    func size() {
        #expect(MemoryLayout<Stream>.size == MemoryLayout<Int>.size)
        #expect(MemoryLayout<Stream?>.size == MemoryLayout<Int>.size)
    }
}
