"""Titles of sections in which nothing is claimed, in other languages than English."""

from __future__ import annotations

# Titles that begin or end with these.
_BEGINNINGS = tuple(
    " ".join(line.split())
    for line in """
    nächste schritte, nächster schritt, als nächstes, offene punkte, offene aufgaben, noch offen
    offen, ausstehend, zu erledigen, geplant, noch zu tun, bekannte probleme, nicht erledigt
    offene fragen, noch nicht, prochaines étapes, prochaine étape, étapes suivantes, à faire
    reste à faire, points ouverts, en attente, prévu, problèmes connus, non fait, non terminé
    próximos pasos, siguientes pasos, pendiente, pendientes, por hacer, problemas conocidos, no hecho
    queda por hacer, próximos passos, próximas etapas, pendências, a fazer, por fazer, em andamento
    problemas conhecidos, não feito, prossimi passi, prossimi passaggi, da fare, in sospeso, in corso
    problemi noti, non fatto, volgende stappen, te doen, nog te doen, openstaand, openstaande punten
    gepland, bekende problemen, niet gedaan, następne kroki, kolejne kroki, do zrobienia, pozostało
    w toku, znane problemy, sonraki adımlar, yapılacaklar, yapılacak, bekleyen, bilinen sorunlar
    следующие шаги, дальнейшие шаги, следующий шаг, что дальше, осталось, не сделано, в процессе
    известные проблемы, предстоит, к выполнению, наступні кроки, залишилося, у процесі
    відомі проблеми, не зроблено, 下一步, 接下来, 接下來, 后续, 後續, 待办, 待辦, 待完成, 未完成, 剩余
    剩餘, 已知问题, 已知問題, 尚未完成, 未提交, 次のステップ, 次の手順, 今後, 残タスク, 残作業, 残課題
    未対応, 未完了, 既知の問題, 残りの, 다음 단계, 다음단계, 향후, 남은, 할 일, 할일, 미완료
    알려진 문제, 예정
    """.strip()
    .replace("\n", ",")
    .split(",")
)
# Titles that are one of these.
_WHOLE = frozenset(
    " ".join(line.split())
    for line in """
    plan, einschränkungen, voraussetzungen, anforderungen, ziele, ziel, vorschläge, empfehlungen
    fragen, hintergrund, anleitung, verwendung, nutzung, beispiel, hinweise, risiken, en cours
    limitations, prérequis, objectifs, objectif, suggestions, recommandations, questions, contexte
    utilisation, exemple, risques, en curso, limitaciones, requisitos, objetivos, objetivo
    sugerencias, recomendaciones, preguntas, contexto, uso, ejemplo, riesgos, limitações, sugestões
    recomendações, perguntas, exemplo, riscos, limitazioni, requisiti, obiettivi, obiettivo
    suggerimenti, raccomandazioni, domande, contesto, utilizzo, esempio, rischi, beperkingen
    vereisten, doelen, doel, suggesties, aanbevelingen, vragen, achtergrond, gebruik, voorbeeld
    ograniczenia, wymagania, cele, cel, sugestie, pytania, użycie, przykład, kısıtlamalar
    gereksinimler, hedefler, hedef, öneriler, sorular, kullanım, örnek, план, планы, ограничения
    требования, цели, цель, предложения, рекомендации, вопросы, контекст, использование, пример, риски
    плани, обмеження, вимоги, цілі, пропозиції, рекомендації, питання, використання, приклад, 计划
    計劃, 限制, 要求, 目标, 目標, 建议, 建議, 背景, 用法, 使用方法, 使用说明, 示例, 风险, 注意事项
    问题, 予定, 制限, 前提条件, 要件, 提案, 質問, 使い方, 例, リスク, 注意, 課題, 제한, 요구사항
    요구 사항, 목표, 제안, 질문, 배경, 사용법, 예시, 위험, 주의사항, 계획
    """.strip()
    .replace("\n", ",")
    .split(",")
)


def is_plan(title: str) -> bool:
    """Whether a title in one of the languages that are read heads plans or the like."""
    small = " ".join(title.lower().strip(" *_:：").split())
    if small in _WHOLE:
        return True
    if not small.isascii() and small.startswith(_BEGINNINGS):
        return True
    spaced = f" {small} "
    return any(
        spaced.startswith(f" {words} ") or spaced.endswith(f" {words} ") for words in _BEGINNINGS
    )
