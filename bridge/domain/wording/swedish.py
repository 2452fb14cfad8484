"""The sentences in Swedish, with the words of Swedish invoicing: debitera, annullera, återbetala, reserverat."""

from bridge.domain.reasons import Reason
from bridge.domain.remarks import Topics
from bridge.domain.steps import Call
from bridge.domain.wording.sentences import Attention, Wording

SWEDISH = Wording(
    language="sv",
    ampersand="och",
    unsaid="utan angiven orsak",
    unknown_currency="en okänd valuta",
    captured="{provider}: {amount} har debiterats.",
    rest_released="Resten, {rest}, har annullerats och debiteras aldrig.",
    cancelled="{provider}: {amount} har annullerats.",
    leftover_released="{provider}: det som fanns kvar efter debiteringen, {amount}, har annullerats "
    "och debiteras aldrig.",
    refunded="{provider}: {amount} har återbetalats (återbetalning {refund}).",
    part_refunded="{provider}: {amount} har återbetalats (en del av återbetalning {refund} på {whole}).",
    rest_refunded="{provider}: {amount} har återbetalats (resten av ordern).",
    lowered="{provider}: betalningen har uppdaterats till {target} reserverat ({amount} annullerat).",
    raised="{provider}: betalningen har uppdaterats till {target} reserverat ({amount} tillagt).",
    replaced="{provider}: reservationen på {amount} har annullerats för att ersättas av en på {target}. "
    "Skicka inte varorna förrän den nya finns.",
    restored="Ordern har satts tillbaka till ”{status}”: den är avslutad, och en annan status flyttar inga pengar "
    "hos {provider}. Gör en återbetalning eller en ny order om något ska ändras.",
    amount="Belopp: {amount}.",
    left="Nu är {reserved} reserverat och {net} debiterat.",
    left_after_refunds="Nu är {reserved} reserverat och {net} debiterat efter återbetalningar.",
    shown="{provider} visar {reserved} reserverat, {captured} debiterat och {returned} återbetalat{limit}.",
    limited=", med en gräns på {limit}",
    not_shown="{provider} visar inga belopp för betalningen.",
    waits="{provider} har inte gett något användbart svar på ett tag. {step} väntar på det och görs av sig själv "
    "så snart {provider} svarar. Du behöver inte göra något.",
    steps={
        Call.CAPTURE: "en debitering av {amount}",
        Call.RELEASE: "en annullering av {amount}",
        Call.RAISE: "en höjning av reservationen med {amount}",
        Call.REFUND: "en återbetalning av {amount}",
        Call.RESTORE: "en återgång till status ”{status}”",
    },
    replacing="ett byte av reservationen på {amount} mot en på {target}",
    statuses={
        "pending": "Inväntar betalning",
        "processing": "Behandlas",
        "on-hold": "Pausad",
        "completed": "Färdigbehandlad",
        "cancelled": "Avbruten",
        "refunded": "Återbetald",
    },
    states={
        "FROZEN": "den är spärrad av bedrägerikontrollen",
        "INSPECTION": "krediten granskas manuellt",
        "SUPPLEMENTING_REQUIRED": "kunden måste lämna fler uppgifter",
        "TASK_REDIRECTION_REQUIRED": "kunden har inte signerat eller betalat färdigt",
        "REJECTED": "betalningen nekades",
        "UNKNOWN": "betalningen nekades utan angiven orsak",
        "TECHNICAL_ERROR": "ett tekniskt fel stoppade betalningen",
        "CREDIT_DENIED": "krediten nekades",
        "PAYMENT_FROZEN": "bedrägerikontrollen stoppade betalningen",
        "TIMEOUT": "kunden blev inte klar i tid",
        "ABORTED_BY_CUSTOMER": "kunden avbröt betalningen",
        "INSUFFICIENT_FUNDS": "kunden hade inte tillräckligt med pengar",
        "CANCELED": "betalningen annullerades",
        "403": "betalningen kan ha gått ut, eller så saknar kontot åtkomst till den",
        "404": "ingen betalning har det id som ordern anger",
        "PENDING_PAYMENT": "kunden har inte betalat än",
        "PENDING_DECISION": "kreditbeslutet är inte klart",
        "PENDING_SIGNATURE": "kunden har inte skrivit under avtalet",
        "PENDING_PROCESSING": "den behandlas fortfarande",
        "MANUAL_PROCESSING": "den behandlas manuellt",
        "AWAITING_CONTRACT": "avtalet är inte klart",
        "BLOCKED": "den är spärrad",
        "ANNULLED": "betalningen är annullerad",
        "DENIED": "betalningen nekades",
        "FAILED": "betalningen misslyckades",
        "ABORTED": "betalningen avbröts",
        "EXPIRED": "betalningen har gått ut",
        "STOPPED": "betalningen stoppades",
    },
    findings={
        "without an order": "dess belopp saknas",
        "SWISH_REFUND_ONGOING": "en återbetalning med Swish är på väg",
        "SWISH_REFUND_NOT_BOOKED": "en återbetalning med Swish är gjord men inte bokförd än",
        "not found": "ingen betalning har det id som ordern anger",
        "not a payment id": "det som ordern anger kan inte vara ett betalnings-id",
        "4424": "betalningen är inte i ett läge som tillåter det (4424)",
    },
    remarks={
        Topics.ADOPTED: "{provider} hade redan återbetalat {amount}: återbetalning {refund} betalas inte igen.",
        Topics.SET_BACK: "Ordern sattes tillbaka från ”{before}” till ”{after}”, vilket inte flyttar några pengar "
        "hos {provider}: det som är debiterat förblir debiterat och debiteras inte igen. "
        "Gör en återbetalning i butiken om kunden ska få tillbaka pengar.",
        Topics.VOIDED_SET_BACK: "Ordern sattes tillbaka från ”{before}” till ”{after}”, men dess betalning är "
        "annullerad eller återbetald: inga pengar är reserverade längre. "
        "Skicka ingenting förrän kunden har betalat på nytt.",
        Topics.PENDING: "Betalningen är inte klar hos {provider} än{detail}. "
        "Skicka inte varorna; du behöver inte göra något annat, eftersom wc-bridge väntar på den.",
        Topics.WILL_PAY: "wc-bridge betalar ut återbetalning {refund} på {amount} hos {provider}. "
        "Betala inte ut den i portalen hos {provider}.",
        Topics.BEHIND: "Återbetalning {refund} på {amount} är inte utbetald än: den väntar på det som en annan "
        "anteckning på ordern ber om. Ordna det först, och betala inte ut den i portalen hos {provider}.",
        Topics.RECORDED: "{provider} kan inte sänka en reservation. När ordern får status ”{status}” debiteras "
        "{asked}; resten, {gap}, annulleras då och debiteras aldrig. Du behöver inte göra något annat.",
        Topics.RECORDED_NO_MORE: "Ordern kräver åter allt som är reserverat: {asked} debiteras när den får status "
        "”{status}”.",
        Topics.FINAL: "Betalningen är nu klar hos {provider}: {reserved} är reserverat, men inte debiterat än. "
        "Du kan fortsätta med ordern som vanligt.",
        Topics.MET: "Återbetalning {refund}: {amount} av ordern debiteras aldrig, så det finns inget att betala "
        "tillbaka. Betala inte ut den i portalen hos {provider}.",
        Topics.NOT_REPLACED: "Ordern kräver inga pengar längre: ingen ny reservation görs hos {provider}.",
        Topics.CLEARED: "Det som krävde en åtgärd på ordern är löst. Du kan fortsätta med den som vanligt.",
    },
    attention={
        Reason.NO_MONEY: Attention(
            "Inga pengar är säkrade för ordern, där {asked} ska debiteras{detail}.",
            "Skicka inte varorna förrän kunden har betalat på annat sätt; avbryt annars ordern.",
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
            "Enligt ordern ska {asked} debiteras, men {provider} tillåter inte att betalningen ändras till det.",
            "Skicka inte varorna: gör ändringen i portalen hos {provider}, eller ändra tillbaka ordern.",
        ),
        Reason.UNDERPAID: Attention(
            "Enligt ordern ska kunden betala {asked}, men bara {paid} har debiterats.",
            "Sätt orderns summa till {right_total}; är kunden skyldig {gap}, ta betalt för det i en ny order.",
        ),
        Reason.OVERPAID: Attention(
            "Kunden har debiterats {paid}, men ska enligt ordern bara betala {asked}.",
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
        Reason.CANNOT_REFUND: Attention(
            "Kunden har betalat {paid}, men {provider} tillåter ingen återbetalning på {amount} av betalningen.",
            "Gör återbetalning {refund} i portalen hos {provider} (den känns då igen här), "
            "eller betala på annat sätt och säg till administratören.",
        ),
        Reason.SHOP_SAYS_PAID: Attention(
            "Butiken anger att återbetalning {refund} på {amount} är betald, men {provider} visar den inte.",
            "Be administratören godkänna återbetalningen om kunden inte har fått pengarna, annars stryka den.",
        ),
        Reason.OLD_REFUND: Attention(
            "Återbetalning {refund} på {amount} gjordes långt innan wc-bridge först såg den.",
            "Be administratören godkänna återbetalningen om kunden inte har fått pengarna, annars stryka den.",
        ),
        Reason.UNMATCHED_RETURN: Attention(
            "{provider} har återbetalat {amount} som ingen återbetalning i butiken förklarar.",
            "Lägg in en återbetalning på {amount} i butiken (den betalas inte igen), "
            "eller be administratören godta den.",
        ),
        Reason.PENDING_LONG: Attention(
            "Betalningen är fortfarande inte klar hos {provider}{detail}.",
            "Skicka inte varorna: fråga {provider} vad som saknas, eller avbryt ordern.",
        ),
        Reason.NOT_SHOWN: Attention(
            "{provider} visar inte betalningen för ordern{detail}.",
            "Skicka inte varorna innan den är funnen: sök i portalen hos {provider} och säg till administratören.",
        ),
        Reason.UNPAID_BUT_RESERVED: Attention(
            "Butiken räknar inte ordern som betald, men {reserved} är reserverat och {paid} har debiterats.",
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
            "skicka bara det som är debiterat.",
        ),
        Reason.OTHER_AMOUNT: Attention(
            "{step} skickades till {provider}, men där syns {done} i stället.",
            "Gör inget mer med ordern innan administratören har frågat {provider}, "
            "och godkänt att resten görs eller strukit den.",
        ),
        Reason.NOT_SEEN: Attention(
            "{step} skickades till {provider}, men där syns inte om det har skett.",
            "Gör inget mer med ordern, varken här eller i portalen, innan administratören har tagit reda på det.",
        ),
        Reason.RESTORED: Attention(
            "Ordern kom att kräva {step} innan databasen hos wc-bridge återställdes från en säkerhetskopia.",
            "Be administratören godkänna det om det fortfarande stämmer, annars stryka det.",
        ),
        Reason.BASELINE_RESERVED: Attention(
            "Ordern avslutades innan wc-bridge fanns: {asked} skulle debiteras, och {reserved} är reserverat.",
            "Debitera eller annullera i portalen hos {provider}; wc-bridge rör inte betalningen.",
        ),
    },
    not_restored=Attention(
        "Butiken nekade {step}: ”{said}”.",
        "Sätt statusen för hand; det flyttar inga pengar hos {provider}.",
    ),
    refund_refused=Attention(
        "{provider} nekade {step}: ”{said}”.",
        "Gör återbetalningen i portalen hos {provider} (den känns igen här), "
        "eller be administratören försöka igen.",
    ),
    cancelled_in_part=Attention(
        "Ordern är avbruten, men kunden har debiterats {paid}.",
        "Gör en återbetalning på {paid} i butiken.",
    ),
    outdated=Attention(
        "{provider} visar ett äldre läge för betalningen än förut.",
        "Skicka eller återbetala inget: se i portalen hos {provider} hur det är, och säg till administratören.",
    ),
    pending_captured=Attention(
        "Betalningen är fortfarande inte klar hos {provider}{detail}.",
        "Fråga {provider} vad som saknas, och återbetala inget i portalen innan du vet det.",
    ),
    only_whole=Attention(
        "{provider} tillåter ingen återbetalning på {amount} av betalningen, bara en på hela beloppet {paid}.",
        "Gör återbetalning {refund} i portalen hos {provider} (den känns då igen här), "
        "eller ta bort den och gör en på {paid}.",
    ),
    no_owner=Attention(
        "Betalningen för ordern anger inte vilken order den hör till.",
        "Skicka inte varorna innan administratören har kontrollerat att den hör till den här.",
    ),
)
