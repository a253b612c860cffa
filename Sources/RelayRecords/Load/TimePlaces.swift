import CivilTime

/// Where the times of a record stand in its JSON, as `RecordModel.write` makes it. Times are written with
/// as many digits as any other, so others can take their places.
struct TimePlaces: Sendable {
    /// Offsets of what stands between the quotes.
    private let created: Int
    private let updated: Int

    /// Finds them; nil where one is missing.
    init?(in json: [UInt8]) {
        var walk = MemberWalk(json.span)
        guard let created = walk.value(of: "createdAt"), let updated = walk.value(of: "updatedAt")
        else { return nil }
        (self.created, self.updated) = (created, updated)
    }

    /// Puts other times into their places.
    func put(_ times: RecordTimes, into json: inout [UInt8]) {
        // SAFETY: the array's own bytes, during the call.
        json.withUnsafeMutableBytes { bytes in
            for (time, place) in [(times.created, created), (times.updated, updated)] {
                time.write(
                    into: UnsafeMutableRawBufferPointer(
                        rebasing: bytes[place..<place + Timestamp.writtenCount]))
            }
        }
    }
}

/// A walk over the members of an object that a `JSONWriter` wrote, without those of what is in it.
private struct MemberWalk: ~Escapable {
    private let json: Span<UInt8>
    private var place = 0
    private var depth = 0

    @_lifetime(copy json)
    init(_ json: Span<UInt8>) { self.json = json }

    /// Goes on to a member whose value is a string.
    ///
    /// - Returns: the offset behind the value's first quote; nil when no such member comes.
    mutating func value(of name: StaticString) -> Int? {
        while place < json.count {
            switch json[place] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = place + 1
                passString()
                let isName =
                    depth == 1 && place + 2 < json.count && json[place + 1] == UInt8(ascii: ":")
                if isName, holds(name, at: start), json[place + 2] == UInt8(ascii: "\"") {
                    place += 2
                    let value = place + 1
                    passString()
                    place += 1
                    return value
                }
            default: break
            }
            place += 1
        }
        return nil
    }

    /// From the first quote of a string to its last.
    private mutating func passString() {
        place += 1
        while place < json.count, json[place] != UInt8(ascii: "\"") {
            place += json[place] == UInt8(ascii: "\\") ? 2 : 1
        }
    }

    /// Whether the string that ends here, and began behind a quote at `start`, is a name.
    private func holds(_ name: StaticString, at start: Int) -> Bool {
        guard place - start == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { text in
            text.indices.allSatisfy { json[start + $0] == text[$0] }
        }
    }
}
