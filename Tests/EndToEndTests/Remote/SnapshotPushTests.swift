import CLinux
import Glibc
import TestSupport
import Testing

@testable import RelaySnapshots

@Suite(
    "snapshot push and pull", .serialized, .enabled(if: RemotePlace.hasRclone, RemotePlace.why))
struct SnapshotPushTests {
    @Test("send what the other place lacks, and bring back what was sent.")
    func roundTrip() throws {
        let place = RemotePlace()
        let push = ["push", place.path, place.remote, "--json"]
        let first = place.snapshot(push)
        #expect(RemotePlace.number("snapshots", in: first) == 2, "\(first)")
        #expect(RemotePlace.number("files", in: first) == 2, "\(first)")
        place.snapshot(["verify", place.remote])
        let none = place.snapshot(push)
        #expect(none.contains("\"files\":0,\"bytes\":0,\"removed\":0"), "\(none)")
        // A repository that is not there yet, and then an older one.
        let pulled = place.directory.file("pulled")
        let pull = ["pull", pulled, place.remote, "--json"]
        #expect(RemotePlace.number("files", in: place.snapshot(pull)) == 2)
        place.snapshot(["verify", pulled])
        place.create(["--label", "third"])
        #expect(RemotePlace.number("snapshots", in: place.snapshot(push)) == 3)
        // What was pruned there stays here; the last that verified stayed there, too.
        place.snapshot(["prune", place.remote, "--keep-last", "1"])
        let again = place.snapshot(pull)
        #expect(again.contains("\"snapshots\":2,\"files\":0,"), "\(again)")
        #expect(place.names("snapshots", in: pulled).count { $0.hasSuffix(".json") } == 3)
        place.snapshot(["restore", pulled + ":latest", "--to", place.directory.file("restored")])
        #expect(place.snapshot(["list", pulled]).contains("third"))
    }

    @Test("need no key for an encrypted repository, and send a new key.")
    func encrypted() throws {
        let keys = TemporaryDirectory()
        let key = keys.file("key")
        let place = RemotePlace(["--key-file", key])
        let push = ["push", place.path, place.remote]
        place.snapshot(push)
        let pulled = place.directory.file("pulled")
        place.snapshot(["pull", pulled, place.remote])
        place.snapshot(["verify", pulled, "--key-file", key])
        #expect(place.snapshot(["list", pulled], code: 1).contains("is encrypted by a key"))
        let new = place.directory.file("new.key")
        place.snapshot(["key", "change", place.path, "--key-file", key, "--new-key-file", new])
        place.snapshot(push)
        place.snapshot(["verify", place.remote, "--key-file", new])
        // Another repository, with the same key.
        let other = place.directory.file("other")
        place.snapshot(["init", other, "--key-file", new])
        for words in [["push", other, place.remote], ["pull", other, place.remote]] {
            let refused = place.snapshot(words, code: 1)
            #expect(refused.contains("has another repository than \(other)"), "\(refused)")
        }
        place.snapshot(["verify", place.remote, "--key-file", new])
    }

    @Test("interrupted anywhere leave nothing that looks whole, and go on from there.")
    func interrupted() throws {
        let place = RemotePlace()
        let push = ["push", place.path, place.remote]
        // Killed in the midst of the packs, then before the manifests.
        let half = try place.standIn(
            """
            if [ $verb = copy ] && [ $turn = 1 ]; then
                mkdir -p "$here/remote/packs"
                for pack in "$here"/repository/packs/*.pack; do
                    head -c 1000 "$pack" > "$here/remote/packs/${pack##*/}"
                done
                kill -9 $$
            fi
            """)
        let killed = place.snapshot(push, code: 1, environment: half)
        #expect(killed.contains("rclone copy ended with 137"), "\(killed)")
        #expect(place.names("snapshots") == [])
        let late = try place.standIn(
            "if grep -q snapshots/ \"$4\" 2>/dev/null; then echo 'no more' >&2; exit 7; fi")
        let failed = place.snapshot(push, code: 1, environment: late)
        #expect(failed.contains("rclone copy ended with 7: no more"), "\(failed)")
        #expect(place.names("packs") == place.names("packs", in: place.path))
        #expect(place.names("snapshots") == [])
        place.snapshot(push)
        place.snapshot(["verify", place.remote])
        // The same of a pull.
        let pulled = place.directory.file("pulled")
        let pull = ["pull", pulled, place.remote]
        unlink(place.directory.file("copy.turns"))
        let cut = try place.standIn(
            """
            if [ $verb = copy ] && [ $turn = 2 ]; then
                for pack in "$here"/remote/packs/*.pack; do
                    head -c 1000 "$pack" > "$here/pulled/packs/${pack##*/}"
                done
                kill -9 $$
            fi
            """)
        place.snapshot(pull, code: 1, environment: cut)
        #expect(place.names("snapshots", in: pulled) == [])
        place.snapshot(pull)
        place.snapshot(["verify", pulled])
        #expect(place.names("", in: pulled).count { $0.hasPrefix("work-") } == 0)
    }

