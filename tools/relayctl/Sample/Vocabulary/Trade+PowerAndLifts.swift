extension Trade {
    static let electrical = Trade(
        "Elektro", company: "Elektrotechnik",
        cases: """
            Sicherung fliegt ständig raus, {wohnung}
            Sobald die Waschmaschine läuft, fällt die Sicherung. Das Gerät wurde schon geprüft.
            Isolationsfehler auf dem Stromkreis Bad gemessen, unter 0,3 Megaohm.
            Leitung zur Waschmaschine erneuert, Stromkreis nach DIN VDE 0100-600 geprüft.
            Verteiler.jpg Messprotokoll-VDE.pdf

            Steckdose in der Küche ohne Strom, {lage}
            Zwei Steckdosen neben der Spüle sind tot, an einer riecht es verschmort.
            Klemmstelle in der Verteilerdose verschmort, die Leitung muss ein Stück weit ersetzt \
            werden.
            Dose und Leitung erneuert, Steckdosen ersetzt, Beschriftung im Verteiler nachgetragen.
            Steckdose.jpg

            Herdanschluss defekt, {wohnung}
            Am Herd funktionieren nur noch zwei von vier Platten.
            Eine Phase am Herdanschluss fehlt, die Ursache liegt in der Unterverteilung.
            Herdanschlussdose und Klemme ersetzt, alle drei Phasen liegen wieder an.
            Herdanschluss.jpg

            Stromausfall in der Wohnung, {lage}
            Seit heute früh ist die halbe Wohnung ohne Strom, die Nachbarn sind nicht betroffen.
            Der Neutralleiter war an der Zählerklemme lose, Geräte haben keinen Schaden genommen.
            Klemmen nachgezogen, Zählerplatz geprüft und mit dem Netzbetreiber abgestimmt.
            Zaehlerplatz.jpg Pruefbericht.pdf

            FI-Schutzschalter löst aus, {wohnung}
            Der FI-Schalter lässt sich nicht mehr einschalten.
            Der FI-Schutzschalter ist 31 Jahre alt und löst schon bei 14 mA aus.
            Schutzschalter getauscht und Auslösezeiten gemessen, alles in Ordnung.
            FI-Schalter.jpg Messprotokoll-VDE.pdf
            """)

    static let lighting = Trade(
        "Beleuchtung", company: "Elektroservice", shared: true,
        cases: """
            Licht im Treppenhaus ausgefallen
            Zwischen dem ersten und dem zweiten Stock bleibt es abends dunkel.
            Der Treppenlichtautomat ist defekt, ein Ersatzgerät haben wir im Wagen.
            Treppenlichtautomat ersetzt, Nachlaufzeit auf drei Minuten gestellt.
            Treppenhaus.jpg

            Außenbeleuchtung am Eingang defekt
            Die Lampe über der Haustür flackert seit Tagen, jetzt ist sie ganz aus.
            In die Außenleuchte ist Wasser eingedrungen, die Dichtung ist porös.
            Leuchte durch LED ersetzt und an den Dämmerungsschalter gehängt.
            Aussenleuchte.jpg Angebot-LED.pdf

            Dauerlicht im Kellergang
            Im Keller brennt das Licht rund um die Uhr, der Taster hat keine Wirkung.
            Das Relais ist verklebt, außerdem sind zwei Taster ohne Feder.
            Relais und Taster ersetzt, das Licht schaltet nach vier Minuten ab.
            Kellergang.jpg

            Bewegungsmelder in der Tiefgarage reagiert nicht
            Beim Einfahren geht das Licht erst an, wenn man schon ausgestiegen ist.
            Der Melder ist auf die Wand gerichtet und durch ein Rohr verdeckt.
            Bewegungsmelder versetzt und eingestellt, er erfasst jetzt auch die Rampe.
            Bewegungsmelder.jpg
            """)

    static let lift = Trade(
        "Aufzug", company: "Aufzüge", shared: true,
        cases: """
            Aufzug steht im 2. OG
            Der Aufzug steht mit offener Tür und reagiert auf keinen Knopf. Im Dachgeschoss wohnt \
            eine Dame im Rollstuhl.
            Der Frequenzumrichter meldet Überlast, die Bremse schleift.
            Bremse eingestellt, Umrichter quittiert, zwanzig Probefahrten ohne Störung.
            Anzeige-Aufzug.jpg Wartungsnachweis.pdf

            Aufzugtür schließt nicht
            Die Tür fährt zu und gleich wieder auf, manchmal minutenlang.
            Türkontakt im 2. OG verschmutzt, der Lichtvorhang hat einen Riss.
            Türkontakte gereinigt, Lichtvorhang ersetzt. Anlage wieder freigegeben.
            Aufzugtuer.jpg

            Aufzug hält nicht bündig
            Die Kabine bleibt etwa fünf Zentimeter unter der Schwelle stehen, eine Stolperfalle.
            Der Kabinenboden ist abgesenkt, die Puffer müssen getauscht werden. Angebot folgt.
            Puffer getauscht und Haltegenauigkeit auf fünf Millimeter gebracht.
            Tuerschwelle.jpg Angebot-Puffer.pdf

            Notruf im Aufzug ohne Verbindung
            Beim wöchentlichen Test des Notrufs hat sich niemand gemeldet.
            Die SIM-Karte des Notrufgeräts ist abgelaufen.
            Notrufgerät mit neuer Karte in Betrieb genommen, Leitstelle hat sich gemeldet.
            Notrufprotokoll.pdf

            Aufzug ruckelt beim Anfahren
            Beim Anfahren gibt es einen Schlag, und es riecht nach Gummi.
            Die Führungsschuhe sind eingelaufen, die Schienen trocken.
            Führungsschuhe ersetzt, Schienen gereinigt und geölt. Fährt wieder ruhig an.
            Fuehrungsschuh.jpg Wartungsnachweis.pdf
            """)
}
