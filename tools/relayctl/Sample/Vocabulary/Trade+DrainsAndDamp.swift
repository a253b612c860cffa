extension Trade {
    static let drains = Trade(
        "Abwasser", company: "Rohrreinigung", shared: true,
        cases: """
            Abwasserrohr verstopft, Grundleitung
            Mehrere Nachbarn melden, dass die Toiletten im Erdgeschoss glucksen.
            Wurzeleinwuchs in der Grundleitung bei Meter 11, eine Kamerabefahrung liegt bei.
            Grundleitung gefräst und gespült, danach mit der Kamera kontrolliert.
            Kamerabefahrung.pdf Revisionsschacht.jpg

            Rückstau im Waschkeller
            Im Waschkeller drückt das Abwasser aus dem Bodenablauf, sobald oben jemand duscht.
            Fettablagerungen auf drei Metern Länge, vermutlich aus der Gaststätte.
            Leitung mit Hochdruck gereinigt. Wir empfehlen eine Spülung im Jahr.
            Waschkeller.jpg Angebot-Wartung.pdf

            Fauliger Geruch aus dem Bodenablauf im Keller
            Im ganzen Treppenhaus riecht es nach Kanal, am stärksten vor der Kellertür.
            Der Geruchsverschluss war ausgetrocknet, sonst kein Befund.
            Bodenablauf gereinigt und Sperrwasser mit Verdunstungsschutz aufgefüllt.
            Bodenablauf.jpg

            Regenrinne läuft über, Hofseite
            Bei Regen schießt das Wasser über die Rinne auf den Gehweg, die Fassade wird nass.
            Das Fallrohr ist auf Höhe des ersten Obergeschosses mit Laub zugesetzt.
            Rinne und Fallrohr gereinigt, Laubfangkorb eingesetzt.
            Regenrinne.jpg Fassade.jpg
            """)

    static let mould = Trade(
        "Schimmel", company: "Bausanierung",
        cases: """
            Schimmel im Schlafzimmer, {wohnung}
            In der Außenecke hat sich Schimmel gebildet, obwohl wir zweimal am Tag lüften.
            Oberflächentemperatur in der Ecke 11,4 Grad: eine Wärmebrücke, kein Lüftungsfehler.
            Kalziumsilikatplatten in der Ecke angebracht, verspachtelt und gestrichen.
            Zimmerecke.jpg Thermografie.pdf

            Schwarze Stellen am Fenstersturz, {lage}
            Am Fenstersturz sind schwarze Punkte, die nach dem Abwischen wiederkommen.
            Raumluftfeuchte 71 Prozent. Wir haben einen Datenlogger für zwei Wochen aufgestellt.
            Fläche behandelt und mit Silikatfarbe gestrichen, Lüftungsplan übergeben.
            Fenstersturz.jpg Datenlogger.pdf

            Stockflecken hinter dem Schrank, {wohnung}
            Hinter dem Kleiderschrank ist die Tapete feucht, und es riecht muffig.
            Putz auf 1,2 Quadratmetern befallen, darunter ist das Mauerwerk trocken.
            Befallenen Putz entfernt, desinfiziert und mit Kalkputz neu aufgebaut.
            Schrankwand.jpg Feuchtemessung.pdf
            """)

    static let pests = Trade(
        "Schädlingsbekämpfung", company: "Schädlingsbekämpfung",
        cases: """
            Wespennest am Balkon, {wohnung}
            Unter dem Balkonkasten ist ein Nest, unser Sohn reagiert auf Stiche allergisch.
            Es sind Hornissen, sie stehen unter Schutz. Umsiedlung ist mit der Behörde abgestimmt.
            Nest umgesiedelt und Einflugstelle verschlossen.
            Nest.jpg Genehmigung.pdf

            Mäuse im Keller
            Im Kellerabteil sind Vorräte angefressen, überall liegt Kot.
            Zugang über eine offene Rohrdurchführung in der Kellerwand.
            Durchführung abgedichtet, sechs Köderstationen gesetzt und im Plan vermerkt.
            Koederplan.pdf Kellerwand.jpg

            Tauben nisten auf dem Balkon, {lage}
            Die Tauben kommen jeden Morgen, der Balkon ist nicht mehr zu benutzen.
            Kein Gelege vorhanden, ein Netz kann sofort gespannt werden.
            Taubennetz gespannt, Balkon gereinigt und desinfiziert.
            Balkon.jpg

            Ameisen in der Küche, {wohnung}
            Eine Ameisenstraße führt vom Fenster bis zum Vorratsschrank.
            Befall gering, Köder genügen. Eine zweite Kontrolle folgt in vierzehn Tagen.
            Köder ausgelegt, Fuge am Fensterbrett geschlossen, Nachkontrolle ohne Befall.
            Fensterbrett.jpg
            """)
}
