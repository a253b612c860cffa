/// The paths of filtered lists: values that exist, each with the total that it has.
extension ServerProbe {
    /// Never empty; a filter that the server does not know ends the program.
    func filteredPaths(
        _ list: String, _ filter: Scenario.Filter, _ name: String
    ) throws(BenchError) -> [Plan.Listed] {
        var paths: [Plan.Listed] = []
        for query in try queries(list, filter, name) {
            let total = try total(of: "\(list)?\(query)&limit=1&offset=0", name)
            if total == 0 { continue }
            // The first page of each, and for long lists pages all over them.
            let last = max(0, total - Limits.pageRecords)
            let pages = total > Limits.pageSpan ? Limits.filterKeys / 6 : 1
            for page in 0..<pages {
                let offset = pages == 1 ? 0 : last / (pages - 1) * page
                let path = "\(list)?\(query)&limit=\(Limits.pageRecords)&offset=\(offset)"
                paths.append(Plan.Listed(path: Array(path.utf8), total: total, offset: offset))
            }
        }
        if paths.isEmpty {
            throw .unusable(scenario: name, why: "no record of \(list) matches its filters")
        }
        return paths
    }

    private func queries(
        _ list: String, _ filter: Scenario.Filter, _ name: String
    ) throws(BenchError) -> [String] {
        switch filter {
        case .status:
            return ["OPEN", "IN_PROGRESS", "FINISHED", "DECLINED", "NULL", "PREPARE"]
                .map { "status=\($0)" }
        case .property:
            let ids = try facts(of: "/v1/properties", name).ids
            let count = min(Limits.filterKeys, ids.count)
            return (0..<count).map { "propertyId=\(ids[$0 * (ids.count / count)])" }
        case .week: return try weeks(list, name)
        }
    }

    /// Weeks in which something begins, as `from` and `to`.
    private func weeks(_ list: String, _ name: String) throws(BenchError) -> [String] {
        let starts = try texts("dateStart", of: "\(list)?limit=1000&offset=0", name)
        let days = Array(Set(starts.map { String($0.prefix(10)) })).sorted()
        if days.isEmpty {
            throw .unusable(scenario: name, why: "\(list) is empty; fill the store first")
        }
        return days.prefix(Limits.filterKeys).map { day in
            "from=\(day)T00:00:00Z&to=\(Self.week(after: day))T00:00:00Z"
        }
    }

    /// Seven days later, `YYYY-MM-DD` to `YYYY-MM-DD`.
    static func week(after day: String) -> String {
        let parts = day.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1...12).contains(parts[1]) else { return day }
        var (year, month, date) = (parts[0], parts[1], parts[2] + 7)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        if date > days {
            date -= days
            month += 1
        }
        if month > 12 {
            month = 1
            year += 1
        }
        let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(pad(month))-\(pad(date))"
    }

    private func total(of path: String, _ name: String) throws(BenchError) -> Int {
        let response = try get(path, name)
        guard let total = response["x-total-count"].flatMap({ Int($0) }) else {
            throw .unusable(scenario: name, why: "\(path) answers without X-Total-Count")
        }
        return total
    }
}
