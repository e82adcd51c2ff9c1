"""Which language a text is in, by its letters and its function words; pure, no dictionary."""

from __future__ import annotations

from collections import Counter
from functools import cache

from tui.system.lazy_pattern import lazy

ENGLISH = "English"
READ = frozenset(
    """German French Spanish Portuguese Italian Dutch Polish Turkish Russian Ukrainian Chinese
    Japanese Korean""".split()
)
"""Languages with a lexicon, which is the module of that name in small letters."""

_WORD = lazy(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_OTHER_LETTERS = lazy(r"[^\x00-\x7f]")
_SCRIPTS = (
    ("Korean", lazy(r"[\uac00-\ud7a3\u1100-\u11ff]")),
    ("Japanese", lazy(r"[\u3041-\u309f\u30a1-\u30fa\u30fd-\u30ff]")),
    ("Chinese", lazy(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")),
    ("Russian", lazy(r"[\u0400-\u04ff]")),
    ("Arabic", lazy(r"[\u0600-\u06ff\u0750-\u077f]")),
    ("Hebrew", lazy(r"[\u05d0-\u05ea]")),
    ("Hindi", lazy(r"[\u0900-\u097f]")),
    ("Bengali", lazy(r"[\u0980-\u09ff]")),
    ("Tamil", lazy(r"[\u0b80-\u0bff]")),
    ("Telugu", lazy(r"[\u0c00-\u0c7f]")),
    ("Thai", lazy(r"[\u0e01-\u0e5b]")),
    ("Greek", lazy(r"[\u0386-\u03ff\u1f00-\u1fff]")),
    ("Georgian", lazy(r"[\u10a0-\u10ff]")),
    ("Armenian", lazy(r"[\u0531-\u058f]")),
)
_IN_SCRIPT = {
    "Russian": (
        ("Ukrainian", lazy(r"[іїєґІЇЄҐ]")),
        ("Belarusian", lazy(r"[ўЎ]")),
        ("Serbian", lazy(r"[ђћџљњј]")),
        (
            "Bulgarian",
            lazy(r"\b(?:са|със|беше|бяха|всички|тестовете|аз|съм|файла|промените|към|бях)\b"),
        ),
    ),
    "Arabic": (("Persian", lazy(r"[پچژگی]")), ("Urdu", lazy(r"[ٹڈڑےں]"))),
}
_MAY_BE = {
    "Chinese": ("Japanese",),
    "Russian": ("Ukrainian", "Bulgarian", "Serbian", "Belarusian"),
}
"""What a sentence may be that has no letter of its own in a text of that language."""
_RUSSIAN_OR_UKRAINIAN = lazy(r"[ыэъёіїєґЫЭЪЁІЇЄҐ]")
_LETTERS = {
    "German": "äöüß",
    "French": "àâçéèêëîïôœùû",
    "Spanish": "ñ¿¡áéíóú",
    "Portuguese": "ãõçáâêéíóôúà",
    "Italian": "àèéìòù",
    "Dutch": "ëï",
    "Polish": "ąćęłńśźżó",
    "Turkish": "ğışçöü",
    "Swedish": "åäö",
    "Danish": "æøå",
    "Norwegian": "æøå",
    "Finnish": "äö",
    "Czech": "ěřůčšžýáíéúňťď",
    "Slovak": "ľĺŕôčšžýáíéúňťď",
    "Hungarian": "őűáéíóöúü",
    "Romanian": "ășțâîş",
    "Vietnamese": "đơưạảấầẩậắằẵặẹẽếềểễệỉịọỏốồổỗộớờởợụủứừửữựỳỹ",
    "Croatian": "čćđšž",
    "Catalan": "àçèéíïòóúü",
}
_WORDS = {
    ENGLISH: """the and is are of to with this that have has had was were it for from not all now i
        we you they my our its be been but by an as on at in no or so if when then there which what will
        would should can could tests test pass passes passed passing committed pushed created added fixed
        removed deleted renamed updated changed done file files code run runs ran every new still also both
        only into after before without complete completed finished implemented build clean green everything
        nothing branch changes change commit push task tasks function module error errors failing failed
        fails fail add fix remove update create rename implement make support""",
    "German": """und ist nicht ich habe füge behebe ergänze korrigiere fehlgeschlagen alle der das
        wurde wurden sind mit für auf noch auch aber eine einen einem einer ein jetzt wenn sich zu zum zur
        im den dem des von vom nach bei beim über keine kein sollten sollte wird werden hat haben wir dass
        durch bestehen bestanden laufen läuft grün gepusht committet eingecheckt hinzugefügt erstellt
        behoben gelöscht geändert entfernt angepasst ergänzt aktualisiert umgesetzt fertig erledigt
        abgeschlossen änderungen änderung datei dateien aufgaben aufgabe umbenannt funktion fehler
        erfolgreich alles schlagen schlägt fehl nächste schritte offene oder nur schon damit weil vor unter
        zwischen sowie testlauf testsuite implementiert korrigiert angelegt geschrieben hochgeladen werde
        kann muss sie es wie als nichts ausgeführt""",
    "French": """le la les des du ajoute corrige supprime ajouter et est sont une un pour dans avec
        sur pas ne qui que ce cette ces ont été a ai j'ai tous toutes tout toute mais ou où au aux par plus
        sans maintenant n'ai n'a n'ont c'est l'ai passent passé réussi ajouté ajoutée ajoutés créé créée
        créés modifié modifiés supprimé supprimée corrigé corrigée renommé poussé commité terminé terminée
        terminées terminés fichier fichiers tâches tâche modifications dépôt erreur bogue échouent échoue
        encore devraient nous vous je il elle sa son ses mon mes leur verts étapes suivantes reste faire
        suite fonction d'un d'une commités commitée poussée poussées lancés exécuté exécutés implémenté
        toujours branche""",
    "Spanish": """el la los las y añade agrega arregla escrito pendientes en de del que es son una un
        por para con no se ha han he al lo su sus más pero todas todos todo toda ya está están fue fueron
        pasan pasaron pasado pruebas prueba añadido agregado agregué añadí creado creé modificado eliminado
        corregido corregí renombrado subido subí cambios archivo archivos tareas tarea terminado completado
        completadas hecho listo error fallan falla todavía deberían sin ahora función también hice próximos
        pasos pendiente implementado actualizado arreglado sido commiteado verde verdes rama aún ninguna
        ningún""",
    "Portuguese": """o os as e em adiciona de do da dos das que é são uma um por para com não se foi
        foram ao à no na nos nas mais mas todos todas tudo já está estão passaram passou passam testes teste
        adicionei adicionado criei criado modifiquei removi removido corrigi corrigido renomeei enviei
        alterações mudanças arquivo arquivos ficheiro ficheiros tarefas tarefa concluído concluída
        concluídas feito pronto ainda devem agora função também fiz próximos passos pendente implementei
        atualizei implementado atualizado commitei commitado alterei eu apaguei ramo verdes terminei falham
        sem nenhum""",
    "Italian": """il lo la i gli aggiunge aggiungi corregge scritto guida le e è sono di del della dei
        che un una per con non si ha hanno ho al alla nel nella sul tutti tutte tutto ma più già ora passano
        passati superati test aggiunto aggiunta creato creata modificato rimosso eliminato corretto
        rinominato committato pushato modifiche file attività completato completate completata fatto ancora
        dovrebbero anche senza funzione prossimi passi da fare stato stati state implementato aggiornato
        risolto verdi finito inviato falliscono errore quando nessun alcun suite""",
    "Dutch": """de het een en voeg toe is zijn niet van voor met op aan dat die te er ik heb hebben
        heeft naar bij nog ook maar alle alles werd werden wordt worden deze dit uit om tests slagen
        geslaagd toegevoegd aangemaakt gewijzigd verwijderd hernoemd opgelost gecommit gepusht wijzigingen
        bestand bestanden taken taak klaar afgerond voltooid fout geen nu functie gemaakt aangepast
        bijgewerkt zou zouden moeten volgende stappen hersteld groen falen zonder geïmplementeerd we wij
        gedraaid""",
    "Polish": """i w na z nie się jest są do że to dla po od jak ale wszystkie testy test dodałem
        dodano dodałam utworzyłem utworzono zmieniono zmieniłem usunięto usunąłem naprawiono naprawiłem
        poprawiono poprawiłem przechodzą przeszły zacommitowałem wypchnąłem zmiany plik pliku pliki zadania
        zadanie gotowe ukończone zostały został została oraz już jeszcze teraz funkcję funkcja powinny
        wszystko kroki następne zaimplementowałem zaimplementowano zaktualizowałem zaktualizowano błąd
        zrobione zielone bez""",
    "Turkish": """ve bir bu için ile tüm bütün testler testleri test geçti geçiyor eklendi ekledim
        oluşturdum oluşturuldu değiştirdim sildim silindi düzelttim düzeltildi güncelledim güncellendi
        tamamlandı tamamladım gönderdim gönderildi dosya dosyası dosyasını değişiklikler değişiklikleri
        görev görevler görevleri değil henüz yok var olarak ama sonra daha de da çok fonksiyonu fonksiyon
        hata hatası commit ettim edildi push şimdi sonraki adımlar gerekiyor eğer başarılı her""",
    "Swedish": """och är inte jag har alla det att en ett som på för med av till den de nu men filen
        ändringar ändringarna testerna tester går igenom skapade skapat lade lagt tog bort rättade fixade
        gröna klar klart pushade committade uppgifter gjort utan ännu ska""",
    "Danish": """og er ikke jeg har alle det at en et som på for med af til den de nu men filen
        ændringer ændringerne testene består oprettede oprettet tilføjede tilføjet slettede rettede grønne
        færdig pushet committet opgaver skal uden endnu""",
    "Norwegian": """og er ikke jeg har alle det at en et som på for med av til den de nå men filen
        endringer endringene testene består opprettet la lagt slettet rettet grønne ferdig pushet committet
        oppgaver skal uten ennå""",
    "Finnish": """ja on ei ole kaikki testit menevät läpi loin lisäsin poistin korjasin tiedosto
        tiedoston muutokset nyt mutta että se myös vielä valmis tehtävät olen kun jos ovat sekä tein""",
    "Czech": """a je jsou se na v že všechny testy prošly procházejí přidal přidána přidáno vytvořil
        vytvořen vytvořeno smazal opravil opraveno soubor změny úkoly hotovo není ale jsem byl byly do pro
        ještě nyní dokončeno odesláno""",
    "Slovak": """a je sú sa na v že všetky testy prešli prechádzajú pridal pridaná vytvoril vytvorený
        zmazal opravil opravené súbor zmeny úlohy hotovo nie ale som bol boli do pre ešte teraz dokončené""",
    "Hungarian": """és az egy nem minden teszt tesztek átmegy átment sikeres hozzáadtam létrehoztam
        töröltem javítottam fájl fájlt változások változtatásokat kész van volt hogy de még most feladat
        feladatok""",
    "Romanian": """și este sunt nu toate testele trec au trecut am adăugat creat șters corectat
        fișierul modificările gata sarcinile pentru cu din la pe o un care dar mai acum fost""",
    "Vietnamese": """và là không tất cả các bài kiểm thử đã được thêm tạo xóa sửa tệp thay đổi hoàn thành
        cho với của một đều vượt qua công tôi chưa""",
    "Indonesian": """dan adalah tidak semua tes lulus sudah telah saya menambahkan membuat menghapus
        memperbaiki berkas perubahan selesai untuk dengan yang di ke dari ini itu belum tugas berhasil""",
    "Croatian": """i je su se na u da svi testovi prolaze dodao dodana kreirao stvorio obrisao popravio
        datoteka datoteku promjene zadaci gotovo nije ali sam bio bili do za još sada završeno""",
    "Catalan": """el els les i en de del que és són una un per amb no s'ha s'han he totes tots tot
        proves passen afegit creat modificat eliminat corregit canvis fitxer tasques fet però encara ara""",
}
_ENGLISH_TOO = frozenset(
    """state per do most taken ai todo todos non plus te pre suite var com pro af os ne mas
        proves mon met die am sa se na nas del un ho ve hat de med op el si para pour dem tes he ma za zu en
        est da uma ses je mit log den plan son sur ale jest main come data test tests la le las los des con
        sin era sera via""".split()
)
"""Words that English text has as well, as names or abbreviations."""
_SIGNS = {ord(sign): " " for sign in ".,:;!?()[]{}*_\"'`|/<>-–—’“”„«»…"}
_MOST = 20_000
_LEAST = 4
_LONG = 6
_SURE = 6


@cache
def _languages_of() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _WORDS.items():
        for word in set(words.split()):
            found[word] = (*found.get(word, ()), language)
    return found


@cache
def _foreign_words() -> frozenset[str]:
    """Words that no English text has, by which a text is seen to need a closer look."""
    return frozenset(
        word
        for word, found in _languages_of().items()
        if ENGLISH not in found and len(word) > 1 and word not in _ENGLISH_TOO
    )


def may_be_foreign(text: str) -> bool:
    """Whether a text has anything that is not English, at the price of a look at its words."""
    if not text.isascii() and any(map(str.isalpha, _OTHER_LETTERS.findall(text[:_MOST]))):
        return True
    return not _foreign_words().isdisjoint(text[:_MOST].lower().translate(_SIGNS).split())


def script_language(text: str) -> str:
    """The language by letters alone; empty for Latin ones, or none.

    One word in another script makes no sentence: its letters must be a fifth of all.
    """
    if text.isascii():
        return ""
    counts = [(len(pattern.findall(text)), language) for language, pattern in _SCRIPTS]
    most, language = max(counts, key=lambda each: each[0])
    # A Chinese or Japanese character is a syllable or a word, a Latin one a letter.
    weight = 3 if language in ("Chinese", "Japanese", "Korean") else 1
    latin = sum(len(word) for word in _WORD.findall(text) if word.isascii())
    if not most or most * weight * 4 < latin:
        return ""
    if language == "Chinese" and any(n for n, other in counts if other == "Japanese"):
        return "Japanese"
    for other, pattern in _IN_SCRIPT.get(language, ()):
        if pattern.search(text.lower()):
            return other
    return language


def _weight(word: str, languages: tuple[str, ...]) -> int:
    """A long word of one language says more than a short one, or one that several share."""
    if len(word) == 1 or (word in _ENGLISH_TOO and ENGLISH not in languages):
        return 1
    if len(languages) > 1:
        return 2
    return 4 if len(word) >= _LONG else 3


def scores(text: str) -> Counter[str]:
    """How much speaks for each language that is written with Latin letters."""
    points: Counter[str] = Counter()
    words = {word.lower().replace("’", "'") for word in _WORD.findall(text)}
    languages = _languages_of()
    for word in words:
        found = languages.get(word, ())
        for language in found:
            points[language] += _weight(word, found)
        if not word.isascii():
            for language, letters in _LETTERS.items():
                points[language] += any(letter in letters for letter in word)
    return points


def is_english(word: str) -> bool:
    """Whether a word is one by which English is told."""
    return ENGLISH in _languages_of().get(word.lower(), ())


def letters_of(text: str) -> list[str]:
    """The languages that are read and have a Latin letter of the text that English has not."""
    foreign = set(_OTHER_LETTERS.findall(text.lower()))
    return [
        language
        for language, letters in _LETTERS.items()
        if language in READ and not foreign.isdisjoint(letters)
    ]


def has_own_letters(text: str) -> bool:
    """Whether a Cyrillic text has letters that Russian or Ukrainian has alone."""
    return _RUSSIAN_OR_UKRAINIAN.search(text) is not None


def best(points: Counter[str], preferred: str = "") -> str:
    """The language that most speaks for, of equals the preferred one; empty if nothing does."""
    if not points:
        return ""
    ranked = sorted(points, key=lambda each: (-points[each], each != preferred, each != ENGLISH))
    return ranked[0] if points[ranked[0]] >= 2 else ""


def main_language(text: str) -> str:
    """The language that most of a text is in; English where nothing tells."""
    text = text[:_MOST]
    by_script = script_language(text)
    if by_script:
        return by_script
    points = scores(text)
    found = best(points)
    return found if points[found] >= _LEAST else ENGLISH


def sentence_language(sentence: str, main: str) -> str:
    """The language of a sentence in a text that is mainly in another; empty if nothing tells.

    In an English text one word is not enough, nor is it in a foreign one for English.
    """
    by_script = script_language(sentence)
    if by_script:
        return main if main in _MAY_BE.get(by_script, ()) else by_script
    points = scores(sentence)
    found = best(points, main)
    if not found or found == main:
        return found
    if found == ENGLISH and not points[main]:
        return ENGLISH if points[found] >= _SURE else ""
    margin = points[found] - points[main]
    is_sure = points[found] >= 5 and margin >= 3
    if main == ENGLISH:
        return found if is_sure and margin >= 4 else ENGLISH
    return found if is_sure else main
