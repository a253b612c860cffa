import Testing

@testable import RelayContract

@Suite struct QueryTests {
    /// What reads a query makes of it, and which faults it finds.
    private func read<Input>(
        _ query: String, _ make: (APIRequest) throws(InputRefusal) -> Input
    ) -> (Input?, [String]) {
        let query = Array(query.utf8)
        return query.withUnsafeBytes { bytes in
            do throws(InputRefusal) {
                return (try make(APIRequest(query: bytes)), [])
            } catch {
                guard case .problem(let problem) = error else { return (nil, ["no problem"]) }
                #expect(problem.type == .badQuery)
                return (nil, problem.faults.map { "\($0.pointer) \($0.code.name)" })
            }
        }
    }

    private func orders(_ query: String) -> (GetOrdersInput?, [String]) {
        read(query) { (request) throws(InputRefusal) in try GetOrdersInput(request) }
    }

    private func units(_ query: String) -> (GetUnitsInput?, [String]) {
        read(query) { (request) throws(InputRefusal) in try GetUnitsInput(request) }
    }

    @Test("Without parameters a list is asked for whole.")
    func none() {
        let (input, faults) = orders("")
        #expect(faults.isEmpty)
        #expect(input?.page.limit == nil)
        #expect(input?.page.offset == nil)
        #expect(input?.page.cursor == nil)
    }

    @Test("Parameters are read in any order and with escapes.")
    func reading() {
        #expect(orders("offset=900000&limit=50").0?.page.offset == 900_000)
        #expect(orders("&limit=1%30%30%30&&").0?.page.limit == 1000)
        #expect(orders("%6cimit=7").0?.page.limit == 7)
        #expect(units("limit=1&offset=0&customerId=12").0?.customerId == 12)
        let cursor = orders("cursor=AZaz09-_").0?.page.cursor
        let text = cursor?.withBytes { String(decoding: $0, as: UTF8.self) }
        #expect(text == "AZaz09-_")
    }

    @Test(
        "Every wrong parameter is named.",
        arguments: [
            ("limit=0", ["?limit out_of_range"]), ("limit=1001", ["?limit out_of_range"]),
            ("limit=", ["?limit out_of_range"]), ("limit", ["?limit out_of_range"]),
            ("limit=5.0", ["?limit out_of_range"]), ("limit=+5", ["?limit out_of_range"]),
            ("offset=-1", ["?offset out_of_range"]), ("limit=%zz", ["?limit out_of_range"]),
            ("offset=99999999999999999", ["?offset out_of_range"]),
            ("limit=5&limit=5", ["?limit duplicate_parameter"]),
            ("limits=5", ["?limits unknown_parameter"]),
            ("Limit=5", ["?Limit unknown_parameter"]), ("=5", ["? unknown_parameter"]),
            ("cursor=", ["?cursor pattern"]), ("cursor=a%20b", ["?cursor pattern"]),
            ("cursor=a&offset=0", ["?offset mismatch"]),
            (
                "limit=0&offset=-1&x=1",
                ["?limit out_of_range", "?offset out_of_range", "?x unknown_parameter"]
            ),
        ])
    func faults(query: String, expected: [String]) {
        #expect(orders(query).1 == expected)
    }

    @Test("A cursor has at most 64 characters.")
    func cursorLength() {
        #expect(orders("cursor=" + String(repeating: "a", count: 64)).0 != nil)
        #expect(orders("cursor=" + String(repeating: "a", count: 65)).0 == nil)
    }

    @Test("Where a page is required, what is missing is named, and a cursor stands in for it.")
    func required() {
        #expect(units("").1 == ["?limit required", "?offset required"])
        #expect(units("limit=5").1 == ["?offset required"])
        #expect(units("limit=0").1 == ["?limit out_of_range", "?offset required"])
        #expect(units("cursor=abc").1 == [])
        #expect(units("cursor=abc&limit=5").0?.page.limit == 5)
    }
}
