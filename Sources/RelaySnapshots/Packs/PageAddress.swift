import RelayStore

/// The name of a page by its content: BLAKE2b-160.
struct PageAddress: Hashable {
    var high: UInt64
    var middle: UInt64
    var low: UInt32

    /// The address of a page.
    init(of page: UnsafeRawBufferPointer) {
        let digest = BLAKE2b.hash(page, bytes: Limits.addressBytes)
        // SAFETY: 20 bytes, read inside the closure.
        self = digest.withUnsafeBytes { PageAddress(stored: $0) }
    }

    /// Reads an address back from its 20 bytes.
    init(stored bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Limits.addressBytes, "an address has 20 bytes")
        high = bytes.loadUnaligned(as: UInt64.self)
        middle = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    }

    /// Its bits are random already, so some of them are hash enough.
    func hash(into hasher: inout Hasher) { hasher.combine(high) }

    /// The 20 bytes.
    func append(to bytes: inout [UInt8]) {
        bytes.append(uint64: high)
        bytes.append(uint64: middle)
        bytes.append(uint32: low)
    }
}

/// Where a repository has a page.
struct PageLocation: Hashable {
    /// Position of the pack among those that are known.
    var pack: UInt32
    /// Position of the page in its pack.
    var index: UInt32

    /// For pages that nothing uses.
    static let free = PageLocation(pack: .max, index: 0)

    /// For the n-th page that is held back until it is known how to store it.
    static func held(_ number: Int) -> PageLocation {
        precondition((0..<Int(UInt32.max)).contains(number), "positions of pages have 32 bits")
        return PageLocation(pack: heldPack, index: UInt32(number))
    }

    /// Whether the page is in no pack yet.
    var isHeld: Bool { pack == Self.heldPack }

    private static let heldPack = UInt32.max - 1
}

/// Finds pages by their content: a hash table without deletion, since addresses are random bits.
struct PageIndex {
    private var addresses: [PageAddress] = []
    private var locations: [PageLocation] = []
    /// Positions in the two above, and one; 0 is an empty slot.
    private var slots: [UInt32]

    init() { slots = [UInt32](repeating: 0, count: 1 << 16) }

    /// Pages that are known.
    var count: Int { locations.count }

    /// The location of a page; nil if no pack has it.
    func location(of address: PageAddress) -> PageLocation? {
        let entry = slots[slot(of: address)]
        return entry == 0 ? nil : locations[Int(entry) - 1]
    }

    /// Adds a page, or says where it is now.
    mutating func set(_ address: PageAddress, at location: PageLocation) {
        if locations.count * 2 >= slots.count { grow() }
        let slot = slot(of: address)
        guard slots[slot] == 0 else {
            locations[Int(slots[slot]) - 1] = location
            return
        }
        precondition(locations.count < UInt32.max, "positions of pages have 32 bits")
        addresses.append(address)
        locations.append(location)
        slots[slot] = UInt32(locations.count)
    }

    /// The slot that holds an address, or the empty one that it belongs into.
    private func slot(of address: PageAddress) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: address.high) & mask
        while slots[slot] != 0, addresses[Int(slots[slot]) - 1] != address {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for entry in addresses.indices {
            slots[slot(of: addresses[entry])] = UInt32(entry + 1)
        }
    }
}

extension [UInt8] {
    /// Eight bytes, little-endian.
    mutating func append(uint64 value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    /// Four bytes, little-endian.
    mutating func append(uint32 value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    /// Eight bytes, little-endian; they must be there.
    func uint64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8, "the bytes are there")
        // SAFETY: within the array.
        return withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }

    /// Four bytes, little-endian; they must be there.
    func uint32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= count - 4, "the bytes are there")
        // SAFETY: within the array.
        return withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
    }
}
