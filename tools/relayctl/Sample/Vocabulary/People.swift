/// Names of the people in the sample, as a German doorbell panel has them.
enum People {
    static let women = words(
        """
        Andrea Anja Anna Ayşe Barbara Birgit Carolin Christina Claudia Cornelia Daniela Elena Elif
        Emma Eva Fatma Franziska Gabriele Greta Hannah Heike Helga Ilse Ines Jana Julia Karin
        Katharina Katja Kerstin Lara Laura Lea Lena Lisa Magdalena Manuela Maria Marie Martina Mia
        Monika Nadine Natalia Nicole Olga Petra Renate Sabine Sandra Sarah Silke Sofia Stefanie
        Susanne Svetlana Tanja Theresa Ursula Ute Vanessa Yasemin Zoë
        """)

    static let men = words(
        """
        Ahmet Alexander Andreas Armin Bernd Björn Carsten Christian Daniel David Dennis Dieter Dirk
        Emre Fabian Felix Florian Frank Georg Günther Hans Heinz Holger Igor Jan Jens Joachim Johannes
        Jonas Jörg Jürgen Karl Klaus Lars Leon Lukas Manfred Marcel Mario Markus Martin Matthias Max
        Mehmet Michael Mohammed Murat Niklas Oliver Paul Peter Philipp Rainer Ralf Robert Sebastian
        Sören Stefan Sven Thomas Thorsten Tim Tobias Torben Uwe Volker Wolfgang
        """)

    static let families = words(
        """
        Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
        Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange
        Krause Lehmann Köhler Maier Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz
        Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck
        Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher
        Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Schulte
        Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold Wolff
        Pfeiffer Yılmaz Kaya Demir Çelik Özdemir Aydın Nowak Kowalski Wójcik Popescu Ivanova Petrov
        Nguyen Rossi Novák Horvat Jansen Petersen Hansen Brinkmann Lindner Wiese Thiele Riedel
        Ebert Stock Döring Götz Nagel Bender Hildebrandt
        """)

    /// A name as it can stand in a mail address. Scalars, because comparing characters means
    /// normalising them, which took a third of the time that making an order takes.
    static func ascii(_ name: String) -> String {
        var result = ""
        for scalar in name.lowercased().unicodeScalars {
            switch scalar {
            case "ä": result += "ae"
            case "ö": result += "oe"
            case "ü": result += "ue"
            case "ß": result += "ss"
            case "ş": result += "s"
            case "ı": result += "i"
            case "ç": result += "c"
            case "ó", "ò": result += "o"
            case "á": result += "a"
            case "ë": result += "e"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\n" }.map(String.init)
    }
}

/// Who lives in a unit.
struct Resident {
    let isWoman: Bool
    let firstName: String
    let lastName: String
    let phone: String
    let isOwner: Bool

    init(_ random: inout Random) {
        isWoman = random.percent(50)
        firstName = random.pick(isWoman ? People.women : People.men)
        lastName = random.pick(People.families)
        let digits = random.below(100)
        phone = City.mobilePrefix + (digits < 10 ? "0\(digits)" : "\(digits)")
        isOwner = random.percent(25)
    }

    var name: String { "\(firstName) \(lastName)" }
    var salutation: String { (isWoman ? "Frau " : "Herr ") + lastName }
    var salutationDative: String { (isWoman ? "Frau " : "Herrn ") + lastName }

    /// `.example` belongs to nobody: no mail about a sample ever arrives.
    var email: String { "\(People.ascii(firstName)).\(People.ascii(lastName))@post.example" }
}
