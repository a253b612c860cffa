/// One figure that a program tells of itself: in JSON by a member's name, and to Prometheus by a
/// metric's.
public struct Figure: Sendable {
    /// What is told.
    public enum Value: Sendable {
        /// A number that only grows.
        case counter(UInt64)
        /// A number that goes up and down.
        case gauge(UInt64)
        /// How values are spread.
        case histogram(HistogramValues)
    }

    /// The member's name; nil for what JSON has in another form.
    public let member: StaticString?
    /// The metric's name, without `_total`.
    public let metric: String
    /// What it is, in words.
    public let help: String
    /// The value, in `unit`.
    public let value: Value
    /// What the value counts in.
    public let unit: Exposition.Unit
    /// What tells it from others of the same metric.
    public let labels: [Exposition.Label]

    /// Makes a figure.
    public init(
        _ member: StaticString?, _ metric: String, _ value: Value,
        in unit: Exposition.Unit = .one, by labels: [Exposition.Label] = [],
        _ help: String
    ) {
        self.member = member
        self.metric = metric
        self.help = help
        self.value = value
        self.unit = unit
        self.labels = labels
    }
}

extension Exposition {
    /// Adds a figure. Those of one metric follow each other.
    public mutating func add(_ figure: Figure) {
        switch figure.value {
        case .counter(let value):
            counter(figure.metric, figure.help, value, in: figure.unit, figure.labels)
        case .gauge(let value):
            gauge(figure.metric, figure.help, value, in: figure.unit, figure.labels)
        case .histogram(let values):
            histogram(figure.metric, figure.help, values, figure.labels)
        }
    }
}
