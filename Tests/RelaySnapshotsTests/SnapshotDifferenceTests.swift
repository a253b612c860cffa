import RelayStore
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite struct SnapshotDifferenceTests {
    @Test("What was added, changed and removed is told, from snapshots of any kind to a store.")
    func differences() throws {
        let fixture = try SnapshotFixture(orders: 200)
        defer { fixture.keep() }
        let folder = try fixture.take("folder")
        let repository = try Repository(creating: fixture.file("repository"))
        _ = try repository.take(fixture.store, SnapshotFixture.options)
        try fixture.update([7, 199], to: "later ")
        try fixture.add(3)
        let later = try fixture.take("later")
        for name in [folder.path, repository.path + ":latest"] {
            let old = try OpenSnapshot(name)
            let new = try OpenSnapshot(later.path)
            #expect(
                try lines(old, new) == [
                    "changed 7 internalId: nil → \"later 7\"",
                    "changed 199 internalId: nil → \"later 199\"",
                    "added 201", "added 202", "added 203",
                ])
            #expect(try lines(new, old).count == 5)
            #expect(try lines(new, old).last == "removed 203")
            #expect(try lines(old, old) == [])
        }
        #expect(try Disk.names(in: repository.path)?.filter { $0.hasPrefix("work") } == [])
    }

    private func lines(_ old: OpenSnapshot, _ new: OpenSnapshot) throws -> [String] {
        var lines: [String] = []
        try SnapshotDifference.forEach(from: old, to: new, withFields: true) { difference in
            #expect(difference.resource == "order")
            var line = "\(difference.kind) \(difference.key.id)"
            // updatedAt is the same fixed time in all changes of the fixture.
            for field in difference.fields {
                let (before, after) = (field.before.map(text), field.after.map(text))
                line += " \(field.name): \(before ?? "nil") → \(after ?? "nil")"
            }
            lines.append(line)
        }
        return lines
    }

    @Test("Members are found whatever is in their values.")
    func members() {
        let json = #"{"a":1,"b":"x,\"}y","c":{"d":[1,{"e":"]"}],"f":null},"g":[],"h":true}"#
        let members = JSONMemberScan.members(of: Array(json.utf8))
        #expect(members.map(\.name) == ["a", "b", "c", "g", "h"])
        #expect(
            members.map { text($0.value) } == [
                "1", #""x,\"}y""#, #"{"d":[1,{"e":"]"}],"f":null}"#, "[]", "true",
            ])
        #expect(JSONMemberScan.members(of: Array("{}".utf8)).isEmpty)
        #expect(JSONMemberScan.members(of: []).isEmpty)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
