import CivilTime
import JSON
import Options
import RelayContract

/// `relayctl import arge`: an answer of the ARGE consumption data interface becomes energy data of the units
/// that have its numbers. A unit's data of a month replaces what was there, so a second import changes nothing.
enum ImportCommand {
    static func arge(_ arguments: Arguments) throws(CommandError) -> Report {
        let isDryRun = arguments[Commands.dryRun]
        let name = arguments[Commands.mscName]
        guard (1...Limits.mscNameCharacters).contains(name.unicodeScalars.count) else {
            throw .usage("--msc-name has 1 to \(Limits.mscNameCharacters) characters")
        }
        let (answer, faults) = try read(arguments[Commands.argeFile])
        guard let answer else {
            var result = ImportResult(isDryRun: isDryRun)
            result.faults = faults
            return result.report(allowsUnmatched: false)
        }
        let target = try target(arguments)
        let match = try UnitMatch(
            answer, in: target, propertyID: arguments[Commands.importProperty].map { UInt64($0) })
        var result = ImportResult(isDryRun: isDryRun)
        result.take(match, answer)
        var batch: [(ArgeAnswer.Unit, Unit, EedDelivery)] = []
        var bytes = 0
        for (metered, unit) in match.matched {
            let delivery = match.delivery(metered, unit, answer.period, mscName: name)
            batch.append((metered, unit, delivery))
            bytes += delivery.json.count
            if batch.count == Limits.deliveriesAtOnce || bytes > Limits.deliveryBytesAtOnce {
                result.take(batch, try target.deliver(batch.map(\.2), isDryRun: isDryRun))
                (batch, bytes) = ([], 0)
            }
        }
        if !batch.isEmpty {
            result.take(batch, try target.deliver(batch.map(\.2), isDryRun: isDryRun))
        }
        return result.report(allowsUnmatched: arguments[Commands.allowUnmatched])
    }

    private static func read(
        _ path: String
    ) throws(CommandError) -> (answer: ArgeAnswer?, faults: [Fault]) {
        var source = try LineSource(path)
        var bytes: [UInt8] = []
        while let batch = try source.next(upTo: Limits.argeBytes) {
            bytes += batch.bytes
            guard bytes.count <= Limits.argeBytes else { break }
        }
        let parser = JSONParser()
        let file = path == "-" ? "standard input" : path
        guard bytes.count <= Limits.argeBytes, source.tooLong.isEmpty else {
            throw .badDocument("\(file) has more than \(Limits.argeBytes >> 20) MiB")
        }
        do throws(JSONFault) {
            return try parser.parse(bytes) { root in
                var reader = ArgeReader()
                let answer = reader.read(root)
                return (answer, reader.faults)
            }
        } catch {
            throw .badDocument("\(file) is no JSON document: \(error)")
        }
    }

    private static func target(_ arguments: Arguments) throws(CommandError) -> any EedTarget {
        let isStoreTyped = arguments.origin(of: Commands.storeUnserved) == .commandLine
        if arguments.origin(of: Commands.importSocket) == .commandLine, isStoreTyped {
            throw .usage("--socket and --store exclude one another")
        }
        // What is typed counts more than a variable.
        if !isStoreTyped, let socket = arguments[Commands.importSocket] {
            guard let keyFile = arguments[Commands.keyFile] else {
                throw .usage("--socket needs --key-file FILE: a key says whose units they are")
            }
            guard arguments[Commands.importAccount] == nil else {
                throw .usage("--account is for --store: with --socket the key has an account")
            }
            return try ServedAccount(socket: socket, keyFile: keyFile)
        }
        guard let directory = arguments[Commands.storeUnserved],
            let account = arguments[Commands.importAccount]
        else {
            throw .usage(
                "the command does not say into which account: give --socket PATH and --key-file "
                    + "FILE, or --store DIR and --account N")
        }
        return try StoredAccount(directory, account: UInt32(account))
    }
}

/// Which units of the store the units of an answer are.
struct UnitMatch {
    /// The property that the billing unit is, if one has its number.
    let property: Property?
    private(set) var matched: [(ArgeAnswer.Unit, Unit)] = []
    private(set) var unmatched: [(unit: ArgeAnswer.Unit, reason: String)] = []

    init(
        _ answer: ArgeAnswer, in target: any EedTarget, propertyID: UInt64?
    ) throws(CommandError) {
        let found = try target.properties().filter {
            propertyID == nil ? $0.mscNumber == answer.billingUnit : $0.id == propertyID
        }
        property = found.count == 1 ? found[0] : nil
        guard let property else {
            if let propertyID { throw .usage("there is no property \(propertyID)") }
            let ids = found.map { "\($0.id)" }.joined(separator: ", ")
            let reason =
                found.isEmpty
                ? "no property has the mscNumber of the billing unit"
                : "properties \(ids) have the mscNumber of the billing unit: choose with --property"
            unmatched = answer.units.map { ($0, reason) }
            return
        }
        var units: [String: [Unit]] = [:]
        for unit in try target.units(of: property) {
            if let number = unit.unitMscNumber { units[number, default: []].append(unit) }
        }
        for metered in answer.units {
            let found = units[metered.mscNumber] ?? []
            switch found.count {
            case 1: matched.append((metered, found[0]))
            case 0: unmatched.append((metered, "no unit of the property has this unitMscNumber"))
            default:
                let ids = found.map { "\($0.id)" }.joined(separator: ", ")
                unmatched.append((metered, "units \(ids) have this unitMscNumber"))
            }
        }
    }

    /// Precondition: there is a property.
    func delivery(
        _ metered: ArgeAnswer.Unit, _ unit: Unit, _ period: CalendarMonth, mscName: String
    ) -> EedDelivery {
        guard let property else { preconditionFailure("units are matched within a property") }
        return EedDelivery(
            propertyId: property.id, unitId: unit.id, customerId: property.customerId,
            period: period, mscName: mscName, consumptions: metered.consumptions,
            benchmarks: metered.benchmarks)
    }
}
