import Glibc

/// Numbers as people read them.
enum Figure {
    /// With so many decimals, right-aligned.
    static func fixed(_ number: Double, _ decimals: Int, width: Int = 0) -> String {
        guard number.isFinite else { return right("-", width) }
        var buffer = [CChar](repeating: 0, count: 352)
        // SAFETY: the arguments live through the closure.
        _ = withVaList([Int32(width), Int32(decimals), number]) {
            vsnprintf(&buffer, buffer.count, "%*.*f", $0)
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    }

    /// Three significant digits or so: 0.123, 1.23, 12.3, 123, 1 234.
    static func short(_ number: Double) -> String {
        switch number.magnitude {
        case ..<0.1: fixed(number, 3)
        case ..<10: fixed(number, 2)
        case ..<100: fixed(number, 1)
        default: grouped(Int(number.rounded()))
        }
    }

    /// A rate: whole where it is large, with its fraction where it is small.
    static func rate(_ number: Double) -> String {
        number == number.rounded() ? grouped(Int(number)) : short(number)
    }

    /// A share as percent.
    static func share(_ share: Double) -> String { short(share * 100) + " %" }

    /// A whole number with thin groups of three.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += " " }
            text.append(digit)
        }
        return text
    }

    /// A time in the unit that suits it, from microseconds.
    static func time(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1_000: "\(short(microseconds)) µs"
        case ..<1_000_000: "\(short(microseconds / 1_000)) ms"
        default: "\(short(microseconds / 1_000_000)) s"
        }
    }

    /// A round number as an axis shows it: 0, 0.5, 1, 250, 10 000.
    static func round(_ number: Double) -> String {
        if number == number.rounded() { return grouped(Int(number)) }
        return fixed(number, number.magnitude < 0.1 ? 3 : number.magnitude < 1 ? 2 : 1)
    }

    /// A round time as an axis shows it, from microseconds: 100 µs, 1 ms.
    static func roundTime(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1_000: "\(round(microseconds)) µs"
        case ..<1_000_000: "\(round(microseconds / 1_000)) ms"
        default: "\(round(microseconds / 1_000_000)) s"
        }
    }

    /// Padded on the left.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - text.count)) + text
    }

    /// Padded on the right.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: Swift.max(0, width - text.count))
    }
}
