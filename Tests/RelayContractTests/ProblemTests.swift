import JSON
import Testing

@testable import RelayContract

@Suite struct ProblemTests {
    @Test("A problem is written as RFC 9457 has it.")
    func text() {
        var faults = Faults()
        faults.at("address") { $0.add(.unknownReference, member: "id", "there is no address 9") }
        var writer = JSONWriter()
        Array("/v1/orders".utf8).withUnsafeBytes {
            Problem(.validation, faults).write(to: &writer, instance: $0)
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                {"type":"/problems/validation","title":"The body is well-formed but wrong","status":422,\
                "detail":"1 fault; nothing was changed","instance":"/v1/orders","errors":[{"pointer":\
                "/address/id","code":"unknown_reference","detail":"there is no address 9"}]}
                """)
    }

    @Test("Every kind of problem has a URI of its own and a status of an error.")
    func kinds() {
        let uris = Set(ProblemType.allCases.map { "\($0.uri)" })
        #expect(uris.count == ProblemType.allCases.count)
        for type in ProblemType.allCases { #expect(400...599 ~= type.status) }
    }

    @Test("Each meaning says what has happened, and leaves what to do to the action.")
    func meanings() {
        let advice: Set = [
            "Ask", "Change", "Check", "Correct", "Create", "Delete", "Leave", "Read", "Repeat",
            "Send",
            "Start", "Tell", "Try", "Use", "Wait",
        ]
        for type in ProblemType.allCases {
            let (meaning, action) = ("\(type.meaning)", "\(type.action)")
            #expect(!meaning.isEmpty && !action.isEmpty && meaning != action)
            // Each sentence, and each half of one behind a colon.
            for sentence in meaning.split(whereSeparator: { $0 == "." || $0 == ":" }) {
                let first = sentence.split(separator: " ").first.map { $0.capitalized } ?? ""
                #expect(!advice.contains(first), "\(type): \(sentence)")
            }
            let first = action.split(separator: " ").first.map { String($0) } ?? ""
            #expect(advice.contains(first), "\(type): \(action)")
        }
    }

    @Test("A body that is not JSON is told where.")
    func notJSON() {
        do throws(JSONFault) {
            try JSONParser().parse(Array("{\"a\": }".utf8)) { _ in }
            Issue.record("it was let through")
        } catch {
            let problem = Problem(error)
            #expect(problem.status == 400)
            #expect(problem.detail == "unexpected character at line 1, column 7")
        }
    }
}
