/// The sample's only source of chance: SplitMix64, written out here so that the same seed gives the
/// same bytes with every Swift release and on every machine.
struct Random {
    private var state: UInt64

    /// What a stream of random numbers is about. Every record has its own stream, so that a tenant
    /// keeps the name in all orders of the flat without anybody storing it.
    enum Subject: UInt64 {
        case customer = 1
        case property
        case unit
        case resident
        case employee
        case company
        case order
        case appointment
        case metering
    }

    init(seed: UInt64, account: UInt64, _ subject: Subject, _ id: UInt64) {
        state = seed
        state = next() ^ account
        state = next() ^ subject.rawValue
        state = next() ^ id
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number from 0 up to but not including the bound. The multiplication is biased by less than
    /// one in 2^40 for the bounds used here, which nobody can see in sample data.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is no number below \(bound)")
        return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// True in so many of a hundred cases.
    mutating func percent(_ share: Int) -> Bool { below(100) < share }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
