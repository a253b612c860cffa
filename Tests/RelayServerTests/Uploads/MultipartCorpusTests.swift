import HTTP2
import JSON
import Testing

@testable import RelayServer

/// Forms as clients make them, each written after what the client was seen to send, and broken ones.
@Suite("A form")
struct MultipartCorpusTests {
    /// A body, and the names of the files that come of it.
    struct Form: Sendable, CustomTestStringConvertible {
        var client: String
        var boundary: String
        /// Lines of each part's head, without the blank one; and its content.
        var parts: [(head: [String], content: String)]
        var files: [String]
        /// As it stands in Content-Type.
        var parameter: String?

        var testDescription: String { client }

        var contentType: String { "multipart/form-data; boundary=\(parameter ?? boundary)" }

        var body: String {
            parts.map {
                "--\(boundary)\r\n\($0.head.joined(separator: "\r\n"))\r\n\r\n\($0.content)\r\n"
            }.joined() + "--\(boundary)--\r\n"
        }
    }

    /// The two parts that every comment needs, with what the client adds to their heads.
    private static func members(_ extra: [String] = []) -> [(head: [String], content: String)] {
        [("text", "Größe"), ("authorName", "A")].map { name, value in
            (["Content-Disposition: form-data; name=\"\(name)\""] + extra, value)
        }
    }

    private static func file(_ disposition: String, _ extra: [String] = []) -> (
        head: [String], content: String
    ) {
        (["Content-Disposition: form-data; name=\"files\"; \(disposition)"] + extra, "%PDF-1.4\r\n")
    }

