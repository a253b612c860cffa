import JSON

/// What relayd's writer did between two looks at its own counters.
struct ServerWrites: Equatable {
    /// Commands, and the commits that they shared.
    let writes: Int
    let commits: Int
    /// Microseconds that a command waited for the writer, and that a commit took, on average.
    let meanWait: Double
    let meanCommit: Double

    /// Nil when nothing was written, or when these are no answers of one relayd's `/admin/stat`.
    init?(before: [UInt8], after: [UInt8]) {
        guard let start = Counts(before), let end = Counts(after), end.commits > start.commits,
            end.waits.count >= start.waits.count
        else { return nil }
        writes = end.writes - start.writes
        commits = end.commits - start.commits
        meanWait = end.waits.mean(since: start.waits)
        meanCommit = end.times.mean(since: start.times)
    }

    private struct Counts {
        let commits: Int
        let writes: Int
        let waits: Sum
        let times: Sum

        init?(_ json: [UInt8]) {
            if json.isEmpty { return nil }
            let read = try? JSONParser().parse(json) { root -> (Int, Int, Sum, Sum)? in
                guard let commits = root["commits"]?.integer, let writes = root["writes"]?.integer,
                    let waits = Sum(root["queueWait"]), let times = Sum(root["commitTime"])
                else { return nil }
                return (Int(commits), Int(writes), waits, times)
            }
            guard let read else { return nil }
            (commits, writes, waits, times) = read
        }
    }

    /// Microseconds of so many.
    private struct Sum {
        let count: Int
        let sum: Int

        init?(_ histogram: JSONValue?) {
            guard let count = histogram?["count"]?.integer, let sum = histogram?["sum"]?.integer
            else { return nil }
            self.count = Int(count)
            self.sum = Int(sum)
        }

        func mean(since start: Sum) -> Double {
            count == start.count ? 0 : Double(sum - start.sum) / Double(count - start.count)
        }
    }
}
