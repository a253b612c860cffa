import Glibc

/// Figures of the same kind from several runs.
struct Sample: Equatable {
    let values: [Double]

    var mean: Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    /// Of the population that the values were drawn from.
    var variance: Double {
        if values.count < 2 { return 0 }
        let mean = mean
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }
}

/// How much one sample's mean differs from another's, with the interval that holds the true
/// difference with a given confidence: Welch's, which does not assume that both scatter alike.
struct Difference: Equatable {
    let low: Double
    let point: Double
    let high: Double

    /// Nil when either sample has less than two values: nothing can be said of chance then.
    init?(from base: Sample, to new: Sample, confidence: Double) {
        guard base.values.count > 1, new.values.count > 1 else { return nil }
        let first = base.variance / Double(base.values.count)
        let second = new.variance / Double(new.values.count)
        let error = (first + second).squareRoot()
        point = new.mean - base.mean
        if error == 0 {
            (low, high) = (point, point)
            return
        }
        let freedom =
            (first + second) * (first + second)
            / (first * first / Double(base.values.count - 1)
                + second * second / Double(new.values.count - 1))
        let reach = StudentT.quantile((1 + confidence) / 2, freedom: freedom) * error
        (low, high) = (point - reach, point + reach)
    }
}

/// Student's t distribution.
enum StudentT {
    /// Probability of a value up to `t`.
    static func cumulative(_ t: Double, freedom: Double) -> Double {
        let tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
        return t > 0 ? 1 - tail : tail
    }

    /// The value that is not exceeded with a probability above one half.
    static func quantile(_ probability: Double, freedom: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while cumulative(high, freedom: freedom) < probability, high < 1e9 { high *= 2 }
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if cumulative(middle, freedom: freedom) < probability {
                low = middle
            } else {
                high = middle
            }
        }
        return (low + high) / 2
    }

    /// The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22).
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast only on this side; the function is symmetric.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let scale = exp(
            lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
        var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
        d = 1 / d
        var fraction = d
        for m in 1...300 {
            let n = Double(m)
            let even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))
            d = 1 / (1 + even * d)
            c = 1 + even / c
            fraction *= d * c
            let odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
            d = 1 / (1 + odd * d)
            c = 1 + odd / c
            let step = d * c
            fraction *= step
            if (step - 1).magnitude < 1e-14 { break }
        }
        return scale * fraction / a
    }
}
