/// Decodes the field sections that a client sends (RFC 7541).
struct FieldDecoder {
    private var table = FieldTable()
    /// Whether a field of the section has come: sizes of the table stand ahead of them.
    private var isBehindField = false

    /// Returns the memory.
    func deallocate() { table.deallocate() }

    /// Fields in the table.
    var entries: Int { table.count }

    /// Decodes a part of a field section.
    ///
    /// - Parameters:
    ///   - isLast: whether the section ends with it.
    ///   - workspace: the loop's.
    ///   - body: called with each field; name and value are valid during the call.
    /// - Returns: bytes that were read. All, if it is the last; otherwise the field that begins behind them
    ///   goes on in the next part.
    /// - Throws: why it cannot be decoded, and then the connection is at its end.
    @inline(__always)
    mutating func decode(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool, _ workspace: FieldWorkspace,
        _ body: (UnsafePointer<UInt8>, Int, UnsafePointer<UInt8>, Int) -> Void
    ) throws(FieldFault) -> Int {
        var input = FieldInput(bytes, count)
        while !input.isAtEnd {
            let start = input.next
            do throws(FieldFault) {
                try decodeField(&input, workspace, body)
            } catch {
                if error != .incomplete { throw error }
                if isLast { throw .undecodable }
                return start - bytes
            }
        }
        if isLast { isBehindField = false }
        return count
    }

    @inline(__always)
    private mutating func decodeField(
        _ input: inout FieldInput, _ workspace: FieldWorkspace,
        _ body: (UnsafePointer<UInt8>, Int, UnsafePointer<UInt8>, Int) -> Void
    ) throws(FieldFault) {
        let first = input.first
        if first & FieldText.indexed != 0 {
            let index = try input.integer(7, most: lastIndex)
            let field = try find(index, workspace)
            isBehindField = true
            return body(field.name, field.nameLength, field.value, field.valueLength)
        }
        if first & FieldText.toBeIndexed != 0 {
            let (field, index) = try literal(&input, 6, workspace)
            isBehindField = true
            body(field.name, field.nameLength, field.value, field.valueLength)
            let own = index - FieldText.staticEntries - 1
            if !table.insert(field, nameIndex: own >= 0 ? own : nil) { throw .outOfMemory }
            return
        }
        if first & FieldText.tableSize != 0 {
            if isBehindField { throw .undecodable }
            return table.setLimit(try input.integer(5, most: Limits.headerTableBytes))
        }
        let (field, _) = try literal(&input, 4, workspace)
        isBehindField = true
        body(field.name, field.nameLength, field.value, field.valueLength)
    }

    /// The highest index that means a field.
    @inline(__always)
    private var lastIndex: Int { FieldText.staticEntries + table.count }

    /// The field of an index: RFC 7541 §2.3.3.
    @inline(__always)
    private func find(
        _ index: Int, _ workspace: FieldWorkspace
    ) throws(FieldFault) -> FieldBytes {
        if index == 0 { throw .undecodable }
        if index <= FieldText.staticEntries { return workspace.fields[index] }
        guard let field = table.find(index - FieldText.staticEntries - 1) else {
            throw .undecodable
        }
        return field
    }

    /// Reads a literal field (RFC 7541 §6.2), whose name's index has a prefix of so many bits.
    @inline(__always)
    private func literal(
        _ input: inout FieldInput, _ bits: Int, _ workspace: FieldWorkspace
    ) throws(FieldFault) -> (field: FieldBytes, index: Int) {
        let index = try input.integer(bits, most: lastIndex)
        var field: FieldBytes
        if index == 0 {
            let name = try input.string(workspace.decodeName)
            field = FieldBytes(
                name: name.bytes, nameLength: name.count, value: name.bytes, valueLength: 0)
        } else {
            field = try find(index, workspace)
        }
        (field.value, field.valueLength) = try input.string(workspace.decodeValue)
        return (field, index)
    }
}
