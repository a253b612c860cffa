import Glibc

/// Encodes the field sections of answers (RFC 7541).
///
/// A value that repeats from answer to answer is put into the client's table and is one byte from then on.
/// Every other is written as it is: to code it by Huffman would save a quarter of its bytes, and cost more
/// than all else that is done for an answer. Of the table only the newest value of each field is known
/// here; the client drops entries by their size, oldest first, so a sum tells which are still there.
struct FieldEncoder {
    /// The newest value of a field that was put into the client's table.
    private struct Entry {
        /// Which insertion it was, from 1; 0 for none.
        var number = 0
        /// Bytes that were put into the table before it.
        var before = 0
        var length: UInt8 = 0
        var value = Limits.KeptValue<UInt8>(repeating: 0)
    }

    private var entries = Limits.KeptFields<Entry>(repeating: Entry())
    private var insertions = 0
    /// Bytes that were put into the table, all in all, as RFC 7541 §4.1 counts them.
    private var inserted = 0
    private var tableBytes = Limits.headerTableBytes
    /// The smallest size that the table is to have had, and its next one: said with the next section.
    private var resize: (least: Int, next: Int)?

    /// The client has told how large its table may be (SETTINGS_HEADER_TABLE_SIZE).
    mutating func setTable(bytes: UInt32) {
        let next = min(Int(bytes), Limits.headerTableBytes)
        if resize == nil, next == tableBytes { return }
        let least = min(resize?.least ?? next, next)
        resize = (least, next)
        // What did not fit the smallest of them is not there any more when the table grows again.
        let most = min(least, tableBytes)
        for index in entries.indices where inserted - entries[index].before > most {
            entries[index].number = 0
        }
    }

    /// Bytes that a section takes at most.
    static func bound(_ stream: Stream) -> Int {
        var bytes = FieldText.fixedBytes
        for index in 0..<stream.fieldsUsed {
            let slice = stream.fields[index]
            bytes += FieldText.fixedBytes + slice.field.name.utf8CodeUnitCount + slice.length
        }
        return bytes
    }

    /// Encodes the fields of an answer.
    ///
    /// - Parameter space: room for what `bound` says.
    /// - Returns: bytes written.
    mutating func encode(_ stream: Stream, to space: UnsafeMutableRawPointer) -> Int {
        var text = begin(stream.status, space)
        for index in 0..<stream.fieldsUsed {
            let slice = stream.fields[index]
            if slice.field.isIndexed, slice.length <= MemoryLayout<Limits.KeptValue<UInt8>>.size {
                indexed(slice, &text)
            } else {
                text.literal(FieldText.notIndexed, 4, slice.field, nil)
                text.string(slice.value, slice.length)
            }
        }
        return text.count
    }

    /// Encodes a field section that is a status and nothing else.
    ///
    /// - Parameter space: room for `FieldText.fixedBytes`.
    /// - Returns: bytes written.
    mutating func encode(status: Int, to space: UnsafeMutableRawPointer) -> Int {
        begin(status, space).count
    }

    @inline(__always)
    private mutating func begin(_ status: Int, _ space: UnsafeMutableRawPointer) -> FieldText {
        var text = FieldText(space)
        if let resize { say(resize, &text) }
        text.status(status)
        return text
    }

    private mutating func say(_ resize: (least: Int, next: Int), _ text: inout FieldText) {
        if resize.least < resize.next { text.integer(resize.least, FieldText.tableSize, 5) }
        text.integer(resize.next, FieldText.tableSize, 5)
        tableBytes = resize.next
        self.resize = nil
    }

    /// A field whose value is worth a place in the client's table.
    @inline(__always)
    private mutating func indexed(_ slice: ResponseSlice, _ text: inout FieldText) {
        let place = Int(slice.field.rawValue)
        var name: Int?
        if entries[place].number > 0, inserted - entries[place].before <= tableBytes {
            // The newest entry comes right behind the static table.
            let index = FieldText.staticEntries + 1 + insertions - entries[place].number
            if Int(entries[place].length) == slice.length, holds(slice, place) {
                return text.integer(index, FieldText.indexed, 7)
            }
            name = index
        }
        let size = slice.field.name.utf8CodeUnitCount + slice.length + FieldText.entryBytes
        if size > tableBytes {
            text.literal(FieldText.notIndexed, 4, slice.field, name)
        } else {
            text.literal(FieldText.toBeIndexed, 6, slice.field, name)
            insertions += 1
            entries[place].number = insertions
            entries[place].before = inserted
            entries[place].length = UInt8(slice.length)
            inserted += size
            // SAFETY: there is room for as many bytes as `encode` lets through.
            withUnsafeMutableBytes(of: &entries[place].value) { kept in
                if slice.length > 0 { memcpy(kept.baseAddress!, slice.value!, slice.length) }
            }
        }
        text.string(slice.value, slice.length)
    }

    private func holds(_ slice: ResponseSlice, _ place: Int) -> Bool {
        // SAFETY: compared as far as both reach.
        withUnsafeBytes(of: entries[place].value) {
            slice.length == 0 || memcmp($0.baseAddress!, slice.value!, slice.length) == 0
        }
    }
}
