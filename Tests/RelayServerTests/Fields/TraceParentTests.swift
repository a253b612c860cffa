import Testing

@testable import RelayServer

@Suite struct TraceParentTests {
    private func traceID(_ text: String?) -> String? {
        guard let text else { return TraceParent.traceID(nil) }
        return Array(text.utf8).withUnsafeBytes { TraceParent.traceID($0) }
    }

    @Test("The trace's id is read, of later versions too.")
    func read() {
        let id = "0af7651916cd43dd8448eb211c80319c"
        #expect(traceID("00-\(id)-b7ad6b7169203331-01") == id)
        #expect(traceID("00-\(id)-b7ad6b7169203331-00") == id)
        #expect(traceID("cc-\(id)-b7ad6b7169203331-01") == id)
        #expect(traceID("cc-\(id)-b7ad6b7169203331-01-more") == id)
    }

    @Test(
        "What is no traceparent counts as none.",
        arguments: [
            nil, "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, "
                + "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ])
    func refused(text: String?) { #expect(traceID(text) == nil) }
}