    static let forms: [Form] = [
        Form(
            client: "curl", boundary: "------------------------d74496d66958873e",
            parts: members() + [
                file("filename=\"a.txt\"", ["Content-Type: text/plain"]),
                file("filename=\"say %22hi%22.txt\"", ["Content-Type: text/plain"]),
            ], files: ["a.txt", "say \"hi\".txt"]),
        Form(
            client: "curl before 7.81", boundary: "------------------------8f1ad2a8a0a4a2d7",
            parts: members() + [
                file(#"filename="say \"hi\" \\ there.txt""#, ["Content-Type: text/plain"])
            ], files: [" there.txt"]),
        Form(
            client: "Chrome and Safari", boundary: "----WebKitFormBoundary7MA4YWxkTrZu0gW",
            parts: members() + [
                file("filename=\"Grundriß 2.OG.pdf\"", ["Content-Type: application/pdf"]),
                file("filename=\"a%22b.pdf\"", ["Content-Type: application/pdf"]),
                file("filename=\"100%.pdf\"", ["Content-Type: application/pdf"]),
            ], files: ["Grundriß 2.OG.pdf", "a\"b.pdf", "100%.pdf"]),
        Form(
            client: "a browser whose file input is empty",
            boundary: "---------------------------735323031399963166993862150",
            parts: members() + [
                (
                    [
                        "Content-Disposition: form-data; name=\"files\"; filename=\"\"",
                        "Content-Type: application/octet-stream",
                    ], ""
                )
            ], files: []),
        Form(
            client: "Firefox", boundary: "----geckoformboundary3e9fe9d1a2b3c4d5e6f7a8b9c0d1e2f3",
            parts: members() + [file("filename=\"a b.png\"", ["Content-Type: image/png"])],
            files: ["a b.png"]),
        Form(
            client: "Python requests", boundary: "0fbd1a9d9e4b4f1d9a0a7c4bce0d7a11",
            parts: members() + [
                file("filename=\"a.txt\""), file("filename*=utf-8''n%C3%A4me.txt"),
            ], files: ["a.txt", "näme.txt"]),
        Form(
            client: "Python httpx", boundary: "f0a9c8e7d6b5a4938271605f4e3d2c1b",
            parts: members() + [
                file("filename=\"näme.txt\"", ["Content-Type: text/plain"]),
                file("filename=\"a%22b.txt\"", ["Content-Type: text/plain"]),
            ], files: ["näme.txt", "a\"b.txt"]),
        Form(
            client: "Python email", boundary: "===============0123456789012345678==",
            parts: members(["MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit"]) + [
                file(
                    "filename*0*=utf-8''n%C3%A4; filename*1=\"me \"; filename*2*=%C3%A4.txt",
                    ["MIME-Version: 1.0", "Content-Type: text/plain"])
            ], files: ["näme ä.txt"], parameter: "\"===============0123456789012345678==\""),
        Form(
            client: "Node's FormData", boundary: "----formdata-undici-042814373291",
            parts: members() + [
                file("filename=\"a.bin\"", ["Content-Type: application/octet-stream"])
            ],
            files: ["a.bin"]),
        Form(
            client: "form-data of npm",
            boundary: "--------------------------515890814546601021194782",
            parts: members() + [file("filename=\"a.json\"", ["Content-Type: application/json"])],
            files: ["a.json"]),
        Form(
            client: "Go", boundary: "6b9a3bd0d3a1f3d7f5f8f6f6a9a7a8d4f7c2b1a0e9d8c7b6a5f4e3d2c1b0",
            parts: members() + [
                file("filename=\"a\\\"b.txt\"", ["Content-Type: application/octet-stream"])
            ], files: ["a\"b.txt"]),
        Form(
            client: "Java OkHttp", boundary: "3f8d4b1e-9d2c-4f55-8a1e-0c5e7b2d9a64",
            parts: members(["Content-Length: 6"]) + [
                file("filename=\"a.txt\"", ["Content-Type: text/plain", "Content-Length: 10"])
            ], files: ["a.txt"]),
        Form(
            client: "Java Apache HttpClient", boundary: "vFTRFjXBXqXNBZ0gV3Jd_Zs-8tA",
            parts: members([
                "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit",
            ]) + [
                file(
                    "filename=\"a.pdf\"",
                    ["Content-Type: application/pdf", "Content-Transfer-Encoding: binary"])
            ], files: ["a.pdf"], parameter: "vFTRFjXBXqXNBZ0gV3Jd_Zs-8tA; charset=UTF-8"),
        Form(
            client: ".NET HttpClient", boundary: "9c1b1a6f-2f2e-4f1c-bb0f-5b7d2e0b6a11",
            parts: [("text", "Größe"), ("authorName", "A")].map { name, value in
                (
                    [
                        "Content-Type: text/plain; charset=utf-8",
                        "Content-Disposition: form-data; name=\(name)",
                    ], value
                )
            } + [
                (
                    [
                        "Content-Disposition: form-data; name=files; filename=a.txt; "
                            + "filename*=utf-8''n%C3%A4me.txt"
                    ], "x"
                )
            ], files: ["näme.txt"], parameter: "\"9c1b1a6f-2f2e-4f1c-bb0f-5b7d2e0b6a11\""),
        Form(
            client: "an old Internet Explorer", boundary: "---------------------------7d01ecf406a6",
            parts: members() + [
                file(#"filename="C:\Users\x\a.txt""#, ["Content-Type: text/plain"])
            ], files: ["a.txt"]),
        Form(
            client: "ISO-8859-1", boundary: "b",
            parts: members() + [file("filename*=ISO-8859-1'de'n%E4me.txt; filename=\"x\"")],
            files: ["näme.txt"]),
        Form(
            client: "sections out of their order", boundary: "b",
            parts: members() + [file("filename*1=me.txt; filename=x; filename*0=na")],
            files: ["name.txt"]),
        Form(
            client: "fields nobody asked for, in other cases", boundary: "b",
            parts: members(["X-Custom: 1", "CONTENT-LENGTH: 6"]) + [
                file("FileName=\"a.txt\"", ["content-type: text/plain"])
            ], files: ["a.txt"]),
    ]

    private func post(
        _ fixture: ServiceFixture, _ contentType: String, _ body: String
    ) -> ClientResponse {
        fixture.perform(
            ClientRequest(
                "POST", "/v1/orders/1/comments",
                fields: fixture.keys.field(.default) + [HeaderField("content-type", contentType)],
                body: Array(body.utf8)))
    }

    @Test("that a client makes becomes a comment with its files.", arguments: forms)
    func accepted(form: Form) throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        let made = post(fixture, form.contentType, form.body)
        #expect(made.status == 201, "\(made.text)")
        let comments = fixture.get("/v1/orders/1/comments").body
        try JSONParser().parse(comments) { root in
            let comment = root.elements.map { $0 }.first
            #expect(comment?["text"]?.string.map { String($0) } == "Größe")
            #expect(comment?["author"]?.string.map { String($0) } == "A")
            let names = comment?["attachments"]?.elements.map {
                $0["name"]?.string.map { String($0) }
            }
            #expect(names == form.files)
        }
        for id in 1..<(form.files.count + 1) {
            #expect(!fixture.get("/v1/attachments/\(id)").body.isEmpty)
        }
    }

    /// A form of one file whose part has this head.
    private static func withFile(_ head: String) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nT\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"authorName\"\r\n\r\nA\r\n--b\r\n"
            + "\(head)\r\n\r\nabc\r\n--b--"
    }

