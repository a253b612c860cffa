/// Figures as text for Prometheus and what speaks its language.
///
/// OpenMetrics 1.0 for those who ask for it, else Prometheus's own format 0.0.4. They differ in how a
/// counter's family is called, and in the last line.
public struct Exposition: Sendable {
    /// The formats.
    public enum Format: Sendable {
        case openMetrics, prometheus

        /// Which one an Accept field asks for.
        public init(accept: some Collection<UInt8>) {
            let name = Array("application/openmetrics-text".utf8)
            self = accept.containsRange(of: name) ? .openMetrics : .prometheus
        }

        /// The media type.
        public var mediaType: StaticString {
            switch self {
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            }
        }
    }

    /// What a value counts in; the text has it in the base unit.
    public enum Unit: Sendable {
        case one, milliseconds, microseconds

        fileprivate var digits: Int {
            switch self {
            case .one: 0
            case .milliseconds: 3
            case .microseconds: 6
            }
        }
    }

    /// A label and its value.
    public typealias Label = (name: StaticString, value: String)

    private let format: Format
    private var family = ""
    private var text = ""

    /// Without a figure.
    public init(_ format: Format) { self.format = format }

    /// The whole text.
    public var bytes: [UInt8] { Array((format == .openMetrics ? text + "# EOF\n" : text).utf8) }

    /// A sample of a counter; its name has no `_total`.
    public mutating func counter(
        _ name: String, _ help: String, _ value: UInt64, in unit: Unit = .one,
        _ labels: [Label] = []
    ) {
        begin(name, "counter", help, suffix: format == .openMetrics ? "" : "_total")
        sample(name + "_total", labels, Self.decimal(value, unit))
    }

    /// A sample of a gauge.
    public mutating func gauge(
        _ name: String, _ help: String, _ value: UInt64, in unit: Unit = .one,
        _ labels: [Label] = []
    ) {
        begin(name, "gauge", help)
        sample(name, labels, Self.decimal(value, unit))
    }

    /// A histogram.
    public mutating func histogram(
        _ name: String, _ help: String, _ values: HistogramValues, _ labels: [Label] = []
    ) {
        begin(name, "histogram", help)
        let unit: Unit = values.buckets == .microseconds ? .microseconds : .one
        var count: UInt64 = 0
        for (index, inBucket) in values.counts.enumerated() {
            count += inBucket
            let bound = values.buckets.bound(index).map { Self.bound($0, unit) } ?? "+Inf"
            sample(name + "_bucket", labels + [("le", bound)], "\(count)")
        }
        sample(name + "_sum", labels, Self.decimal(values.sum, unit))
        sample(name + "_count", labels, "\(count)")
    }

    /// The lines ahead of a family's first sample; its others follow at once.
    private mutating func begin(
        _ name: String, _ kind: String, _ help: String, suffix: String = ""
    ) {
        if family == name { return }
        family = name
        text += "# HELP \(name)\(suffix) \(help)\n# TYPE \(name)\(suffix) \(kind)\n"
    }

    private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            text += "{" + pairs.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }

    /// A bound as OpenMetrics wants it: a number with a decimal point.
    private static func bound(_ value: UInt64, _ unit: Unit) -> String {
        unit.digits == 0 ? "\(value).0" : decimal(value, unit)
    }

    /// A number of units as a decimal number of base units.
    static func decimal(_ value: UInt64, _ unit: Unit) -> String {
        let digits = unit.digits
        if digits == 0 { return "\(value)" }
        var text = "\(value)"
        if text.count <= digits {
            text = String(repeating: "0", count: digits + 1 - text.count) + text
        }
        var fraction = text.suffix(digits)
        while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
        return "\(text.dropLast(digits)).\(fraction)"
    }
}

extension Collection<UInt8> {
    /// Whether these bytes stand somewhere in it, whatever the case of ASCII letters.
    fileprivate func containsRange(of name: [UInt8]) -> Bool {
        indices.contains { start in
            let part = self[start...].prefix(name.count)
            return part.count == name.count && zip(part, name).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
    }
}
