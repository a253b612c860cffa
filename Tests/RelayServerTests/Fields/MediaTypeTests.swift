import Testing

@testable import RelayServer

@Suite struct MediaTypeTests {
    private func isJSON(_ value: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { MediaType.isJSON($0) }
    }

    @Test(
        "JSON is told by type and subtype, whatever the case and the parameters.",
        arguments: [
            "application/json", "APPLICATION/JSON", "application/json;charset=utf-8",
            "application/json ; charset=utf-8", "Application/Json; x=\"y\"",
        ])
    func json(value: String) { #expect(isJSON(value)) }

    @Test(
        "Everything else is not JSON.",
        arguments: [
            "", "application", "application/jsonx", "application/jso", "text/json", ";",
            "application/json,text/plain", "application/problem+json", "application\u{F}json",
            "applicationOjson", " application/json",
        ])
    func others(value: String) { #expect(!isJSON(value)) }
}
