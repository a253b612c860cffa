/// German cities with postal codes that are really theirs.
struct City: Sendable {
    let name: String
    let postalCodes: [String]

    private init(_ line: Substring) {
        let parts = line.split(separator: ":")
        name = String(parts[0])
        postalCodes = parts[1].split(separator: " ").map(String.init)
    }

    /// Where properties are. A city with more codes is larger; `pick` over codes would weigh it.
    static let all = """
        Berlin: 10115 10178 10243 10405 10435 10551 10585 10623 10777 10823 10961 10999 12043 12103
        Berlin: 12157 12203 12347 12435 12555 12679 13055 13086 13187 13347 13403 13507 13585 14163
        Hamburg: 20144 20249 20253 20259 20357 20535 21073 22041 22081 22083 22087 22111 22145 22177
        Hamburg: 22297 22301 22303 22305 22307 22335 22415 22453 22525 22527 22529 22549 22589 22765
        München: 80331 80333 80337 80339 80469 80538 80634 80636 80687 80796 80797 80798 81241 81369
        München: 81371 81541 81543 81667 81669 81671 81675 81735 81825 81925 81927
        Köln: 50667 50670 50672 50674 50677 50678 50733 50735 50823 50825 50931 50937 51063 51103
        Frankfurt am Main: 60313 60314 60316 60318 60320 60322 60325 60385 60431 60486 60487 60594
        Stuttgart: 70173 70176 70178 70180 70182 70184 70190 70191 70193 70197 70327 70372 70469
        Düsseldorf: 40211 40213 40217 40219 40221 40223 40227 40233 40237 40239 40470 40476 40479
        Leipzig: 04103 04105 04107 04109 04129 04155 04157 04177 04179 04229 04275 04277 04315 04317
        Dresden: 01067 01069 01097 01099 01127 01157 01159 01187 01219 01237 01277 01307 01309 01326
        Hannover: 30159 30161 30163 30165 30167 30169 30171 30173 30175 30177 30419 30449 30451
        Nürnberg: 90402 90403 90408 90409 90419 90429 90439 90443 90459 90461 90478 90482 90489
        Bremen: 28195 28199 28201 28203 28205 28207 28209 28211 28213 28215 28217 28219 28237 28259
        Dortmund: 44135 44137 44139 44141 44143 44145 44147 44225 44227 44263 44269 44287 44309
        Essen: 45127 45128 45130 45131 45133 45134 45136 45138 45141 45143 45144 45145 45147 45239
        Karlsruhe: 76131 76133 76135 76137 76139 76149 76185 76187 76189 76199 76227
        Mannheim: 68159 68161 68163 68165 68167 68169 68199 68219 68239 68259 68305 68307 68309
        Freiburg im Breisgau: 79098 79100 79102 79104 79106 79108 79110 79111 79114 79115 79117
        Münster: 48143 48145 48147 48149 48151 48153 48155 48157 48159 48161 48163 48165 48167
        Bonn: 53111 53113 53115 53117 53119 53121 53123 53127 53129 53173 53175 53177 53225
        Augsburg: 86150 86152 86153 86154 86156 86157 86159 86161 86163 86165 86167 86179 86199
        Wiesbaden: 65183 65185 65187 65189 65191 65193 65195 65197 65199
        Mainz: 55116 55118 55120 55122 55124 55126 55128 55129 55130 55131
        Kiel: 24103 24105 24106 24114 24116 24118 24143 24145 24147 24149 24159
        Rostock: 18055 18057 18059 18069 18106 18107 18109 18119 18146 18147
        Erfurt: 99084 99085 99086 99087 99089 99091 99092 99094 99096 99097 99099
        Magdeburg: 39104 39106 39108 39110 39112 39114 39116 39118 39120 39122 39124 39126
        Potsdam: 14467 14469 14471 14473 14478 14480 14482
        Heidelberg: 69115 69117 69118 69120 69121 69123 69124 69126
        Regensburg: 93047 93049 93051 93053 93055 93057 93059
        Lübeck: 23552 23554 23556 23558 23560 23562 23564 23566 23568
        """.split(separator: "\n").map(City.init)

    /// Cities that companies and managers have their offices in, each with the block of numbers
    /// that the Federal Network Agency keeps free for films: nobody's telephone rings.
    static let offices: [(name: String, postalCode: String, phone: String)] = [
        ("Berlin", "10117", "+49 30 23125"), ("Hamburg", "20354", "+49 40 66969"),
        ("München", "80335", "+49 89 99998"), ("Köln", "50668", "+49 221 4710"),
        ("Frankfurt am Main", "60311", "+49 69 90009"),
    ]

    /// The same for mobile numbers; two digits follow.
    static let mobilePrefix = "+49 176 040690"
}

enum Streets {
    static let names = """
        Ahornweg,Akazienstraße,Alte Landstraße,Am Anger,Am Bahnhof,Am Hang,Am Kirchberg,\
        Am Mühlbach,Am Sportplatz,An der Stadtmauer,Ankerstraße,Augustenstraße,Bachstraße,\
        Bahnhofstraße,Beethovenstraße,Bergmannstraße,Bergstraße,Berliner Straße,Birkenweg,\
        Bismarckstraße,Blumenstraße,Brahmsallee,Breite Straße,Brückenstraße,Brunnenweg,\
        Buchenallee,Dorfstraße,Eichendorffstraße,Eichenweg,Elisabethstraße,Erlenweg,\
        Feldstraße,Fichtestraße,Friedensplatz,Friedrich-Ebert-Straße,Friedrichstraße,\
        Gartenstraße,Gerberau,Goethestraße,Grüner Weg,Gutenbergstraße,Hafenstraße,\
        Hansaring,Hauptstraße,Heidestraße,Heinrich-Heine-Allee,Herderstraße,\
        Hermann-Löns-Weg,Hohe Straße,Humboldtstraße,Im Wiesengrund,Industriestraße,\
        Jahnstraße,Johannisstraße,Kaiserstraße,Kantstraße,Karlstraße,Kastanienallee,\
        Käthe-Kollwitz-Straße,Kirchgasse,Kirchstraße,Klosterstraße,Königsallee,\
        Körnerstraße,Kurze Straße,Lange Straße,Lerchenweg,Lessingstraße,Lindenallee,\
        Lindenstraße,Ludwigstraße,Luisenstraße,Marienplatz,Markgrafenstraße,Marktstraße,\
        Maximilianstraße,Meisenweg,Mozartstraße,Mühlenweg,Münchner Straße,Neue Gasse,\
        Nordring,Parkstraße,Paul-Gerhardt-Straße,Pestalozzistraße,Poststraße,Querstraße,\
        Rathausplatz,Ringstraße,Robert-Koch-Straße,Rosenweg,Rosa-Luxemburg-Straße,\
        Schillerstraße,Schloßstraße,Schubertstraße,Schulstraße,Schützenstraße,\
        Sedanstraße,Sonnenhang,Sophienstraße,Steinweg,Südring,Talstraße,Tannenweg,\
        Theodor-Heuss-Ring,Turmstraße,Uferstraße,Uhlandstraße,Ulmenweg,Waldstraße,\
        Wallstraße,Weberstraße,Weinbergstraße,Werderstraße,Wiesenweg,Wilhelmstraße,\
        Windmühlenstraße,Zeppelinstraße,Ziegeleiweg
        """.split(separator: ",").map(String.init)
}
