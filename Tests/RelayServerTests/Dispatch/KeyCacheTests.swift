import HTTP2
import Testing

@testable import RelayServer

@Suite struct KeyCacheTests {
    private func account(
        _ cache: inout KeyCache, _ value: String, generation: UInt64 = 1
    ) -> UInt32? {
        let bytes = Array(value.utf8)
        return bytes.withUnsafeBytes { cache.account($0, generation: generation) }
    }

    private func keep(_ cache: inout KeyCache, _ value: String, account: UInt32) {
        let bytes = Array(value.utf8)
        bytes.withUnsafeBytes { cache.keep($0, account: account) }
    }

    @Test("A value that was kept is found, and nothing that differs from it in any byte.")
    func finding() {
        var cache = KeyCache()
        let value = "Bearer relay_abcdefghijklmnopqrstuvwxyz"
        #expect(account(&cache, value) == nil)
        keep(&cache, value, account: 7)
        #expect(account(&cache, value) == 7)
        for index in value.utf8.indices {
            var bytes = Array(value.utf8)
            bytes[value.utf8.distance(from: value.startIndex, to: index)] ^= 1
            #expect(account(&cache, String(decoding: bytes, as: UTF8.self)) == nil)
        }
        #expect(account(&cache, String(value.dropLast())) == nil)
        #expect(account(&cache, String(value.dropFirst())) == nil)
        #expect(account(&cache, value + "a") == nil)
        #expect(account(&cache, "") == nil)
    }

    @Test("Everything is forgotten when a key was made or revoked.")
    func generations() {
        var cache = KeyCache()
        #expect(account(&cache, "Bearer aaaaaaaa") == nil)
        keep(&cache, "Bearer aaaaaaaa", account: 1)
        #expect(account(&cache, "Bearer aaaaaaaa", generation: 2) == nil)
        #expect(account(&cache, "Bearer aaaaaaaa", generation: 1) == nil)
    }

    @Test("More values than there are slots push each other out and are never mixed up.")
    func collisions() {
        var cache = KeyCache()
        _ = account(&cache, "", generation: 1)
        for number in 0..<1_000 { keep(&cache, "Bearer \(number) key", account: UInt32(number)) }
        var found = 0
        for number in 0..<1_000 {
            guard let account = account(&cache, "Bearer \(number) key") else { continue }
            #expect(account == UInt32(number))
            found += 1
        }
        #expect((1...64).contains(found))
    }

    @Test("Values of every length are safe; only those that are too long are not kept.")
    func lengths() {
        var cache = KeyCache()
        _ = account(&cache, "", generation: 1)
        for length in 1...300 {
            let value = String(repeating: "k", count: length)
            keep(&cache, value, account: UInt32(length))
            let found = account(&cache, value)
            // A key and its scheme have 53 bytes.
            #expect(found == (length <= 100 ? UInt32(length) : length > 200 ? nil : found))
            #expect(found == nil || found == UInt32(length))
        }
    }

    @Test("A revoked key stops at once, also one that was just used.")
    func revocation() throws {
        let fixture = try ServiceFixture()
        #expect(fixture.get("/v1/orders").status == 200)
        #expect(fixture.admin("DELETE", "/admin/keys/1").status == 204)
        let refused = fixture.get("/v1/orders")
        #expect(refused.status == 401)
        #expect(refused["www-authenticate"] == "Bearer")
        #expect(fixture.get("/v1/orders", key: .other).status == 200)
    }

    @Test(
        "Only a Bearer key opens anything.",
        arguments: [
            "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer x", "Bearer KEY x", "KEY",
        ])
    func schemes(value: String) throws {
        let fixture = try ServiceFixture()
        let field = value.replacing("KEY", with: fixture.keys.first)
        let request = ClientRequest(
            "GET", "/v1/orders", fields: [HeaderField("authorization", field)])
        #expect(fixture.perform(request).status == 401)
    }

    @Test("The scheme's letters may be of either case (RFC 9110 §11.1).")
    func schemeCase() throws {
        let fixture = try ServiceFixture()
        for scheme in ["bearer", "BEARER", "Bearer"] {
            let field = HeaderField("authorization", "\(scheme) \(fixture.keys.first)")
            #expect(
                fixture.perform(ClientRequest("GET", "/v1/orders", fields: [field])).status
                    == 200)
        }
    }
}
