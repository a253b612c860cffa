/// Every limit of this module: name, unit, default, reason.
public enum Limits {
    /// Levels of nested objects and arrays in a body. The contract's deepest has 5 besides free-form metadata, which
    /// has 32; a body of brackets must not cost memory or stack.
    public static let bodyDepth = 64

    /// Levels in any other text: documents, lines of dumps, change records. They hold what came in bodies, some levels
    /// further down, so four times as many is more than anything that was ever accepted.
    public static let depth = 256

    /// Bytes of input whose parse buffers a parser keeps between documents. Larger bodies are rare (bulk
    /// uploads), and buffers take about eleven times the input: a loop must not hold that for ever.
    public static let retainedInput = 256 << 10

    /// Bytes that a writer reserves at first: one order of average size (1.3 KB) fits without growing.
    public static let writerReserve = 2048
}
