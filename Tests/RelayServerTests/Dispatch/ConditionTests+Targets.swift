import HTTP2
import Testing

@testable import RelayServer

/// What conditional fields are tried on: every operation, in a store with one record of each kind.
extension ConditionTests {
    /// A request that succeeds, and the path whose GET has the tag that it is about.
    struct Target {
        var method: String
        var path: String
        var body = ""
        /// nil when a GET of the path has no answer.
        var tagged: String?

        static func get(_ path: String) -> Target {
            Target(method: "GET", path: path, tagged: path)
        }

        static func write(
            _ method: String, _ path: String, _ body: String = "", tagged: String? = nil
        ) -> Target {
            Target(method: method, path: "\(path)?dryRun=true", body: body, tagged: tagged)
        }
    }

    static let address =
        #"{"streetAddress":"Deich 1","postalCode":"20095","locality":"Hamburg","country":"DE"}"#
    static let appointment =
        #"{"title":"t","dateStart":"2026-01-01 10:00:00","dateEnd":"2026-01-01 11:00:00","#
        + #""location":"l","customerId":1}"#
    static let document = #"{"title":"t","propertyId":"1","customerId":"1"}"#
    static let attachment =
        #"{"name":"a.pdf","fileType":"application/pdf","content":"JVBERi0xLjQK"}"#
    static let eed =
        #"{"propertyId":1,"unitId":1,"customerId":1,"period":"2026-01","mscName":"m","#
        + #""consumptions":[],"benchmarks":[]}"#
    static let field = #"{"name":"n","content":"c","position":0,"orderId":1}"#
    static let person = #"{"name":"n","type":"TENANT","email":"a@b.example","orderId":1}"#
    static let comment = #"{"text":"t","authorName":"a"}"#
    static let page = "limit=10&offset=0"

    static let reads =
        [
            "/openapi.json", "/v1/orders/1", "/v1/addresses/1", "/v1/customers/1",
            "/v1/properties/1", "/v1/units/1", "/v1/appointments/1", "/v2/documents/1",
            "/v1/attachments/1",
            "/v1/orders", "/v1/orders?limit=1", "/v1/orders?status=OPEN&isInternal=false",
            "/v1/orders?sort=-id&limit=1", "/v1/customers", "/v1/properties?\(page)",
            "/v1/units?\(page)", "/v1/units/msc?\(page)", "/v1/orders/1/comments",
            "/v2/documents", "/v1/appointments", "/v1/eed?unitId=1&period=2026-01",
            "/v1/eed/missing?period=2026-01", "/v1/eed/units?propertyId=1&period=2026-01",
            "/v1/appointments.ics", "/problems/conflict", "/v1/changes?after=oldest",
        ].map(Target.get)

    static let writes: [Target] = [
        .write("PATCH", "/v1/orders/1", #"{"status":"OPEN"}"#, tagged: "/v1/orders/1"),
        .write("PATCH", "/v1/appointments/1", #"{"title":"u"}"#, tagged: "/v1/appointments/1"),
        .write("DELETE", "/v1/appointments/1", tagged: "/v1/appointments/1"),
        .write("DELETE", "/v1/properties/2", tagged: "/v1/properties/2"),
        .write("DELETE", "/v1/orders/1", tagged: "/v1/orders/1"),
        .write("DELETE", "/v1/customers/2", tagged: "/v1/customers/2"),
        .write("DELETE", "/v1/units/2", tagged: "/v1/units/2"),
        .write("DELETE", "/v2/documents/1", tagged: "/v2/documents/1"),
        .write("PATCH", "/v2/documents/1", #"{"title":"u"}"#, tagged: "/v2/documents/1"),
        .write("DELETE", "/v1/attachments/1", tagged: "/v1/attachments/1"),
        .write(
            "PATCH", "/v1/orders/1/comments/1", #"{"text":"u"}"#, tagged: "/v1/orders/1"),
        .write("DELETE", "/v1/orders/1/comments/1", tagged: "/v1/orders/1"),
        .write("PATCH", "/v1/order-fields/1", #"{"name":"u"}"#, tagged: "/v1/orders/1"),
        .write("DELETE", "/v1/order-fields/1", tagged: "/v1/orders/1"),
        .write("PATCH", "/v1/contact-persons/1", #"{"name":"u"}"#, tagged: "/v1/orders/1"),
        .write("DELETE", "/v1/contact-persons/1", tagged: "/v1/orders/1"),
        .write("POST", "/v1/orders", #"{"title":"t"}"#, tagged: "/v1/orders"),
        .write("POST", "/v1/customers", #"{"customer":{"name":"c"}}"#, tagged: "/v1/customers"),
        .write(
            "POST", "/v1/properties", #"{"properties":[{"name":"p","customerId":1}]}"#,
            tagged: "/v1/properties?\(page)"),
        .write(
            "POST", "/v1/units", #"{"units":[{"name":"u","propertyId":1}]}"#,
            tagged: "/v1/units?\(page)"),
        .write("POST", "/v1/appointments", appointment, tagged: "/v1/appointments"),
        .write("POST", "/v2/documents", document, tagged: "/v2/documents"),
        .write("POST", "/v1/eed", eed, tagged: "/v1/eed?unitId=1&period=2026-01"),
        .write("POST", "/v1/eed/batch", "{\"deliveries\":[\(eed)]}"),
        .write("POST", "/v1/orders/1/comments", comment, tagged: "/v1/orders/1/comments"),
        .write("POST", "/v1/addresses", address), .write("POST", "/v1/order-fields", field),
        .write("POST", "/v1/contact-persons", person), .write("POST", "/v1/documents", document),
        .write("POST", "/v2/documents/1/attachments", attachment),
    ]

    static let targets =
        reads + reads.map { Target(method: "HEAD", path: $0.path, tagged: $0.tagged) } + writes

    /// A store with one record of each kind.
    static func filled() throws -> ServiceFixture {
        let fixture = try ServiceFixture()
        for (path, body) in [
            ("/v1/customers", #"{"customer":{"name":"c"}}"#),
            ("/v1/customers", #"{"customer":{"name":"d"}}"#),
            (
                "/v1/properties",
                #"{"properties":[{"name":"p","customerId":1},{"name":"q","customerId":1}]}"#
            ),
            (
                "/v1/units",
                #"{"units":[{"name":"u","propertyId":1},{"name":"v","propertyId":1}]}"#
            ),
            ("/v1/orders", #"{"title":"t"}"#), ("/v1/orders", #"{"title":"t"}"#),
            ("/v1/orders/1/comments", comment), ("/v1/addresses", address),
            ("/v1/order-fields", field), ("/v1/contact-persons", person),
            ("/v1/appointments", appointment), ("/v2/documents", document),
            ("/v2/documents/1/attachments", attachment), ("/v1/eed", eed),
        ] {
            let made = fixture.perform("POST", path, body)
            #expect(made.status / 100 == 2, "\(path): \(made.text)")
        }
        return fixture
    }
}
