import RelayContract

/// Queries of every operation that has parameters; none may trap, and a path is normal once it was
/// made so.
enum QueryTarget {
    static func run(_ bytes: [UInt8]) {
        // SAFETY: read inside the closure.
        bytes.withUnsafeBytes { query in
            guard PercentEncoding.firstFault(in: query) == nil else { return }
            let request = APIRequest(id0: 1, query: query)
            _ = try? GetOrdersInput(request)
            _ = try? GetAppointmentsInput(request)
            _ = try? GetUnitsInput(request)
            _ = try? GetCustomersInput(request)
            _ = try? GetUnitsWithoutEedInput(request)
            _ = try? GetEedInput(request)
            _ = try? GetOrderCommentsInput(request)
            _ = try? DeletePropertyInput(request)
        }
        var path = bytes
        // SAFETY: edited inside the closure.
        guard path.withUnsafeBytes({ PercentEncoding.firstFault(in: $0) }) == nil else { return }
        let count = path.withUnsafeMutableBytes { PercentEncoding.normalize($0) }
        path = Array(path.prefix(count))
        var again = path
        let same = again.withUnsafeMutableBytes { PercentEncoding.normalize($0) }
        Target.require(again.prefix(same) == path[...], "a normal path is made another one")
    }
}
