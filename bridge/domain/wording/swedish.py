"""The sentences in Swedish, with the words of Swedish invoicing: debitera, annullera, återbetala, reserverat."""

from bridge.domain.looks import Topics
from bridge.domain.reasons import Reason
from bridge.domain.steps import Call
from bridge.domain.wording.sentences import Attention, Wording

SWEDISH = Wording(
    language="sv",
    ampersand="och",
    unsaid="utan angiven orsak",
    captured="{provider}: {amount} har debiterats.",
    cancelled="{provider}: {amount} har annullerats.",
    refunded="{provider}: {amount} har återbetalats (återbetalning {refund}).",
    rest_refunded="{provider}: {amount} har återbetalats (resten av ordern).",
    lowered="{provider}: betalningen har uppdaterats till {target} reserverat ({amount} annullerat).",
    raised="{provider}: betalningen har uppdaterats till {target} reserverat ({amount} tillagt).",
    restored="Ordern har satts tillbaka till ”{status}”: den är avslutad, och en annan status flyttar inga pengar "
    "hos {provider}. Gör en återbetalning eller en ny order om något ska ändras.",
    amount="Belopp: {amount}.",
    left="Nu är {reserved} reserverat och {net} debiterat.",
    left_after_refunds="Nu är {reserved} reserverat och {net} debiterat efter återbetalningar.",
    shown="{provider} visar {reserved} reserverat, {captured} debiterat och {returned} återbetalat{limit}.",
    limited=", med en gräns på {limit}",
    not_shown="{provider} visar inga belopp för betalningen.",
    steps={
        Call.CAPTURE: "en debitering av {amount}",
        Call.RELEASE: "en annullering av {amount}",
        Call.RAISE: "en höjning av reservationen med {amount}",
        Call.REFUND: "en återbetalning av {amount}",
        Call.RESTORE: "en återgång till status ”{status}”",
    },
    statuses={
        "pending": "Inväntar betalning",
        "processing": "Behandlas",
        "on-hold": "Pausad",
        "completed": "Färdigbehandlad",
        "cancelled": "Avbruten",
        "refunded": "Återbetald",
    },
    remarks={
        Topics.ADOPTED: "{provider} hade redan återbetalat {amount}: återbetalning {refund} betalas inte igen.",
        Topics.SET_BACK: "Ordern sattes tillbaka från ”{before}” till ”{after}”, vilket inte flyttar några pengar "
        "hos {provider}. Gör en återbetalning i butiken om pengar ska tillbaka; se till att pengar är reserverade "
        "eller debiterade innan du skickar varorna.",
        Topics.PENDING: "Betalningen är inte slutgiltig hos {provider} än{detail}: skicka inte varorna. "
        "Du behöver inte göra något; wc-bridge väntar på den.",
    },
    attention={
        Reason.NO_MONEY: Attention(
            "Inga pengar är säkrade för ordern, som kräver {asked}.",
            "Skicka inte varorna: kunden måste betala på annat sätt.",
            "Skicka inte varorna: be administratören godkänna {step}.",
        ),
        Reason.LESS_RESERVED: Attention(
            "{asked} av ordern återstår att debitera, men bara {reserved} är reserverat.",
            "Skicka inte varorna än: sänk orderns summa med {gap}.",
            "Skicka inte varorna än: sänk orderns summa med {gap}, eller be administratören godkänna {step}.",
        ),
        Reason.MORE_RESERVED: Attention(
            "{reserved} är reserverat, men bara {asked} av ordern återstår att debitera.",
            "Rätta orderns summa om den är fel, annars annullera {gap} i portalen hos {provider}.",
            "Rätta orderns summa om den är fel, annars be administratören godkänna {step}.",
        ),
        Reason.CANNOT_CHANGE: Attention(
            "Ordern kräver {asked}, men {provider} tillåter inte att betalningen ändras till det.",
            "Gör ändringen i portalen hos {provider} innan du skickar varorna, eller ändra tillbaka ordern.",
        ),
        Reason.UNDERPAID: Attention(
            "Ordern kräver {asked}, men kunden har bara debiterats {paid}.",
            "Sätt orderns summa till {right_total}, eller låt kunden betala {gap} i en ny order.",
        ),
        Reason.OVERPAID: Attention(
            "Kunden har debiterats {paid}, men ordern kräver bara {asked}.",
            "Sätt orderns summa till {right_total} och gör sedan en återbetalning på {gap} i butiken.",
        ),
        Reason.CANCELLED_BUT_CAPTURED: Attention(
            "Ordern är avbruten, men kunden har debiterats {paid}.",
            "Gör en återbetalning på {paid} i butiken, eller sätt ordern till ”Färdigbehandlad” om den ska gälla.",
        ),
        Reason.REFUNDED_NOT_ALL: Attention(
            "Ordern har status ”Återbetald”, men {asked} av summan är inte återbetalat.",
            "Gör en återbetalning på {asked} i butiken, eller ändra tillbaka statusen.",
            "Gör en återbetalning på {asked} i butiken, eller be administratören godkänna {step}.",
        ),
        Reason.REFUND_TOO_LARGE: Attention(
            "Återbetalning {refund} är på {amount}, men bara {left} finns kvar att återbetala.",
            "Ta bort återbetalningen och gör en på {left}, eller be administratören godkänna {step}.",
        ),
        Reason.SHOP_SAYS_PAID: Attention(
            "Butiken anger att återbetalning {refund} på {amount} är betald, men {provider} visar den inte.",
            "Se efter i portalen hos {provider} om den är betald; om inte, be administratören godkänna den.",
        ),
        Reason.OLD_REFUND: Attention(
            "Återbetalning {refund} på {amount} var redan gammal när wc-bridge först såg den.",
            "Be administratören godkänna den om kunden inte har fått pengarna, annars stryka den.",
        ),
        Reason.UNMATCHED_RETURN: Attention(
            "{provider} har återbetalat {amount} som ingen återbetalning i butiken förklarar.",
            "Lägg in en återbetalning på {amount} i butiken (den betalas inte igen), "
            "eller be administratören godta den.",
        ),
        Reason.PENDING_LONG: Attention(
            "Betalningen har väntat länge på att bli slutgiltig hos {provider}{detail}.",
            "Skicka inte varorna: fråga {provider} vad som saknas, eller avbryt ordern.",
        ),
        Reason.NOT_SHOWN: Attention(
            "{provider} visar inte betalningen för ordern{detail}.",
            "Skicka inte varorna innan den är funnen: sök i portalen hos {provider} och säg till administratören.",
        ),
        Reason.UNPAID_BUT_RESERVED: Attention(
            "Butiken räknar inte ordern som betald, men {reserved} är reserverat och kunden har debiterats {paid}.",
            "Sätt ordern till ”Behandlas” om betalningen är riktig, annars avbryt ordern.",
        ),
        Reason.TRASHED: Attention(
            "Ordern ligger i papperskorgen eller är raderad, men {reserved} är reserverat.",
            "Återställ ordern och avbryt den, eller annullera betalningen i portalen hos {provider}.",
        ),
        Reason.DOUBT_CURRENCY: Attention(
            "Ordern är i {currency}, men betalningen är i {payment_currency}.",
            "Skicka inte varorna innan administratören har kontrollerat ordern; inga pengar flyttas dessförinnan.",
        ),
        Reason.DOUBT_OWNER: Attention(
            "Betalningen för ordern hör till en annan order{reference}.",
            "Skicka inte varorna innan administratören har kontrollerat vilken order den hör till.",
        ),
        Reason.DOUBT_ID: Attention(
            "Ordern anger ingen betalning hos {provider}, eller en annan än förut.",
            "Skicka inte varorna innan administratören har kontrollerat vilken betalning som hör till den.",
        ),
        Reason.REFUSED: Attention(
            "{provider} nekade {step}: ”{said}”.",
            "Gör det i portalen hos {provider}, eller be administratören försöka igen; "
            "skicka inte det som inte är debiterat.",
        ),
        Reason.NOT_SEEN: Attention(
            "{provider} bekräftade {step}, men visar den inte.",
            "Skicka inte varorna och gör inte om det innan administratören har tagit reda på om det har skett.",
        ),
        Reason.SHADOWED: Attention(
            "Ordern kom att kräva {step} medan wc-bridge bara tittade på.",
            "Be administratören godkänna det om det fortfarande stämmer, annars stryka det.",
        ),
        Reason.BASELINE_RESERVED: Attention(
            "Ordern avslutades innan wc-bridge fanns: den kräver {asked}, och {reserved} är ännu reserverat.",
            "Debitera eller annullera i portalen hos {provider}; wc-bridge rör inte betalningen.",
        ),
    },
    not_restored=Attention(
        "Butiken nekade {step}: ”{said}”.",
        "Sätt statusen för hand; det flyttar inga pengar hos {provider}.",
    ),
)
