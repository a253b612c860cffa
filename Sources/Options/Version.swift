/// The version of Relay's programs, which are built and released together.
public enum Version {
    /// As semver.org reads it.
    public static let text = "0.1.0"
}
