@testable import HTTP2

/// Our decoder, beside nghttp2's: for the same sections they have the same fields, and the same end.
public final class DecoderPair {
    private var decoder = FieldDecoder()
    private let oracle = FieldOracle()
    private let workspace = FieldWorkspace()

    /// Makes a pair whose tables are empty.
    public init() {}

    deinit {
        decoder.deallocate()
        workspace.deallocate()
    }

    /// What our decoder made of the last section; nil for a fault.
    public private(set) var fields: [WireField]?

    /// Whether both decode a section to the same.
    ///
    /// - Parameter cuts: where it is cut for ours, in ascending order.
    public func agree(on section: [UInt8], cuts: [Int] = []) -> Bool {
        var found: [WireField] = []
        let isSound = decode(section, cuts, &found)
        fields = isSound ? found : nil
        let expected = oracle.decode(section)
        return isSound == expected.isSound && found == expected.fields
            && (!isSound || decoder.entries == oracle.entries)
    }

    private func decode(_ section: [UInt8], _ cuts: [Int], _ found: inout [WireField]) -> Bool {
        var rest: [UInt8] = []
        var start = 0
        for end in cuts + [section.count] {
            rest += section[start..<end]
            start = end
            guard let read = decode(rest, isLast: end == section.count, &found) else {
                return false
            }
            rest.removeFirst(read)
            if end == section.count { break }
        }
        return rest.isEmpty
    }

    private func decode(
        _ bytes: [UInt8], isLast: Bool, _ found: inout [WireField]
    ) -> Int? {
        // A copy of just these bytes: AddressSanitizer sees what is read beyond them.
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        defer { copy.deallocate() }
        for (index, byte) in bytes.enumerated() { copy[index] = byte }
        return try? decoder.decode(copy, bytes.count, isLast: isLast, workspace) {
            name, nameLength, value, valueLength in
            found.append(
                WireField(
                    Array(UnsafeBufferPointer(start: name, count: nameLength)),
                    Array(UnsafeBufferPointer(start: value, count: valueLength))))
        }
    }
}
