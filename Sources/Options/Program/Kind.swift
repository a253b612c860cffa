/// What an option's argument is: how it is read, what is said when it cannot be, and what a shell
/// would complete.
public enum Kind: Sendable, Equatable {
    /// Present or absent; takes no argument.
    case flag
    /// Any text that is not empty.
    case text
    /// A path of the file system.
    case path
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// Bytes: a whole number and one of B, KiB, MiB, GiB, TiB, or K, M, G, T for short.
    case size(ClosedRange<Int>)
    /// Milliseconds: a whole number and one of ms, s, m, h, d.
    case duration(ClosedRange<Int>)
    /// Permissions of a file in octal digits, as chmod(1) takes them.
    case mode
    /// One of a few words.
    case choice([String])

    /// What an argument of this kind turned into.
    enum Value: Sendable, Equatable {
        case flag
        case text(String)
        case number(Int)
    }

    /// Whether what is read of this kind fits an option's type: a number is never silently a text
    /// that is not there.
    func yields(_ type: Any.Type) -> Bool {
        switch self {
        case .flag: type == Bool.self
        case .text, .path, .choice:
            type == String.self || type == String?.self || type == [String].self
        case .integer, .size, .duration, .mode:
            type == Int.self || type == Int?.self || type == [Int].self
        }
    }

    /// Reads an argument; nil when it is not of this kind.
    func read(_ argument: String) -> Value? {
        switch self {
        case .flag:
            return nil
        case .text, .path:
            return argument.isEmpty ? nil : .text(argument)
        case .choice(let words):
            return words.contains(argument) ? .text(argument) : nil
        case .mode:
            guard (3...4).contains(argument.utf8.count),
                argument.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
                let mode = Int(argument, radix: 8), mode <= 0o777
            else { return nil }
            return .number(mode)
        case .integer(let range):
            return Self.number(argument, units: [("", 1)], in: range)
        case .size(let range):
            return Self.number(argument, units: Self.sizeUnits + Self.shortSizes, in: range)
        case .duration(let range):
            return Self.number(argument, units: Self.durationUnits, in: range)
        }
    }

    /// Reads a number, size or duration that is part of a longer argument; nil if it is none.
    public func number(_ argument: String) -> Int? {
        guard case .number(let number)? = read(argument) else { return nil }
        return number
    }

    /// What an argument has to be, for messages: "expected …".
    var expectation: String {
        switch self {
        case .flag: "no value"
        case .text: "text that is not empty"
        case .path: "a path"
        case .integer(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .size(let range):
            "a size from \(Self.format(range.lowerBound, Self.sizeUnits)) to "
                + "\(Self.format(range.upperBound, Self.sizeUnits)), such as 64MiB"
        case .duration(let range):
            "a duration from \(Self.format(range.lowerBound, Self.durationUnits)) to "
                + "\(Self.format(range.upperBound, Self.durationUnits)), such as 30s"
        case .mode: "permissions in three octal digits, such as 660"
        case .choice(let words):
            "one of \(words.joined(separator: ", "))"
        }
    }

    /// A value as a person would type it, for the defaults in a help text.
    func describe(_ value: Value) -> String {
        switch (self, value) {
        case (.size, .number(let number)): Self.format(number, Self.sizeUnits)
        case (.duration, .number(let number)): Self.format(number, Self.durationUnits)
        case (.mode, .number(let number)): "0" + String(number, radix: 8)
        case (_, .number(let number)): "\(number)"
        case (_, .text(let text)): text
        case (_, .flag): ""
        }
    }

    private typealias Unit = (suffix: String, factor: Int)

    // A bare number is a number of the first unit. Largest last, so that formatting can walk back.
    private static let sizeUnits: [Unit] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
    ]
    private static let durationUnits: [Unit] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Short forms that are read but never written: 200M is 200 MiB.
    private static let shortSizes: [Unit] = [
        ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40),
    ]

    private static func number(
        _ argument: String, units: [Unit], in range: ClosedRange<Int>
    ) -> Value? {
        let isNegative = argument.utf8.first == UInt8(ascii: "-")
        let unsigned = argument.utf8.dropFirst(isNegative ? 1 : 0)
        let digits = unsigned.prefix { (0x30...0x39).contains($0) }
        // Int("+5") would be accepted too; only digits after an optional minus sign are.
        guard !digits.isEmpty, let magnitude = Int(String(digits)!) else { return nil }
        let suffix = String(unsigned.dropFirst(digits.count)) ?? ""
        guard
            let unit = suffix.isEmpty ? units.first : units.first(where: { $0.suffix == suffix })
        else { return nil }
        let (product, overflow) = magnitude.multipliedReportingOverflow(by: unit.factor)
        let value = isNegative ? -product : product
        return !overflow && range.contains(value) ? .number(value) : nil
    }

    /// The largest unit that divides the number: 65536 is 64KiB, 1500 ms stays 1500ms.
    private static func format(_ number: Int, _ units: [Unit]) -> String {
        let unit = units.last { number != 0 && number.isMultiple(of: $0.factor) } ?? units[0]
        return "\(number / unit.factor)\(unit.suffix)"
    }
}
