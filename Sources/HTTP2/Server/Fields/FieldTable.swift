import Glibc

/// The fields that a client has put into the table of its connection (RFC 7541 §2.3.2), newest first.
///
/// Their bytes lie one behind the other, oldest first, each field's two lengths ahead of it. Room for a new
/// one is made at the end: old ones are only forgotten, and all are moved to the beginning now and then.
struct FieldTable {
    /// Bytes of a field's two lengths.
    private static let headBytes = 4

    /// Where each field lies, in a ring.
    private var places = Limits.TablePlaces<UInt16>(repeating: 0)
    /// The newest one's element of `places`.
    private var newest = 0
    private(set) var count = 0
    /// Bytes of the fields as RFC 7541 §4.1 counts them, and how many they may be.
    private var size = 0
    private var limit = Limits.headerTableBytes

    // SAFETY: `capacity` bytes, freed by `deallocate`. What lies before `end` has been written.
    private var bytes: UnsafeMutableRawPointer?
    private var capacity = 0
    private var end = 0

    func deallocate() { free(bytes) }

    /// The field of an index that counts from 0 at the newest; it stays until the next is put in.
    @inline(__always)
    func find(_ index: Int) -> FieldBytes? {
        guard index < count, let bytes else { return nil }
        // SAFETY: a field lies at its place: two lengths, and as many bytes.
        let head = bytes + Int(places[place(index)])
        let nameLength = Int(head.load(as: UInt16.self))
        let valueLength = Int(head.load(fromByteOffset: 2, as: UInt16.self))
        let name = UnsafePointer((head + Self.headBytes).assumingMemoryBound(to: UInt8.self))
        return FieldBytes(
            name: name, nameLength: nameLength, value: name + nameLength, valueLength: valueLength)
    }

    /// Puts a field in; for its room old ones are forgotten, or all when it is too large for the table.
    ///
    /// - Parameters:
    ///   - field: its value lies elsewhere.
    ///   - nameIndex: the index of the field that lends its name; nil for a name that lies elsewhere.
    /// - Returns: false when there is no memory for it.
    mutating func insert(_ field: FieldBytes, nameIndex: Int?) -> Bool {
        let size = field.nameLength + field.valueLength + FieldText.entryBytes
        if size > limit {
            forget(downTo: 0)
            return true
        }
        let length = (Self.headBytes + field.nameLength + field.valueLength + 1) & ~1
        if !makeRoom(length) { return false }
        // It may have been moved just now.
        let name = nameIndex.map { find($0)!.name } ?? field.name
        // SAFETY: the room has been made; what is forgotten below is still there.
        let head = bytes.unsafelyUnwrapped + end
        head.storeBytes(of: UInt16(field.nameLength), as: UInt16.self)
        head.storeBytes(of: UInt16(field.valueLength), toByteOffset: 2, as: UInt16.self)
        memcpy(head + Self.headBytes, name, field.nameLength)
        memcpy(head + Self.headBytes + field.nameLength, field.value, field.valueLength)
        forget(downTo: limit - size)
        newest = (newest + 1) & (places.count - 1)
        places[newest] = UInt16(end)
        end += length
        count += 1
        self.size += size
        return true
    }

    /// The client changes how large the table is (RFC 7541 §6.3).
    mutating func setLimit(_ limit: Int) {
        self.limit = limit
        forget(downTo: limit)
    }

    /// The element of `places` of an index.
    @inline(__always)
    private func place(_ index: Int) -> Int { (newest - index) & (places.count - 1) }

    /// Forgets the oldest fields until the others are not larger than that.
    private mutating func forget(downTo least: Int) {
        while size > least, let field = find(count - 1) {
            size -= field.nameLength + field.valueLength + FieldText.entryBytes
            count -= 1
        }
    }

    /// Sees to it that so many bytes fit behind the newest field.
    private mutating func makeRoom(_ length: Int) -> Bool {
        if end + length <= capacity { return true }
        let start = count == 0 ? end : Int(places[place(count - 1)])
        let live = end - start
        var room = capacity
        // At least half of it is free then, so that it takes a while until the next time.
        while room < Limits.mostTableBytes, room < 2 * (live + length) {
            room = max(2 * room, Limits.leastTableBytes)
        }
        if room == capacity {
            // SAFETY: all lies within the bytes.
            if let bytes { memmove(bytes, bytes + start, live) }
        } else {
            guard let larger = malloc(room) else { return false }
            if let bytes { memcpy(larger, bytes + start, live) }
            free(bytes)
            (bytes, capacity) = (larger, room)
        }
        for index in 0..<count { places[place(index)] -= UInt16(start) }
        end = live
        return true
    }
}
