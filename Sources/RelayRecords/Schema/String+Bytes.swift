import Glibc

/// Texts are compared by their bytes: Strings are equal in more than one Unicode form, and which
/// forms that are depends on the library's tables, so that a replay could come to another outcome.
extension String {
    /// Whether both are the same bytes.
    func hasBytes(of other: String) -> Bool {
        let (mine, others) = (utf8.span.bytes, other.utf8.span.bytes)
        // SAFETY: both Strings' own bytes, compared during the calls.
        return mine.withUnsafeBytes { mine in
            others.withUnsafeBytes { others in
                mine.count == others.count
                    && (mine.isEmpty
                        || memcmp(mine.baseAddress!, others.baseAddress!, mine.count) == 0)
            }
        }
    }
}

extension String? {
    /// Whether both are the same bytes, or both are missing.
    func hasBytes(of other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let text?, let other?): text.hasBytes(of: other)
        default: false
        }
    }
}
