/// Which answers are told of in the log.
public struct Observation: Sendable {
    /// One in so many, 0 for none.
    public var accessEvery: Int
    /// Those that take so many milliseconds or more; nil for none.
    public var slowMilliseconds: Int?

    /// None, unless told otherwise.
    public init(accessEvery: Int = 0, slowMilliseconds: Int? = nil) {
        self.accessEvery = accessEvery
        self.slowMilliseconds = slowMilliseconds
    }
}
