import RelayContract

/// What logs tell of a request's target: enough to send a request of its kind again, and nothing that a
/// client may have put into it that is about a person.
///
/// Of a path that leads nowhere nothing is told. Of a query the parameters of `told` are, as they
/// were sent, if the request was answered, and so valid; of others the name alone.
enum LoggedTarget {
    /// Parameters whose valid values are numbers, times, positions or words of the contract.
    private static let told: Set<String> = [
        "limit", "offset", "cursor", "ids", "status", "sort", "isInternal", "propertyId",
        "customerId",
        "unitId", "dueFrom", "dueTo", "updatedSince", "period", "from", "to", "after", "resource",
        "include", "wait", "dryRun", "atomic",
    ]

    /// Parameters whose names are told without their values.
    private static let named: Set<String> = ["externalId", "internalId", "mscNumber", "type"]

    /// Stands for what is not told.
    private static let veil = "*"

    /// The target of a request of a kind that was answered with a status, or refused.
    static func text(_ target: UnsafeRawBufferPointer, kind: Int, status: Int) -> String {
        guard kind > 0 else { return veil }
        let target = RequestTarget(target)
        let isValid = (200..<400).contains(status)
        let path = self.path(String(decoding: target.path, as: UTF8.self), isValid)
        if target.query.isEmpty { return path }
        let query = String(decoding: target.query, as: UTF8.self)
        let parameters = query.split(separator: "&", omittingEmptySubsequences: false)
        return path + "?" + parameters.map { parameter($0, isValid) }.joined(separator: "&")
    }

    private static func path(_ path: String, _ isValid: Bool) -> String {
        if isValid { return path }
        return path.split(separator: "/", omittingEmptySubsequences: false)
            .map { isNumber($0) || literals.contains(String($0)) ? String($0) : veil }
            .joined(separator: "/")
    }

    private static func parameter(_ text: Substring, _ isValid: Bool) -> String {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if told.contains(name), parts.count == 2, isValid || isNumber(parts[1]) {
            return String(text)
        }
        return told.contains(name) || named.contains(name) ? "\(name)=\(veil)" : veil
    }

    private static func isNumber(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Words of the contract's paths.
    private static let literals: Set<String> = Set(
        RelayContract.Operation.allCases.flatMap {
            "\($0.path)".split(separator: "/").map(String.init)
        }
        .filter { !$0.hasPrefix("{") })
}
