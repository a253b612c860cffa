/// A path cut at its slashes, in place.
struct PathSegments {
    private let path: UnsafeRawBufferPointer
    /// Where each segment starts; the entry after the last is one past the path's end.
    private var starts = Limits.SegmentStarts<Int>(repeating: 0)
    /// How many there are.
    private(set) var count = 0

    /// Nil when the path does not start with a slash, has an empty segment or more than any route.
    init?(_ path: UnsafeRawBufferPointer) {
        guard path.first == UInt8(ascii: "/") else { return nil }
        self.path = path
        starts[0] = 1
        for index in 1..<path.count where path[index] == UInt8(ascii: "/") {
            count += 1
            guard count < Limits.pathSegments, index > starts[count - 1] else { return nil }
            starts[count] = index + 1
        }
        guard path.count > starts[count] else { return nil }
        count += 1
        starts[count] = path.count + 1
    }

    private subscript(index: Int) -> UnsafeRawBufferPointer {
        // SAFETY: a part of the path, which the caller of Router.match keeps alive.
        UnsafeRawBufferPointer(rebasing: path[starts[index]..<(starts[index + 1] - 1)])
    }

    func matches(_ index: Int, _ text: StaticString) -> Bool {
        self[index].matches(text)
    }

    /// The segment as one of a closed set: its place from 1 on, or 0 when it is none of them.
    func choice(_ index: Int, _ names: some Sequence<StaticString>) -> UInt64 {
        var place: UInt64 = 0
        for name in names {
            place += 1
            if matches(index, name) { return place }
        }
        return 0
    }

    /// The segment as an id: 1…2⁵³−1 without leading zeros, or 0 when it is none.
    func id(_ index: Int) -> UInt64 {
        let digits = self[index]
        guard digits.count <= 16, digits.first != UInt8(ascii: "0") else { return 0 }
        var id: UInt64 = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return 0 }
            id = id * 10 + UInt64(digit)
        }
        return id <= Limits.largestId ? id : 0
    }
}
