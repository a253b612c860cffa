/// Which test shows the effect of an option, from outside: file and function of a test that runs the
/// program with it. `OptionTableTests` compares this with what the programs say they understand.
enum OptionTable {
    /// By program and verb, then by option.
    static let covered: [String: [String: String]] = [
        "relayd": [
            "--store": "RelaydOptionTests.store",
            "--socket": "RelaydOptionTests.sockets",
            "--admin-socket": "RelaydOptionTests.sockets",
            "--listen": "RelaydOptionTests.listen",
            "--loops": "RelaydOptionTests.loops",
            "--warm": "RelaydOptionTests.warm",
            "--snapshot-every": "SnapshotTests.schedule",
            "--snapshot-to": "SnapshotTests.schedule",
            "--allow-uid": "AllowedPeersTests.users",
            "--allow-gid": "AllowedPeersTests.groups",
            "--keep-changes": "RelaydOptionTests.changes",
            "--keep-changes-mib": "RelaydOptionTests.changes",
            "--completions": "CompletionTests.bash",
        ],
        "relayctl sample": [
            "--store": "RelayctlOptionTests.sample",
            "--orders": "RelayctlOptionTests.sample",
            "--accounts": "RelayctlOptionTests.sample",
            "--seed": "RelayctlOptionTests.sample",
            "--json": "RelayctlOptionTests.sample",
        ],
        "relayctl keys create": [
            "--store": "RelayctlOptionTests.keys",
            "--account": "RelayctlOptionTests.keys",
            "--label": "RelayctlOptionTests.keys",
            "--admin-socket": "AccountTests.keysAtOnce",
            "--json": "AccountTests.keysAtOnce",
        ],
        "relayctl keys list": [
            "--store": "RelayctlOptionTests.keys",
            "--account": "RelayctlOptionTests.keys",
            "--admin-socket": "RelayctlOptionTests.keys",
            "--json": "RelayctlOptionTests.keys",
        ],
        "relayctl keys revoke": [
            "--store": "RelayctlOptionTests.keys",
            "--admin-socket": "AccountTests.keysAtOnce",
            "--json": "RelayctlOptionTests.keys",
        ],
        "relayctl stat": [
            "--store": "RelayctlOptionTests.places",
            "--admin-socket": "RelayctlOptionTests.places",
            "--json": "RelayctlOptionTests.places",
        ],
        "relayctl dump": [
            "--store": "LoadTests.besideOthers",
            "--format": "RelayctlOptionTests.reports",
            "--account": "LoadTests.besideOthers",
            "--resource": "LoadTests.badLines",
            "--to": "LoadTests.besideOthers",
            "--json": "RelayctlOptionTests.reports",
        ],
        "relayctl load": [
            "--store": "LoadTests.besideOthers",
            "--dry-run": "LoadTests.badLines",
            "--admin-socket": "LoadTests.besideOthers",
            "--json": "LoadTests.besideOthers",
        ],
        "relayctl readers": [
            "--store": "AdminToolTests.deadReader",
            "--clear-stale": "AdminToolTests.deadReader",
            "--admin-socket": "AdminToolTests.deadReader",
            "--json": "AdminToolTests.deadReader",
        ],
        "relayctl top": [
            "--once": "AdminToolTests.figures",
            "--store": "RelayctlOptionTests.places",
            "--admin-socket": "AdminToolTests.figures",
            "--json": "AdminToolTests.figures",
        ],
        "relayctl man": [
            "--to": "AdminToolTests.manual",
            "--json": "RelayctlOptionTests.reports",
        ],
        "relayctl wait": [
            "--ready": "RelayctlOptionTests.places",
            "--timeout": "AdminToolTests.waiting",
            "--store": "RelayctlOptionTests.places",
            "--admin-socket": "AdminToolTests.waiting",
            "--json": "RelayctlOptionTests.places",
        ],
        "relayctl health": [
            "--store": "RelayctlOptionTests.places",
            "--admin-socket": "RelayctlOptionTests.places",
            "--json": "RelayctlOptionTests.places",
        ],
        "relayctl snapshot create": [
            "--store": "SnapshotTests.epoch",
            "--to": "SnapshotTests.epoch",
            "--into": "SnapshotKillTests.killed",
            "--init": "RelayctlOptionTests.snapshotPrune",
            "--stdout": "RelayctlOptionTests.snapshotCreate",
            "--manifest": "RelayctlOptionTests.snapshotCreate",
            "--label": "RelayctlOptionTests.snapshotCreate",
            "--compact": "RelayctlOptionTests.snapshotCreate",
            "--rate-limit": "SnapshotKillTests.leftovers",
            "--json": "RelayctlOptionTests.snapshotCreate",
        ],
        "relayctl snapshot init": ["--json": "RelayctlOptionTests.snapshotPrune"],
        "relayctl snapshot verify": [
            "--quick": "RelayctlOptionTests.snapshotCreate",
            "--full": "RelayctlOptionTests.snapshotCreate",
            "--json": "RelayctlOptionTests.snapshotCreate",
        ],
        "relayctl snapshot restore": [
            "--to": "SnapshotTests.epoch",
            "--dry-run": "RelayctlOptionTests.snapshotRestore",
            "--if-none": "SnapshotTests.epoch",
            "--as-of": "RelayctlOptionTests.snapshotRestore",
            "--changes-from": "RelayctlOptionTests.snapshotRestore",
            "--json": "RelayctlOptionTests.snapshotRestore",
        ],
        "relayctl snapshot list": ["--json": "RelayctlOptionTests.snapshotPrune"],
        "relayctl snapshot status": ["--json": "RelayctlOptionTests.snapshotPrune"],
        "relayctl snapshot prune": [
            "--keep-last": "RelayctlOptionTests.snapshotPrune",
            "--keep-daily": "RelayctlOptionTests.snapshotPrune",
            "--keep-weekly": "RelayctlOptionTests.snapshotPrune",
            "--keep-monthly": "RelayctlOptionTests.snapshotPrune",
            "--timezone": "SnapshotClockTests.days",
            "--dry-run": "RelayctlOptionTests.snapshotPrune",
            "--json": "RelayctlOptionTests.snapshotPrune",
        ],
        "relayctl snapshot diff": [
            "--fields": "RelayctlOptionTests.snapshotDiff",
            "--json": "RelayctlOptionTests.snapshotDiff",
        ],
        "relayctl check": [
            "--store": "LoadTests.besideOthers",
            "--json": "RelayctlOptionTests.reports",
        ],
        "relaybench run": [
            "--socket": "CommandTests.thresholds",
            "--url": "ForeignServerTests.nghttpd",
            "--key": "LoadToolTests.scenarios",
            "--mix": "FaultTests.none",
            "--list": "CommandTests.list",
            "--connections": "FaultTests.none",
            "--streams": "FaultTests.none",
            "--threads": "StallTests.total",
            "--duration": "StallTests.total",
            "--requests": "FaultTests.none",
            "--rate": "StallTests.total",
            "--find-max": "CommandTests.search",
            "--timeout": "FaultTests.silence",
            "--threshold": "CommandTests.thresholds",
            "--repeat": "CommandTests.compare",
            "--allow-late": "CommandTests.clientLimit",
            "--json": "CommandTests.compare",
            "--hdr": "CommandTests.files",
            "--timeseries": "CommandTests.interrupt",
            "--method": "InputTests.url",
            "--header": "InputTests.url",
            "--body": "InputTests.url",
            "--input-file": "InputTests.file",
            "--stages": "InputTests.stages",
            "--think": "InputTests.think",
            "--abort-on-threshold": "CommandTests.abort",
        ],
        "relaybench compare": ["--fail-over": "CommandTests.compare"],
        "relaybench report": ["--html": "ReportPageTests.screenshot"],
    ]

    /// Those of which no test shows the effect, with the reason where there is one. This list is to
    /// become shorter; nothing may be added to it.
    static let uncovered: [String: Set<String>] = [
        // There is nothing between two tables when only one is printed.
        "relayctl top": ["--interval"],
        // The script is what it is, with --json too.
        "relayctl completions": ["--json"],
        // A store has to grow by much while a snapshot is taken.
        "relayctl snapshot create": ["--max-growth"],
        "relaybench run": [
            "--warm-up", "--ramp", "--seed", "--pid", "--admin-socket", "--allow-busy", "--quiet",
        ],
        "relaybench report": ["--svg"],
    ]
}
