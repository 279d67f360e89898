"""The texts that records are filled with: names, sentences, HTML and tags as people type them."""

from __future__ import annotations

COMPANIES = (
    "Alder & Finch", "Børsen Data", "Cartwheel", "Dunmore Dental", "Estuary", "Ferrous Labs", "Göteborg Bikes",
    "Harbour Nine", "Inkwell", "Jötunn Energi", "Kestrel Maps", "Łódź Logistics", "Müller & Söhne", "Northgate",
    "O'Hara Foods", "Pálinka 🍑", "Quay Street", "Río Claro", 'Saffron "Deli"', "東京観測", "Umbra", "Vellum/Co",
    "Westering", "Xylo", "Yarrow", "Zephyr\tWorks",
)  # fmt: skip
FORMS = ("", " Ltd", " GmbH", " Inc.", " S.A.", " Group", " Holdings", " – Europe")
FIRST = (
    "Ada", "Björn", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Håkon", "Inês", "Jun", "Katarzyna", "Léa",
    "Mohamed", "Niamh", "Óscar", "Priya", "Quentin", "Ruth", "Søren", "Thandiwe", "Uma", "Víctor", "Wen", "Zoë",
)  # fmt: skip
LAST = (
    "Abara", "Brandt", "Castillo", "Das", "Engström", "Fitzgerald", "García-López", "Haddad", "Ivanova", "Jansen",
    "Kowalski", "Li", "Müller", "Nakamura", "O'Neill", "Petrović", "Quinn", "Rossi", "Singh", "Tanaka",
)  # fmt: skip
SUBJECTS = (
    "Quarterly review", "Renewal: next steps", "Onboarding call 📞", "Escalation — data delay", "Seats & pricing",
    "Re: Re: invoice 4471", "Feature request: export", "Kick-off", "Health check", "Intégration Salesforce",
    'Question about "roles"', "Champion is leaving 😟", "Security questionnaire", "データ移行", "Training plan",
)  # fmt: skip
SENTENCES = (
    "The team rolled the dashboard out to two more departments and asks for <b>single sign-on</b> before March.",
    "Usage fell by 18&nbsp;% after the reorganisation; the new admin has not logged in yet.",
    "They compare us with a rival, mostly on price &amp; on reporting 📊.",
    "<em>Action:</em> send the draft order form, copy their finance lead, and book a call for next week.",
    'Ticket <a href="https://support.example.net/t/4471">#4471</a> is still open and blocks the roll-out.',
    "Champion moved to another company; we need a second contact at director level.",
    "“Great support, slow exports”, says the survey, and the numbers agree: p95 went from 4 s to 11 s.",
    "Großes Interesse an der API, besonders an inkrementellen Abfragen ✅.",
    "Renewal likely, upsell open: 40 seats now, 65 asked for, price list 2025 applies.",
    "El cliente pidió una demostración para el equipo de Bogotá la próxima semana.",
    "They liked the workshop 🎉 and want the recording.<br>No blockers.",
    "Their warehouse reads C:\\exports\\daily every night; nobody knows who owns the job.",
)  # fmt: skip
TAGS = (
    "renewal", "risk", "🔥 urgent", "Q1", "q1", "onboarding", "exec sponsor", "beta", "churn-risk", "日本", "upsell",
    "needs:reply",
)  # fmt: skip
AREAS = ("Finance", "People & Culture", "IT", "Sales", "Support", "R&D", "Légal", "Operations")
SEGMENTS = (
    "Enterprise", "Mid-market", "SMB", "At risk", "Healthy 💚", "EMEA", "North America", "APAC", "Trial", "Power users",
)  # fmt: skip
ROLES = ("Executive sponsor", "Champion", "Billing contact", "Technical lead", "CSM", "Account executive")
JUNK_AVATARS = ("<img src='x' onerror='1'>", "data:image/png;base64,", "n/a", "//cdn.example.net/a.png?s=80&d=mm", "")
CHANNELS = ("zendesk", "intercom", "google", "slack", "zapier", "hubspot")
PLANS = ("free", "team", "business", "enterprise")


def company(dice: int) -> str:
    """A company's name."""
    return f"{COMPANIES[dice % len(COMPANIES)]}{FORMS[dice // 64 % len(FORMS)]}"


def person(dice: int) -> str:
    """A person's name."""
    return f"{FIRST[dice % len(FIRST)]} {LAST[dice // 64 % len(LAST)]}"


def html(dice: int, sentences: int) -> str:
    """Paragraphs in the mark-up that the vendor lets through."""
    size = len(SENTENCES)
    return "".join(f"<p>{SENTENCES[(dice >> step * 3) % size]}</p>" for step in range(sentences))


def some(pool: tuple[str, ...], dice: int, count: int) -> list[str]:
    """`count` different entries of a pool, in an order that means nothing."""
    start, size = dice % len(pool), len(pool)
    return [pool[(start + step * 5) % size] for step in range(min(count, size))]
