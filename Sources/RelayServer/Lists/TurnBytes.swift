/// Bytes of answers that lie neither in the map nor in the program: kept until the loop's next turn,
/// by whose beginning they are sent or copied.
final class TurnBytes {
    // One loop's thread reads and writes this, never within an access to it.
    @exclusivity(unchecked) private var kept: [UnsafeMutableRawBufferPointer] = []

    deinit { forget() }

    /// Copies bytes to where they stay until the next turn begins.
    func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        // SAFETY: freed by `forget`, when nothing of this turn is left to be sent from here.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        kept.append(copy)
        return UnsafeRawBufferPointer(copy)
    }

    /// A new turn begins.
    @inline(__always)
    func forget() { if !kept.isEmpty { free() } }

    private func free() {
        for copy in kept { copy.deallocate() }
        kept.removeAll()
    }
}
