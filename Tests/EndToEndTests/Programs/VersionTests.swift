import HTTP2
import JSON
import TestSupport
import Testing

@Suite("The version")
struct VersionTests {
    @Test("is the same in every program and in the contract that is served.")
    func same() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        let answer = try relayd.connect().perform(ClientRequest("GET", "/openapi.json"))
        let version = try JSONParser().parse(answer.body) {
            $0["info"]?["version"]?.string.map { String($0) }
        }
        let served = try #require(version)
        #expect(served.split(separator: ".").count == 3)
        for program in ["relayd", "relayctl", "relaybench"] {
            let said = ChildProcess.run(program, ["--version"])
            #expect(said.code == 0)
            let words = said.output.split(whereSeparator: \.isWhitespace)
            #expect(words.last.map { String($0) } == served, "\(program)")
        }
    }
}
