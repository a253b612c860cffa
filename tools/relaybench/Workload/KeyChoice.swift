import Glibc

/// Which of the known keys a request is about.
enum KeyChoice: Equatable, Sendable {
    /// Each as often as any other.
    case uniform
    /// A few very often, most rarely: the k-th most popular in proportion to 1 / k^exponent.
    case zipf(exponent: Double)
    /// One after the other.
    case sequential

    /// Reads `uniform`, `zipf`, `zipf:1.2` or `sequential`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("uniform", 1): self = .uniform
        case ("sequential", 1): self = .sequential
        case ("zipf", 1): self = .zipf(exponent: Limits.zipfExponent)
        case ("zipf", 2):
            guard let exponent = Double(parts[1]), exponent > 0, exponent <= 10 else { return nil }
            self = .zipf(exponent: exponent)
        default: return nil
        }
    }

    /// As the report names it.
    var text: String {
        switch self {
        case .uniform: "uniform"
        case .sequential: "sequential"
        case .zipf(let exponent): "zipf:\(exponent)"
        }
    }
}

/// SplitMix64: one multiplication a number, the same sequence on every machine.
struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0 up to but not including the bound.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// 0 up to but not including 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// Chooses keys 0..<count for one thread.
///
/// Zipf by rejection-inversion (Hörmann and Derflinger, 1996): exact for any count, without a table.
struct KeyChooser {
    private let choice: KeyChoice
    private let count: Int
    private var chance: Chance
    private var next: Int
    private let stride: Int
    /// Spreads popular keys over the whole range: neighbours would share pages of memory.
    private let scatter: Int
    // Of the inversion: the integral at both ends, and where rejection is not needed.
    private let first: Double
    private let last: Double
    private let shortcut: Double

    /// - Parameters:
    ///   - thread: of `threads`; sequential keys are dealt out in turn.
    init(_ choice: KeyChoice, count: Int, thread: Int, threads: Int, seed: UInt64) {
        precondition(count > 0, "there are keys to choose from")
        self.choice = choice
        self.count = count
        chance = Chance(seed: seed &+ UInt64(thread) &* 0x5851_f42d_4c95_7f2d)
        next = thread % count
        stride = threads
        // A stride without a common divisor reaches every key once.
        var candidate = Int(Double(count) * 0.618) | 1
        while Self.divisor(candidate, count) != 1 { candidate += 2 }
        scatter = candidate
        if case .zipf(let exponent) = choice {
            first = Self.integral(1.5, exponent) - 1
            last = Self.integral(Double(count) + 0.5, exponent)
            let low = Self.integral(2.5, exponent) - Self.density(2, exponent)
            shortcut = 2 - Self.inverse(low, exponent)
        } else {
            (first, last, shortcut) = (0, 0, 0)
        }
    }

    /// The next key.
    mutating func key() -> Int {
        switch choice {
        case .uniform: return chance.below(count)
        case .sequential:
            let key = next
            next = (next + stride) % count
            return key
        case .zipf(let exponent):
            let rank = self.rank(exponent)
            return Int((UInt64(rank - 1) &* UInt64(scatter)) % UInt64(count))
        }
    }

    /// A rank from 1 up, most often 1.
    mutating func rank(_ exponent: Double) -> Int {
        while true {
            let u = last + chance.fraction() * (first - last)
            let x = Self.inverse(u, exponent)
            let k = Swift.min(Swift.max(x.rounded(), 1), Double(count))
            if k - x <= shortcut
                || u >= Self.integral(k + 0.5, exponent) - Self.density(k, exponent)
            {
                return Int(k)
            }
        }
    }

    private static func density(_ x: Double, _ exponent: Double) -> Double {
        exp(-exponent * log(x))
    }

    private static func integral(_ x: Double, _ exponent: Double) -> Double {
        let logarithm = log(x)
        let t = (1 - exponent) * logarithm
        // expm1(t) / t, without the division by zero of exponent 1.
        return (t.magnitude > 1e-8 ? expm1(t) / t : 1 + t / 2) * logarithm
    }

    private static func inverse(_ u: Double, _ exponent: Double) -> Double {
        let t = Swift.max(u * (1 - exponent), -1)
        return exp((t.magnitude > 1e-8 ? log1p(t) / t : 1 - t / 2) * u)
    }

    private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
}
