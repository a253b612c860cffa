extension Trade {
    static let garden = Trade(
        "Außenanlagen", company: "Garten- und Landschaftsbau", shared: true,
        cases: """
            Baum am Parkplatz nicht standsicher
            Nach dem Sturm hängt ein großer Ast über den Stellplätzen 4 bis 6.
            Die Birke ist im Stammfuß faul und muss gefällt werden. Genehmigung ist beantragt.
            Birke gefällt, Stubben gefräst und Schnittgut abgefahren.
            Baum.jpg Baumgutachten.pdf

            Hecke ragt auf den Gehweg
            Die Hecke ist so breit, dass man mit dem Kinderwagen auf die Straße muss.
            Rückschnitt ist bis Ende Februar erlaubt, Formschnitt auch danach.
            Hecke auf die Grundstücksgrenze zurückgeschnitten.
            Hecke.jpg

            Gehwegplatte lose, Stolpergefahr
            Vor dem Hauseingang wackelt eine Platte, gestern ist jemand gestolpert.
            Der Unterbau ist ausgespült, rund vier Quadratmeter müssen neu verlegt werden.
            Platten aufgenommen, Splittbett erneuert und neu verlegt.
            Gehwegplatte.jpg

            Spielgerät im Hof beschädigt
            An der Schaukel ist ein Seil durchgescheuert, wir haben sie hochgebunden.
            Auch die Aufhängung ist eingelaufen, das Gerät bleibt bis zur Reparatur gesperrt.
            Seil und Aufhängung ersetzt, Prüfung nach DIN EN 1176 bestanden.
            Schaukel.jpg Pruefbericht-Spielplatz.pdf
            """)

    static let cleaning = Trade(
        "Reinigung", company: "Gebäudedienste", shared: true,
        cases: """
            Treppenhausreinigung unzureichend
            Seit drei Wochen wurde ab dem zweiten Stock nicht mehr gewischt.
            Der Reinigungsplan war falsch ausgehängt, die Kolonne kam nur alle zwei Wochen.
            Nachreinigung erledigt, Plan berichtigt und im Schaukasten ausgehängt.
            Treppenhaus.jpg Reinigungsplan.pdf

            Sperrmüll im Hof
            Neben den Tonnen liegen Matratzen und ein Schrank, niemand will es gewesen sein.
            Etwa drei Kubikmeter Sperrmüll, ein Verursacher ist nicht zu ermitteln.
            Sperrmüll abgefahren und Platz gekehrt, Wiegeschein liegt bei.
            Hof.jpg Wiegeschein.pdf

            Mülltonnen nicht geleert
            Die Papiertonne quillt über, die Abfuhr ist am Dienstag wieder vorbeigefahren.
            Die Tonnen standen hinter dem verschlossenen Tor, daher keine Leerung.
            Sonderleerung veranlasst, der Entsorger hat nun einen Schlüssel.
            Tonnenplatz.jpg

            Sonderreinigung nach Rohrbruch
            Nach den Arbeiten im Keller liegt überall Schlamm im Eingangsbereich.
            Boden im Eingang und auf der Kellertreppe, zusammen etwa 40 Quadratmeter.
            Böden nass gereinigt und desinfiziert, Fußmatte ersetzt.
            Eingang.jpg
            """)
}
