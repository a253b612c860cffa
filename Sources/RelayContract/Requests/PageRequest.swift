/// Where a page ended, opaque to clients: 1 to 64 characters of base64url, held in place.
public struct Cursor: Sendable {
    private var storage = Limits.CursorBytes(repeating: 0)
    /// How many characters there are.
    public private(set) var count = 0

    /// A cursor with those characters; nil when there are none, too many, or others than base64url has.
    public init?(_ text: UnsafeRawBufferPointer) {
        self.init(bytes: text)
    }

    init?(_ text: QueryText) {
        self.init(bytes: text)
    }

    private init?(bytes: some Sequence<UInt8>) {
        for byte in bytes {
            guard count < Limits.cursorBytes, Self.alphabet(byte) else { return nil }
            storage[count] = byte
            count += 1
        }
        guard count > 0 else { return nil }
    }

    private static func alphabet(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Lends the characters.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // SAFETY: the bytes of this value, during this call.
        withUnsafeBytes(of: storage) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}

/// What part of a list is asked for.
public struct PageRequest: Sendable {
    /// How many, 1…1000; nil for all.
    public var limit: Int?
    /// How many to skip; nil when not given.
    public var offset: Int?
    /// Where to go on; never together with `offset`.
    public var cursor: Cursor?

    /// The whole list.
    public init(limit: Int? = nil, offset: Int? = nil, cursor: Cursor? = nil) {
        self.limit = limit
        self.offset = offset
        self.cursor = cursor
    }

    /// The rules between the parameters, given which of them were there.
    mutating func check(
        hasLimit: Bool, hasOffset: Bool, hasCursor: Bool, isRequired: Bool,
        into faults: inout Faults
    ) {
        if isRequired && !hasCursor {
            if !hasLimit {
                faults.add(
                    .required, parameter: "limit",
                    "limit is missing: send limit and offset, or a cursor")
            }
            if !hasOffset {
                faults.add(
                    .required, parameter: "offset",
                    "offset is missing: send limit and offset, or a cursor")
            }
        }
        if hasCursor && hasOffset {
            faults.add(
                .mismatch, parameter: "offset",
                "offset and cursor exclude each other: send one of them")
        }
    }
}
