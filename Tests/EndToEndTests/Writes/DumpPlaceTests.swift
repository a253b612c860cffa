import Glibc
import TestSupport
import Testing

@Suite("The place of a dump")
struct DumpPlaceTests {
    @Test("is no file of the store, by whatever path.")
    func inStore() throws {
        let sample = try SampleStore()
        let relayd = try sample.serve()
        let data = sample.store + "/data.mdb"
        let link = sample.directory.file("link")
        #expect(symlink(data, link) == 0)
        let places = [data, link, sample.store + "/lock.mdb", sample.store + "/log/new"]
        for place in places {
            let dump = ChildProcess.run(
                "relayctl", ["dump", "--store", sample.store, "--to", place])
            #expect(dump.code == 1 && dump.output.contains("choose another place"), "\(dump)")
        }
        #expect(relayd.stop() == 0)
        let check = ChildProcess.run("relayctl", ["check", "--store", sample.store])
        #expect(check.code == 0, "\(check.output)")
    }

    @Test("has nothing but the dump when it is standard output, by whatever name.")
    func standardOutput() throws {
        let sample = try SampleStore()
        for name in ["-", "/dev/stdout"] {
            let file = sample.directory.file("dump")
            let words = [ChildProcess.path(of: "relayctl"), sample.store, name, file]
            let dump = ChildProcess.run(
                "sh", ["-c", #""$0" dump --store "$1" --to "$2" >"$3" 2>/dev/null"#] + words)
            #expect(dump.code == 0)
            #expect(readText(file).split(separator: "\n").last?.hasPrefix("{") == true)
            let load = ChildProcess.run(
                "relayctl", ["load", file, "--store", sample.directory.file("copy\(name.count)")])
            #expect(load.code == 0, "\(load.output)")
        }
    }
}
