import Testing

@testable import relayctl

@Suite struct ReportTests {
    @Test("A report is laid out by its names, lists by the line.")
    func lines() {
        let report = Report { writer in
            writer.member("orders", 3)
            writer.name("map")
            writer.beginObject()
            writer.member("bytes", 4096)
            writer.endObject()
            writer.name("keys")
            writer.beginArray()
            writer.beginObject()
            writer.member("id", 1)
            writer.member("label", "Büro")
            writer.endObject()
            writer.endArray()
            writer.name("waits")
            writer.beginObject()
            writer.name("buckets")
            writer.beginArray()
            for count in [0, 12, 3] { writer.value(count) }
            writer.endArray()
            writer.endObject()
            for name in ["removed", "list"] {
                name == "list" ? writer.name("list") : writer.name("removed")
                writer.beginArray()
                writer.value("\(name) one")
                writer.endArray()
            }
        }
        #expect(
            report.text == """
                orders                  3
                map.bytes               4096
                id 1  label Büro
                waits.buckets           0 12 3
                removed                 removed one
                list one

                """)
    }

    @Test("A member is found by its name, or the one that stands in for it.")
    func members() {
        let report = Report { $0.member("title", "Not found") }
        #expect(report.text("detail", or: "title") == "Not found")
        #expect(report.text("detail", or: "type") == nil)
        #expect(Report(json: Array("<html>".utf8)).text("detail", or: "title") == nil)
    }
}
