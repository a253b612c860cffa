/// Every limit of this module: name, unit, default, reason.
public enum Limits {
    /// Levels of nested objects and arrays. The contract's deepest body has 5; 64 leaves room for free-form
    /// metadata and keeps a body of brackets from costing memory or stack.
    public static let depth = 64

    /// Bytes of input whose parse buffers a parser keeps between documents. Larger bodies are rare (bulk
    /// uploads), and buffers take about eleven times the input: a loop must not hold that for ever.
    public static let retainedInput = 256 << 10

    /// Bytes that a writer reserves at first: one order of average size (1.3 KB) fits without growing.
    public static let writerReserve = 2048
}