    @Test("lock the repository against prune, and end at once when they are told to.")
    func locked() throws {
        let place = RemotePlace()
        let waiting = try place.standIn(
            "if [ $verb = copy ]; then touch \"$here/begun\"; exec sleep 600; fi")
        let log = place.directory.file("log")
        let push = ChildProcess(
            "env",
            waiting + [
                ChildProcess.path(of: "relayctl"), "snapshot", "push", place.path, place.remote,
            ], output: log)
        for _ in 0..<2_000 where access(place.directory.file("begun"), F_OK) != 0 { usleep(5_000) }
        let busy = place.snapshot(["prune", place.path, "--keep-last", "1"], code: 1)
        #expect(busy.contains("(process \(push.pid)) is at work on \(place.path)"), "\(busy)")
        // What is added meanwhile goes next time.
        place.create()
        push.signal(SIGTERM)
        #expect(push.wait() == 1)
        #expect(readText(log).contains("interrupted; what has arrived stays"), "\(readText(log))")
        place.snapshot(["prune", place.path, "--keep-last", "1", "--wait", "10s"])
        for (verb, name) in [("push", "read.lock"), ("pull", "write.lock")] {
            let lock = open("\(place.path)/\(name)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            #expect(flock(lock, LOCK_EX) == 0)
            // The pull finds a repository there.
            if verb == "pull" { place.snapshot(["push", place.path, place.remote]) }
            let words = [verb, place.path, place.remote]
            #expect(place.snapshot(words, code: 1).contains("is at work on \(place.path):"))
            let waited = place.snapshot(words + ["--wait", "10ms"], code: 1)
            #expect(waited.contains("is still at work on \(place.path) after 10 ms"), "\(waited)")
            close(lock)
            place.snapshot(words + ["--wait", "10s"])
        }
    }

    @Test("with --delete remove there what was pruned here, and never another repository's.")
    func deleted() throws {
        let place = RemotePlace()
        let push = ["push", place.path, place.remote]
        place.snapshot(push)
        place.snapshot(["verify", place.path])
        place.create()
        place.snapshot(["verify", place.path + ":latest"])
        place.snapshot(["prune", place.path, "--keep-last", "1"])
        place.snapshot(push)
        #expect(place.names("snapshots").count == 3)
        let report = place.snapshot(push + ["--delete", "--json"])
        #expect(RemotePlace.number("removed", in: report) == 2, "\(report)")
        #expect(place.names("snapshots").count == 1)
        #expect(place.names("packs") == place.names("packs", in: place.path))
        #expect(place.names("maps") == place.names("maps", in: place.path))
        place.snapshot(["verify", place.remote])
        let empty = place.directory.file("empty")
        place.snapshot(["init", empty])
        let refused = place.snapshot(["push", empty, place.remote, "--delete"], code: 1)
        #expect(refused.contains("\(empty) has no snapshot, and --delete would"), "\(refused)")
        let create = ["create", "--store", place.store, "--into", empty]
        place.snapshot(create)
        // Nothing of it is sent, or a second try would find it there.
        for _ in 0..<2 {
            let other = place.snapshot(["push", empty, place.remote, "--delete"], code: 1)
            #expect(other.contains("has another repository than \(empty)"), "\(other)")
        }
        #expect(place.names("snapshots").count { $0.hasSuffix(".json") } == 1)
        place.snapshot(["verify", place.remote])
    }

    @Test("say what is wrong: no rclone, no such place, something else there, a pack cut short.")
    func refusals() throws {
        let place = RemotePlace()
        let push = ["push", place.path, place.remote]
        let none = place.snapshot(push, code: 1, environment: ["PATH=/nowhere"])
        #expect(none.contains("there is no rclone") && none.contains("install the package rclone"))
        let unknown = place.snapshot(["push", place.path, "nosuch:bucket"], code: 1)
        #expect(unknown.contains("rclone lsf ended with 1: "), "\(unknown)")
        #expect(unknown.contains("nosuch"), "\(unknown)")
        let pull = ["pull", place.directory.file("pulled"), place.remote]
        let nothing = place.snapshot(pull, code: 1)
        #expect(nothing.contains("there is no repository in \(place.remote)"), "\(nothing)")
        #expect(access(place.directory.file("pulled"), F_OK) != 0)
        mkdir(place.remote, 0o755)
        try writeBytes(place.remote + "/photo", [1])
        #expect(place.snapshot(push, code: 1).contains("\(place.remote) exists already"))
        unlink(place.remote + "/photo")
        let pack = place.path + "/packs/" + place.names("packs", in: place.path)[0]
        let bytes = readBytes(pack)
        #expect(truncate(pack, off_t(bytes.count - 7)) == 0)
        #expect(place.snapshot(push, code: 3).contains("its end is not what was written"))
        #expect(place.names("packs") == [])
    }

    @Test("speak to an S3 server.")
    func s3() throws {
        let place = RemotePlace()
        let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
        let venv = ChildProcess.run(
            "bash", ["\(root)/tools/venv", "\(root)/tools/test.d/requirements.txt"])
        try #require(venv.code == 0, "\(venv.output)")
        let python = String(try #require(venv.output.split(separator: "\n").last))
        let port = try TestSocket(ip: "127.0.0.1").port
        let log = place.directory.file("moto")
        let server = ChildProcess(
            python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], output: log)
        defer {
            server.signal(SIGKILL)
            _ = server.wait()
        }
        for _ in 0..<6_000 where !readText(log).contains("Running on") { usleep(5_000) }
        // A bundle of certificates for others is of no use here.
        let environment = [
            "-u", "AWS_CA_BUNDLE", "RCLONE_CONFIG_FAR_TYPE=s3", "RCLONE_CONFIG_FAR_PROVIDER=Other",
            "RCLONE_CONFIG_FAR_ENDPOINT=http://127.0.0.1:\(port)",
            "RCLONE_CONFIG_FAR_ACCESS_KEY_ID=a", "RCLONE_CONFIG_FAR_SECRET_ACCESS_KEY=b",
        ]
        let made = ChildProcess.run("env", environment + ["rclone", "mkdir", "far:backups"])
        try #require(made.code == 0, "\(made.output)")
        let push = ["push", place.path, "far:backups/relay", "--json"]
        let first = place.snapshot(push, environment: environment)
        #expect(RemotePlace.number("files", in: first) == 2, "\(first)")
        let uploads = readText(log).components(of: "PUT /backups/relay/packs/")
        #expect(uploads == 1, "\(readText(log))")
        place.create()
        place.snapshot(push, environment: environment)
        #expect(readText(log).components(of: "PUT /backups/relay/packs/") == uploads)
        let pulled = place.directory.file("pulled")
        place.snapshot(["pull", pulled, "far:backups/relay"], environment: environment)
        place.snapshot(["verify", pulled])
        #expect(place.names("snapshots", in: pulled).count { $0.hasSuffix(".json") } == 3)
        place.snapshot(
            ["pull", place.directory.file("none"), "far:backups/nothing"], code: 1,
            environment: environment)
    }
}

extension String {
    /// How often a text stands in it.
    fileprivate func components(of text: String) -> Int {
        var (count, rest) = (0, self[...])
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
