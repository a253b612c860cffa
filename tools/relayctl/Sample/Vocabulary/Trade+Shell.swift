extension Trade {
    static let roof = Trade(
        "Dach", company: "Bedachungen", shared: true,
        cases: """
            Dachziegel nach Sturm verrutscht
            Auf dem Gehweg liegen Ziegelstücke, oben sieht man eine Lücke in der Traufe.
            Sieben Ziegel gebrochen, die Lattung ist in Ordnung. Absperrung am Gehweg steht.
            Ziegel ersetzt und die Reihe mit Sturmklammern gesichert.
            Dach-Drohne.jpg Gehweg.jpg

            Flachdach undicht über dem Treppenhaus
            Nach dem Regen tropft es im obersten Stock durch die Lampe.
            Die Bahn ist an der Attika auf zwei Metern gerissen, die Dämmung ist feucht.
            Bahn ausgeschnitten und neu verschweißt, Flutprobe bestanden.
            Attika.jpg Flutprobe.pdf

            Dachfenster im Trockenboden undicht
            Am Dachfenster läuft Wasser herein, das Holz ist schon schwarz.
            Eindeckrahmen verrostet, eine Reparatur lohnt nicht mehr. Angebot liegt bei.
            Fenster mit Eindeckrahmen ersetzt, Innenfutter gestrichen.
            Dachfenster.jpg Angebot-Dachfenster.pdf

            Blech am Kamin gelöst
            Bei Wind schlägt ein Blech gegen den Kamin, man hört es im ganzen Haus.
            Die Verwahrung hat sich aus der Fuge gelöst, der Mörtel ist ausgewaschen.
            Kaminverwahrung erneuert und Fuge abgedichtet.
            Kamin.jpg
            """)

    static let windows = Trade(
        "Fenster und Türen", company: "Fensterbau",
        cases: """
            Fenster lässt sich nicht schließen, {wohnung}
            Der Flügel hängt schief und geht nicht mehr zu, es regnet herein.
            Die Schere am Beschlag ist gebrochen, das Teil gibt es nur noch gebraucht.
            Beschlag ersetzt und Flügel eingestellt, schließt dicht.
            Fenster.jpg

            Zugluft an der Balkontür, {lage}
            Trotz geschlossener Balkontür zieht es so stark, dass sich der Vorhang bewegt.
            Die Dichtung ist auf ganzer Länge hart, der Anpressdruck reicht nicht.
            Dichtungen erneuert und Schließzapfen nachgestellt.
            Balkontuer.jpg

            Rollladen klemmt, {wohnung}
            Der Rollladen ist auf halber Höhe stehen geblieben, der Gurt ist gerissen.
            Zwei Lamellen sind verkantet, der Wickler hat keine Spannung mehr.
            Gurt und Wickler getauscht, Lamellen ausgerichtet.
            Rollladen.jpg

            Fensterscheibe gesprungen, {lage}
            In der äußeren Scheibe ist ein Sprung von unten bis zur Mitte.
            Isolierglas 84 mal 121 Zentimeter, Lieferzeit etwa drei Wochen.
            Scheibe eingesetzt und versiegelt, alte Scheibe entsorgt.
            Scheibe.jpg Aufmass.pdf
            """)

    static let painting = Trade(
        "Maler", company: "Malerbetrieb",
        cases: """
            Treppenhaus streichen, Erdgeschoss bis 2. OG
            Nach dem Umzug im zweiten Stock sind die Wände im Treppenhaus voller Streifen.
            Der Untergrund ist tragfähig, es genügt ein Zwischenanstrich.
            Flächen grundiert und zweimal gestrichen, Boden und Geländer gereinigt.
            Treppenhaus-Wand.jpg Angebot-Anstrich.pdf

            Decke nach Wasserschaden streichen, {wohnung}
            Die Trocknung ist beendet, der Fleck an der Decke ist noch zu sehen.
            Restfeuchte in Ordnung, der Fleck muss vor dem Anstrich isoliert werden.
            Fleck isoliert und Decke vollflächig gestrichen.
            Decke.jpg

            Graffiti an der Fassade
            Über Nacht wurde die Hofmauer auf etwa sechs Metern besprüht.
            Die Farbe ist tief eingezogen, ein Teil muss überstrichen werden.
            Graffiti entfernt, Teilfläche gestrichen und Schutzwachs aufgetragen.
            Fassade.jpg Anzeige.pdf

            Putz bröckelt im Hausflur
            Neben der Kellertür fällt der Putz in handgroßen Stücken ab.
            Salze im Putz, vor dem Anstrich muss der Sockel saniert werden.
            Sockel mit Sanierputz erneuert und gestrichen.
            Sockel.jpg
            """)
}