    private static let disposition = "Content-Disposition: form-data; "

    @Test(
        "whose parts cannot be trusted is refused, and says why.",
        arguments: [
            ("name=\"files\"; name=\"text\"; filename=\"x\"", "two name"),
            ("name=\"files\"; filename=\"x\"; filename=\"y\"", "two filename"),
            ("name=\"files\"; filename=\"x\"; FILENAME=\"x\"", "two filename"),
            ("name=\"files\"; filename*=utf-8''x; filename*=utf-8''y", "two filename*"),
            ("name=\"files\"; filename=\"x\"; a=1; a=2", "two a"),
            ("name=\"files\"; filename=\"x\r\nBad header: v", "not a header field"),
            ("name=\"files\"; filename=\"x\"\r\nBad header: v", "not a header field"),
            ("name=\"files\"; filename=\"x\"\r\nContent-Type : text/plain", "not a header field"),
            ("name=\"files\"; filename=\"x\"\r\n: v", "not a header field"),
            ("name=\"files\"; filename=\"x\"\r\nBäd: v", "not a header field"),
            ("name=\"files\"; filename=\"x\"\r\nContent-Type: text/plain; a=1; a=2", "two a"),
            ("name=\"files\"; filename=\"x", "without its end"),
            ("name=\"files\"; filename=\"x\"y", "without its end"),
            ("name=\"files\"; filename*1=b", "numbered"),
            ("name=\"files\"; filename*0=a; filename*2=b", "numbered"),
            ("name=\"files\"; filename*0=a; filename*0*=b", "numbered"),
            ("name=\"files\"; filename*00=a", "without a valid number"),
            ("name=\"files\"; filename*x=a", "without a valid number"),
            ("name=\"files\"; filename*0*=utf-8''%+1", "two hexadecimal digits"),
            ("name=\"files\"; filename*=utf-8''%4", "two hexadecimal digits"),
            ("name=\"files\"; filename*0*=utf-8''%C3; filename*1=x", "UTF-8"),
            ("name*=utf-8''files; filename=\"x\"", "form-data"),
        ])
    func refused(parameters: String, reason: String) throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        let body = Self.withFile(Self.disposition + parameters)
        let refused = post(fixture, "multipart/form-data; boundary=b", body)
        #expect(refused.status == 400)
        #expect(refused.text.contains(reason), "\(refused.text)")
        #expect(fixture.get("/v1/orders/1/comments").text == "[]")
    }

    @Test(
        "whose file has no name that a file can have is refused at its place.",
        arguments: [
            "filename=\".\"", "filename=\"..\"", "filename=\"a/..\"", "filename=\"..\\\\.\"",
            "filename*=utf-8''%2E%2E", "filename=\"a%0D%0Ab\"", "filename=\"a%0Ab\"",
            "filename*=utf-8''a%00b", "filename=\"a/\"",
        ])
    func names(parameter: String) throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        let body = Self.withFile(Self.disposition + "name=\"files\"; \(parameter)")
        let refused = post(fixture, "multipart/form-data; boundary=b", body)
        #expect(refused.status == 422)
        #expect(refused.text.contains("\"/files/0\""), "\(refused.text)")
        #expect(fixture.get("/v1/orders/1/comments").text == "[]")
    }

    @Test("ends with its closing boundary, some space, and a line's end if anything follows.")
    func endings() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        let body = Self.withFile(Self.disposition + "name=\"files\"; filename=\"x\"")
        for (tail, status) in [
            ("", 201), ("\r\n", 201), (" \t", 201), (" \r\nepilogue --b\r\n", 201),
            ("junk", 400), ("-", 400), ("\r\r\n", 400), ("\n", 400), ("\r", 400), ("--", 400),
        ] {
            let given = post(fixture, "multipart/form-data; boundary=b", body + tail)
            #expect(given.status == status, "\(tail.debugDescription): \(given.text)")
        }
        for type in ["boundary=b; boundary=c", "boundary=b; boundary=b", "charset=utf-8"] {
            #expect(post(fixture, "multipart/form-data; \(type)", body).status == 400)
        }
    }

    @Test("without a byte, or without parts, is answered with the parts that are missing.")
    func empty() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.perform("POST", "/v1/orders", "{\"title\":\"t\"}").status == 201)
        for body in ["", "--b--", "--b--\r\n"] {
            let refused = post(fixture, "multipart/form-data; boundary=b", body)
            #expect(refused.status == 422)
            #expect(refused.text.contains("text is missing"))
            #expect(refused.text.contains("authorName is missing"))
            #expect(!refused.text.contains("JSON value"))
        }
    }
}
