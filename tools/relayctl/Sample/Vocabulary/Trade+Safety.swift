extension Trade {
    static let intercom = Trade(
        "Sprechanlage", company: "Kommunikationstechnik",
        cases: """
            Gegensprechanlage stumm, {wohnung}
            Man hört nur ein Rauschen, der Besucher an der Tür versteht mich aber.
            Das Hörermodul in der Wohnung ist defekt, es passt nur ein Gerät der Baureihe.
            Innenstation getauscht und angelernt, Gespräch und Öffner geprüft.
            Innenstation.jpg

            Klingel ohne Funktion, {lage}
            Die Klingel geht nicht, der Paketbote legt alles vor die Haustür.
            Ein Kabelbruch in der Steigleitung, eine Reserveader ist vorhanden.
            Auf die Reserveader umgelegt, alle Klingeln im Strang wieder in Ordnung.
            Klingelbrett.jpg

            Türöffner summt, aber Tür geht nicht auf
            Der Summer ist zu hören, die Haustür bleibt jedoch zu.
            Der elektrische Türöffner klemmt, weil die Tür sich gesenkt hat.
            Türöffner neu eingestellt und Schließblech versetzt.
            Schliessblech.jpg

            Klingelschild ändern, {wohnung}
            Nach der Umschreibung des Vertrags bitte den Namen am Klingelbrett ändern.
            Das Klingelbrett hat ein altes Format, die Gravur dauert etwa eine Woche.
            Schild graviert und eingesetzt, Briefkasten ebenfalls beschriftet.
            Klingelbrett.jpg
            """)

    static let smokeDetectors = Trade(
        "Rauchwarnmelder", company: "Brandschutz",
        cases: """
            Rauchwarnmelder piept, {wohnung}
            Der Melder im Flur gibt jede Minute einen Ton, auch nachts.
            Batterie am Ende der Lebensdauer, Gerät von 2013. Alle Melder der Wohnung sind fällig.
            Drei Melder ersetzt, Seriennummern erfasst, Probealarm durchgeführt.
            Melder.jpg Pruefnachweis.pdf

            Rauchwarnmelder fehlt im Kinderzimmer, {lage}
            Beim Streichen wurde ein Melder abgenommen und ist nicht mehr zu finden.
            Der Sockel ist noch da, das passende Gerät haben wir vorrätig.
            Melder montiert und im Prüfbuch eingetragen.
            Kinderzimmer.jpg

            Jährliche Prüfung der Rauchwarnmelder, {wohnung}
            Zum angekündigten Termin war niemand zu Hause, bitte einen neuen vereinbaren.
            Zwei von vier Meldern sind überstrichen und damit unbrauchbar.
            Zwei Melder ersetzt, Prüfung nach DIN 14676 ohne weiteren Mangel abgeschlossen.
            Pruefnachweis.pdf
            """)

    static let locks = Trade(
        "Schließanlage", company: "Sicherheitstechnik",
        cases: """
            Haustür schließt nicht mehr
            Die Haustür fällt nicht ins Schloss, nachts steht sie offen.
            Der Obentürschließer verliert Öl, die Tür hat keine Schließkraft mehr.
            Türschließer ersetzt und auf Kraft und Endschlag eingestellt.
            Haustuer.jpg

            Schlüssel verloren, {wohnung}
            Ich habe gestern meinen Schlüsselbund verloren, es ist ein Schlüssel der Anlage dabei.
            Laut Sicherungskarte sind sieben Zylinder der Anlage betroffen.
            Zylinder der Wohnung getauscht, drei Schlüssel gegen Unterschrift übergeben.
            Sicherungskarte.pdf

            Wohnungstür klemmt, {lage}
            Die Tür lässt sich nur mit Gewalt schließen, sie schleift am Boden.
            Das Türblatt hat sich gesenkt, die Bänder lassen sich noch nachstellen.
            Tür ausgehängt, gekürzt und neu eingestellt. Sie schließt wieder leicht.
            Wohnungstuer.jpg

            Schließzylinder schwergängig, {wohnung}
            Der Schlüssel lässt sich nur nach mehreren Versuchen drehen.
            Der Zylinder ist verschlissen, laut Sicherungskarte Baujahr 1998.
            Zylinder ersetzt, alle vorhandenen Schlüssel geprüft.
            Zylinder.jpg

            Briefkasten aufgebrochen, {wohnung}
            Das Fach wurde aufgehebelt, Post ist verschwunden. Anzeige ist erstattet.
            Klappe und Schloss sind verbogen, die Anlage selbst ist noch in Ordnung.
            Briefkastenschloss erneuert, Klappe gerichtet.
            Briefkasten.jpg Anzeige.pdf
            """)

    static let garage = Trade(
        "Tiefgarage", company: "Torsysteme", shared: true,
        cases: """
            Tiefgaragentor öffnet nicht
            Das Tor bleibt nach einem halben Meter stehen, mehrere Wagen kommen nicht heraus.
            Torfeder gebrochen, das Tor ist bis zur Reparatur von Hand gesichert.
            Beide Federn ersetzt, Lauf eingestellt, UVV-Prüfung durchgeführt.
            Tor.jpg Pruefbuch-Tor.pdf

            Handsender ohne Funktion, Stellplatz 17
            Auch mit neuer Batterie öffnet das Tor nicht, der Sender des Nachbarn geht.
            Der Empfänger verliert angelernte Sender, er muss ersetzt werden.
            Empfänger getauscht und alle 34 Sender neu angelernt.
            Senderliste.pdf

            Lüftung in der Tiefgarage zu laut
            Die Lüftung läuft die ganze Nacht und ist im Erdgeschoss deutlich zu hören.
            Der CO-Sensor steht auf Dauerlauf, Kalibrierung ist überfällig.
            Sensor kalibriert, die Lüftung läuft nur noch bei Bedarf.
            Sensorprotokoll.pdf

            Ampel an der Rampe ausgefallen
            Die Ampel zeigt in beiden Richtungen Grün, gestern gab es fast einen Unfall.
            Die Steuerung hat nach dem Gewitter einen Überspannungsschaden.
            Ampelsteuerung ersetzt, Räumzeit auf zwölf Sekunden gestellt.
            Rampe.jpg
            """)
}
