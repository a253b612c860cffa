import Glibc
import HTTP2
import RelayClient
import RelayContract
import TestSupport
import Testing

@Suite("Accounts and keys of a running relayd", .serialized)
struct AccountTests {
    @Test("A second account's key sees nothing of the first one's, by id, page or count.")
    func isolation() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: ":memory:", in: directory)
        let first = RelayClient(connection: try relayd.connect(), key: try relayd.makeKey())
        let second = RelayClient(
            connection: try relayd.connect(), key: try relayd.makeKey(account: 2))
        let customer = CustomerUpsert(
            customer: CustomerInput(
                internalId: "k-1", name: "Hausverwaltung Nord",
                address: AddressInput(
                    streetAddress: "Deich 1", postalCode: "20095", locality: "Hamburg",
                    country: Country("DE"))))
        _ = try first.createCustomer(customer)
        _ = try first.createProperties(
            PropertyUpsert(properties: [PropertyInput(name: "Haus 1", customerId: 1)]))
        _ = try first.createUnits(
            UnitUpsert(units: [UnitInput(propertyId: 1, name: "WE 01", unitMscNumber: "0010")]))
        let order = try first.createOrder(
            NewOrder(title: "Aufzug steht", propertyId: 1)
        ).value.id

        #expect(throws: RelayClientError.self) { try second.getOrder(order) }
        for path in ["/v1/orders/1", "/v1/customers/1", "/v1/properties/1", "/v1/addresses/1"] {
            #expect(try first.perform("GET", path).status == 200)
            #expect(status(second, "GET", path) == 404)
        }
        #expect(status(second, "DELETE", "/v1/properties/1") == 404)
        for path in ["/v1/orders", "/v1/customers", "/v1/properties", "/v1/units", "/v1/units/msc"]
        {
            let page = "\(path)?limit=10&offset=0"
            #expect(try first.perform("GET", page)["x-total-count"] == "1")
            let other = try second.perform("GET", page)
            #expect(other["x-total-count"] == "0")
            #expect(!String(decoding: other.body, as: UTF8.self).contains("\"id\""))
        }
        // References to the other account's records are unknown, and its names are free.
        #expect(throws: RelayClientError.self) {
            try second.createOrder(NewOrder(title: "fremd", propertyId: 1))
        }
        #expect(try second.createCustomer(customer).value.customer.id == 1)
    }

    @Test("A key that relayctl makes works at once, and one that it revokes stops at once.")
    func keysAtOnce() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let arguments = ["--store", store, "--admin-socket", relayd.adminSocket]
        let made = ChildProcess.run(
            "relayctl", ["keys", "create"] + arguments + ["--account", "1", "--json"])
        #expect(made.code == 0)
        let key = made.output.split(separator: "\"").first { $0.hasPrefix("relay_") }
        let client = RelayClient(
            connection: try relayd.connect(), key: String(try #require(key)))
        #expect(status(client, "GET", "/v1/orders?limit=1&offset=0") == 200)
        let revoked = ChildProcess.run("relayctl", ["keys", "revoke", "1"] + arguments)
        #expect(revoked.code == 0, "\(revoked.output)")
        #expect(status(client, "GET", "/v1/orders?limit=1&offset=0") == 401)
        #expect(!readText(store + "/data.mdb").contains("relay_"))
    }

    @Test("An idle relayd holds under 10 MB of anonymous memory.")
    func idleMemory() throws {
        let directory = TemporaryDirectory()
        let relayd = try Relayd(store: directory.file("store"), in: directory)
        _ = try relayd.makeKey()
        #expect(relayd.process.anonymousKilobytes < 10 * 1024)
        #expect(relayd.process.anonymousKilobytes > 0)
    }

    @Test("A second relayd on the same store is refused, wherever its sockets are.")
    func oneRelaydPerStore() throws {
        let directory = TemporaryDirectory()
        let store = directory.file("store")
        let relayd = try Relayd(store: store, in: directory)
        let second = ChildProcess.run(
            "relayd",
            [
                "--store", store, "--socket", directory.file("second.sock"), "--admin-socket",
                directory.file("second-admin.sock"),
            ])
        #expect(second.code == 1)
        #expect(second.output.contains("another relayd serves the store"))
        #expect(relayd.stop() == 0)
    }

    private func status(_ client: RelayClient, _ method: String, _ path: String) -> Int {
        do throws(RelayClientError) {
            return try client.perform(method, path).status
        } catch {
            if case .refused(let status, _) = error { return status }
            return -1
        }
    }
}
