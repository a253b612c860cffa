// SAFETY: the variables are read once, before the program starts a thread that could change them.
@preconcurrency import Glibc

/// The variables of this process's environment.
enum EnvironmentVariables {
    /// By name. One whose value is not UTF-8 is left out.
    static var all: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        // SAFETY: environ is an array of texts that end with a zero; a null pointer ends it.
        while let text = entry.pointee {
            entry += 1
            guard let words = String(validatingCString: text) else { continue }
            let parts = words.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        }
        return result
    }
}
