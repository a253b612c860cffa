/// What is written about an order whatever its trade, by whom it is written.
enum Letters {
    /// The resident sends a picture along.
    static let photos = Phrase.lines(
        """
        Anbei ein Foto von heute Morgen.
        Ich habe ein Foto angehängt, darauf sieht man die Stelle besser. Viele Grüße, {mieter}
        Hier noch das Bild, um das Sie am Telefon gebeten hatten.
        """)

    /// The management thanks and passes the order on.
    static let commissions = Phrase.lines(
        """
        Guten Tag {mieter}, vielen Dank für Ihre Meldung. Wir haben die Firma {firma} beauftragt, \
        sie meldet sich wegen eines Termins unter {telefon}.
        Auftrag an {firma} erteilt. Bitte stimmen Sie den Termin mit {mietern} direkt ab, {wohnung}.
        Guten Tag {mieter}, Ihr Anliegen ist aufgenommen. Die Firma {firma} kommt voraussichtlich am \
        {tag}. Freundliche Grüße, {verwalter}
        Die Firma {firma} ist unterrichtet. Kostenfreigabe bis {betrag}, darüber bitte vorher ein \
        Angebot.
        """)

    /// The company names a date.
    static let appointments = Phrase.lines(
        """
        Termin mit {mietern} vereinbart: {tag}, {zeit}.
        Wir kommen am {tag} {zeit}. Bitte sorgen Sie dafür, dass die Arbeitsstelle frei zugänglich ist.
        {mieter} ist telefonisch nicht zu erreichen, wir haben eine Karte eingeworfen. Vorschlag: \
        {tag}, {zeit}.
        Material ist bestellt, Ausführung am {tag} {zeit}.
        """)

    /// The resident writes in between.
    static let questions = Phrase.lines(
        """
        Guten Tag, am {tag} kann ich leider nicht. Ginge es auch am Tag danach, am besten {zeit}?
        Ist schon bekannt, wann jemand kommt? Es ist seit der Meldung nicht besser geworden.
        Der Schlüssel liegt bei der Nachbarin gegenüber, falls niemand öffnet. Vielen Dank!
        Guten Tag, gibt es schon etwas Neues? Ab {tag} bin ich zwei Wochen verreist.
        """)

    /// The management closes the order.
    static let closings = Phrase.lines(
        """
        Vielen Dank an alle Beteiligten. Die Rechnung über {betrag} ist geprüft, der Auftrag ist \
        erledigt.
        {mieter} hat bestätigt, dass alles in Ordnung ist. Wir schließen den Vorgang.
        Arbeiten abgenommen, Rechnung über {betrag} zur Zahlung freigegeben. {verwalter}
        Erledigt. Bitte melden Sie sich, falls der Mangel wieder auftritt.
        """)

    /// The management declines.
    static let refusals = Phrase.lines(
        """
        Guten Tag {mieter}, diese Arbeit fällt unter die Kleinreparaturen laut Mietvertrag und ist \
        von Ihnen zu tragen. Freundliche Grüße, {verwalter}
        Dazu liegt bereits ein Auftrag vor, wir schließen diese Meldung.
        Der Beirat hat die Maßnahme am {tag} abgelehnt, sie kommt auf die nächste Versammlung.
        Das Sondereigentum ist Sache des Eigentümers, wir haben ihn unterrichtet.
        """)

    /// When the resident can be found at home.
    static let reachable = [
        "werktags ab 16 Uhr", "vormittags bis 12 Uhr", "jederzeit nach Anruf",
        "montags und donnerstags ganztägig", "ab 7 Uhr, vor der Arbeit", "nur freitags",
        "Schlüssel beim Hausmeister", "über die Nachbarin im Erdgeschoss",
    ]

    static let hours = [
        "zwischen 7 und 9 Uhr", "zwischen 8 und 10 Uhr", "zwischen 10 und 12 Uhr",
        "zwischen 12 und 14 Uhr", "zwischen 14 und 16 Uhr", "ab 15:30 Uhr", "gegen 9 Uhr",
    ]

    static let budgets = [
        "Instandhaltung laufend", "Erhaltungsrücklage", "Versicherungsfall", "Kleinreparatur",
        "Betriebskosten", "Sondereigentum, Weiterberechnung",
    ]
}
