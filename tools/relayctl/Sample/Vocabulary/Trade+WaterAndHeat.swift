extension Trade {
    static let heating = Trade(
        "Heizung", company: "Heizungsbau",
        cases: """
            Heizung ausgefallen, {lage}
            Seit gestern Abend bleiben alle Heizkörper kalt, auch im Bad. Wir haben ein kleines Kind.
            Die Umwälzpumpe läuft nicht an, der Kondensator ist defekt. Ersatzteil ist bestellt.
            Pumpe getauscht, Anlage aufgefüllt und entlüftet. Vorlauf wieder bei 62 Grad.
            Heizkoerper.jpg Typenschild-Pumpe.jpg

            Heizkörper wird nicht warm, {wohnung}
            Der Heizkörper im Schlafzimmer wird nur im oberen Drittel warm, Entlüften hat nichts \
            gebracht.
            Die Anlage ist nicht abgeglichen, der Strang zur Wohnung {lage} bekommt zu wenig Wasser.
            Ventil voreingestellt, Strang gespült und entlüftet. Alle Heizkörper werden warm.
            Heizkoerper.jpg Abgleich.pdf

            Thermostat im Wohnzimmer defekt, {lage}
            Das Thermostat lässt sich nicht mehr drehen, der Raum hat dauerhaft 26 Grad.
            Der Ventilstift sitzt fest, das Unterteil muss getauscht werden.
            Thermostatkopf und Ventileinsatz erneuert, Heizkörper entlüftet, Funktion geprüft.
            Thermostat.jpg

            Heizung macht laute Klopfgeräusche, {wohnung}
            Nachts klopft es in den Rohren so laut, dass wir nicht schlafen können.
            Der Anlagendruck lag bei nur 0,6 bar. Das Ausdehnungsgefäß hält den Druck nicht mehr.
            Ausdehnungsgefäß ersetzt und Anlage auf 1,8 bar gebracht. Bitte in zwei Wochen \
            nachsehen.
            Manometer.jpg

            Kein Warmwasser, {wohnung}
            Warmwasser kommt nur noch lauwarm, und erst nach einigen Minuten.
            Der Fühler am Speicher misst falsch, die Ladepumpe schaltet zu früh ab.
            Speicherfühler ersetzt, Zirkulation eingestellt. An der Zapfstelle 58 Grad gemessen.
            Speicher.jpg Temperaturprotokoll.pdf

            Heizkörperventil undicht, {lage}
            Am Ventil tropft es auf den Boden, eine Schüssel steht darunter.
            Die Stopfbuchse ist undicht, das Ventil ist von 1987 und nicht mehr zu reparieren.
            Ventil ersetzt, Verschraubung neu eingedichtet, Druckprobe ohne Befund.
            Ventil.jpg
            """)

    static let plumbing = Trade(
        "Sanitär", company: "Sanitärtechnik",
        cases: """
            Wasserhahn tropft, {wohnung}
            Der Hahn in der Küche tropft Tag und Nacht, trotz neuer Dichtung.
            Die Kartusche der Armatur ist verkalkt und lässt sich nicht mehr reinigen.
            Armatur erneuert und alle Anschlüsse auf Dichtheit geprüft.
            Armatur.jpg

            Spülkasten läuft ständig nach, {lage}
            Die Toilettenspülung läuft ununterbrochen, das Wasser ist am Absperrventil nicht ganz \
            abzustellen.
            Füllventil und Bodendichtung des Spülkastens sind verschlissen.
            Füllventil und Glocke getauscht, Spülmenge eingestellt. Läuft nicht mehr nach.
            Spuelkasten.jpg

            Siphon unter der Spüle undicht, {wohnung}
            Unter der Spüle steht Wasser im Schrank, die Rückwand ist schon aufgequollen.
            Die Überwurfmutter ist gerissen, außerdem ist das Anschlussrohr zu kurz.
            Siphon und Anschlussrohr ersetzt, Schrankboden getrocknet.
            Siphon.jpg Kuechenschrank.jpg

            Dusche läuft nicht ab, {lage}
            In der Dusche steht das Wasser nach wenigen Minuten knöcheltief.
            Der Abfluss ist im Estrich zugesetzt, hier hilft nur die Spirale.
            Abfluss mechanisch gereinigt und durchgespült, Wasser läuft wieder frei ab.
            Abfluss.jpg

            Waschtischarmatur lose, {wohnung}
            Die Armatur am Waschtisch wackelt und lässt sich nicht mehr festziehen.
            Der Stehbolzen ist abgerissen, das Gewinde im Armaturenkörper ausgebrochen.
            Neue Armatur montiert, Eckventile gängig gemacht, Ablaufgarnitur eingestellt.
            Waschtisch.jpg

            Wasserdruck im Bad zu gering, {lage}
            Seit den Arbeiten im Keller kommt im Bad kaum noch Wasser an.
            Siebe und Druckminderer sind mit Spänen zugesetzt, vermutlich vom Rohrtausch.
            Druckminderer gereinigt, Perlatoren und Eckventile gespült. Fließdruck 2,4 bar.
            Druckminderer.jpg Spuelprotokoll.pdf
            """)

    static let waterDamage = Trade(
        "Wasserschaden", company: "Leckortung und Trocknung",
        cases: """
            Wasserschaden im Keller
            Im Kellergang steht Wasser, etwa zwei Zentimeter hoch. Mehrere Abteile sind betroffen.
            Der Rückstauverschluss hat nicht geschlossen, ein Lappen klemmt in der Klappe.
            Keller ausgepumpt und desinfiziert, Rückstauverschluss gereinigt und gewartet.
            Keller.jpg Wartungsprotokoll.pdf

            Feuchter Fleck an der Decke, {wohnung}
            An der Badezimmerdecke ist ein Fleck, der seit dem Wochenende größer wird.
            Feuchtemessung: Decke 78 Digits, Wand 54 Digits. Trocknung ist nötig, rund drei Wochen.
            Trocknung beendet, Restfeuchte im Sollbereich. Die Decke kann gestrichen werden.
            Deckenfleck.jpg Messprotokoll.pdf

            Wasser tropft aus der Wohnung darüber, {lage}
            Es tropft aus der Deckenlampe, den Strom im Flur habe ich abgestellt.
            Die Ursache ist eine gerissene Silikonfuge an der Wanne in der Wohnung darüber.
            Fuge erneuert, Lampe geprüft. Der Schaden ist der Versicherung gemeldet.
            Deckenlampe.jpg Schadenmeldung.pdf

            Rohrbruch in der Steigleitung
            Hinter der Wand im Bad rauscht es, obwohl alle Hähne zu sind.
            Leck an der Warmwasserleitung im Schacht geortet, etwa 40 cm über dem Boden.
            Leitungsstück ersetzt, zwei Kondenstrockner aufgestellt. Der Strom wird gemessen und \
            erstattet.
            Schacht.jpg Leckortung.pdf

            Parkett aufgequollen nach Wasseraustritt, {wohnung}
            Das Parkett wölbt sich vor der Balkontür, darunter ist es nass.
            Der Balkonablauf war verstopft, das Wasser ist über die Schwelle gelaufen.
            Ablauf frei, Estrich getrocknet, sechs Quadratmeter Parkett neu verlegt und versiegelt.
            Parkett.jpg Balkonablauf.jpg Aufmass.pdf
            """)
}
