import HTTP2
import RelayStore
import Testing

@testable import RelayServer

@Suite("What a refusal says")
struct FaultMessageTests {
    @Test("A record that is full is told from a body that is too large.")
    func fullRecord() throws {
        let fixture = try ServiceFixture()
        try fixture.store.load(orders: 1, titleBytes: RelayStore.Limits.documentBytes - 300)
        let before = try fixture.sequence()
        let text = String(repeating: "x", count: 1_000)
        let full = fixture.perform(
            "POST", "/v1/orders/1/comments", "{\"text\":\"\(text)\",\"authorName\":\"a\"}")
        #expect(full.status == 413)
        #expect(full.text.contains("/problems/record-full"))
        #expect(full.text.contains("with this order 1 would have 167"))
        #expect(full.text.contains("no record may have more than 16777216"))
        #expect(!full.text.contains("body"))
        #expect(try fixture.sequence() == before)
        let large = fixture.perform(
            "POST", "/v1/orders", "{}", fields: [("content-length", "99999999")])
        #expect(large.status == 413)
        #expect(large.text.contains("/problems/content-too-large"))
    }

    @Test(
        "Base64 that is none is told by its first fault: which character, and at which place.",
        arguments: [
            ("JVBERi0xLjQ-", "character 12 is `-`, which belongs to the URL alphabet"),
            ("JVBERi0xLjQ_AAAA-", "character 12 is `_`, which belongs to the URL alphabet"),
            ("data:application/pdf;base64,JVBERi0x", "character 5 is `:`"),
            ("JVBERi0x LjQK", "character 9 is the byte 0x20"),
            ("JVBERi0x\\nLjQK", "character 9 is an escape"),
            ("JVBERi0xLjQ", "11 characters are not a multiple of 4"),
            ("JVBERi0xLg=", "11 characters are not a multiple of 4"),
            ("JVBERi0xLg==AAAA", "character 13 breaks the padding"),
            ("JVBERi0xL===", "character 10 breaks the padding"),
            ("JVBERi0xLh==", "character 10, the last before the padding"),
            ("JVBERi0xLjR=", "character 11, the last before the padding"),
            ("JVBÄRi0x", "character 4 is the byte 0xC3"),
        ])
    func base64(text: String, reason: String) throws {
        let fixture = try ConditionTests.filled()
        let refused = fixture.perform(
            "POST", "/v2/documents/1/attachments",
            "{\"name\":\"a.pdf\",\"fileType\":\"application/pdf\",\"content\":\"\(text)\"}")
        #expect(refused.status == 422)
        #expect(refused.text.contains("standard alphabet (A-Z a-z 0-9 + /)"))
        #expect(refused.text.contains(reason), "\(refused.text)")
    }

    @Test("The admin socket says which accounts there are, and of which refusal it speaks.")
    func accounts() throws {
        let fixture = try ServiceFixture()
        for account in ["0", "-1", "x", "", "4294967296", "1048576"] {
            let refused = fixture.admin("GET", "/admin/keys?account=\(account)")
            #expect(refused.status == 400, "\(account)")
            #expect(refused.text.contains("1 to 1048575"))
        }
        #expect(fixture.admin("GET", "/admin/keys?account=1").status == 200)
        #expect(fixture.admin("GET", "/admin/keys").status == 200)
    }
}
