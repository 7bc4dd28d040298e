//! Credentials and card formats (2.8).

use super::super::store::{CARD_STATUSES, Card};
use super::super::xml::Xml;
use super::{Ctx, DateParam, Done, Refusal, Success, fail, people};

/// AddCredential: CREDENTIALID only when asked for.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let key = people::find_living(ctx)?;
    let card = new_card(ctx)?;
    let taken = match ctx.switches.get("card.identity") {
        "number" => ctx.store.people.holds_number(&card.encoded),
        _ => ctx.store.people.holder(&card.format, &card.encoded).is_some(),
    };
    if taken {
        return match ctx.switches.get("card.duplicate") {
            "code" => Err(Refusal::Duplicate),
            _ => fail("Duplicate Credential"),
        };
    }
    let wanted = ctx.flag("WANTCREDENTIALID")?.unwrap_or(false);
    let id = ctx.store.people.add_card(key, card).ok_or(Refusal::NotFound)?;
    touch(ctx, key);
    // The id of the person is in recordings of older versions (A10).
    let mut xml = Xml::new().with("PERSONID", &ctx.subject);
    if wanted {
        xml.leaf("CREDENTIALID", &id.to_string());
    }
    Ok(Success::Details(xml))
}

/// The card that the parameters describe; one number may be both numbers.
fn new_card(ctx: &Ctx<'_>) -> Result<Card, Refusal> {
    let format = ctx.required("CARDFORMAT")?;
    let Some(format) = ctx.store.formats.iter().find(|f| f.name == format) else {
        return fail("CARDFORMAT NOT FOUND");
    };
    if !format.enabled {
        return fail("Card format is not enabled");
    }
    let given = ctx.params.filled("ENCODEDNUM").or_else(|| ctx.params.filled("HOTSTAMP"));
    let Some(given) = given else { return fail("Missing ENCODEDNUM") };
    let Some(encoded) = digits(given) else { return fail("Invalid ENCODEDNUM") };
    if encoded.parse::<u64>().map_or(true, |number| number > format.max) {
        return fail(format!("Encoded number {encoded} is too large for selected format"));
    }
    Ok(Card {
        id: 0,
        format: format.name.clone(),
        hotstamp: ctx.params.filled("HOTSTAMP").unwrap_or(given).to_owned(),
        encoded,
        status: status(ctx)?.unwrap_or("Active"),
        exp: ctx.date(ctx.params, "CARDEXPDATE")?.value(),
    })
}

/// A number without leading zeros.
fn digits(text: &str) -> Option<String> {
    let number = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
    let bare = text.trim_start_matches('0');
    number.then(|| if bare.is_empty() { "0".to_owned() } else { bare.to_owned() })
}

fn status(ctx: &Ctx<'_>) -> Result<Option<&'static str>, Refusal> {
    let Some(wanted) = ctx.params.filled("CARDSTATUS") else { return Ok(None) };
    let known = CARD_STATUSES.into_iter().find(|status| *status == wanted);
    known.map_or_else(|| fail(format!("Card status does not exist: {wanted}")), |status| Ok(Some(status)))
}

fn touch(ctx: &mut Ctx<'_>, key: u64) {
    let (local, user) = (ctx.local, ctx.user());
    if let Some(person) = ctx.store.people.get_mut(key) {
        (person.edited, person.edited_by) = (local, user);
    }
}

/// The name of a credential.
enum Key {
    /// CREDENTIALID.
    Id(u64),
    /// The printed or the encoded number, in one format or in any.
    Number { number: Number, format: Option<String> },
}

enum Number {
    Encoded(String),
    Hotstamp(String),
}

impl Key {
    /// CREDENTIALID, or one of the numbers with CARDFORMAT, which may be missing when `any_format` says so.
    fn of(ctx: &Ctx<'_>, any_format: bool) -> Result<Self, Refusal> {
        if let Some(id) = ctx.optional_key("CREDENTIALID")? {
            return Ok(Self::Id(id));
        }
        if !any_format {
            ctx.required("CARDFORMAT")?;
        }
        let encoded = ctx.params.filled("ENCODEDNUM").and_then(digits).map(Number::Encoded);
        let hotstamp = || ctx.params.filled("HOTSTAMP").map(|text| Number::Hotstamp(text.to_owned()));
        let number = encoded.or_else(hotstamp).map_or_else(|| fail("Missing ENCODEDNUM"), Ok)?;
        Ok(Self::Number { number, format: ctx.params.filled("CARDFORMAT").map(str::to_owned) })
    }

    fn fits(&self, card: &Card) -> bool {
        match self {
            Self::Id(id) => card.id == *id,
            Self::Number { number, format } => {
                let same = match number {
                    Number::Encoded(number) => card.encoded == *number,
                    Number::Hotstamp(number) => card.hotstamp == *number,
                };
                same && format.as_ref().is_none_or(|format| card.format == *format)
            }
        }
    }

    const fn is_hotstamp(&self) -> bool {
        matches!(self, Self::Number { number: Number::Hotstamp(_), .. })
    }
}

/// The credential of a command.
struct Found {
    /// Key of its holder.
    holder: u64,
    /// The credential.
    card: Card,
    /// Whether HOTSTAMP was needed to find it.
    by_hotstamp: bool,
}

/// The credential that a command names: PERSONID and a [`Key`]. Clients in use omit PERSONID, and some omit CARDFORMAT
/// when they remove a credential; the rest must then name exactly one credential (A3).
fn find(ctx: &mut Ctx<'_>, any_format: bool) -> Result<Found, Refusal> {
    let lenient = ctx.switches.is("card.key", "lenient");
    let holder = match ctx.params.filled("PERSONID") {
        None if lenient => None,
        _ => Some(people::find_living(ctx)?),
    };
    let key = Key::of(ctx, any_format && lenient)?;
    if holder.is_none() && key.is_hotstamp() {
        // The printed number of a card is not unique: without the holder it names no credential.
        ctx.required("PERSONID")?;
    }
    let (holder, card) = only(ctx, holder, &key)?;
    ctx.subject = ctx.store.people.get(holder).map(|person| person.id.clone()).unwrap_or_default();
    Ok(Found { holder, card, by_hotstamp: key.is_hotstamp() })
}

/// The one matching credential of this holder, or of all people in the caller's partition.
fn only(ctx: &Ctx<'_>, holder: Option<u64>, key: &Key) -> Result<(u64, Card), Refusal> {
    let people = ctx.store.people.live_from(holder.unwrap_or(0));
    let people = people.take_while(|(person, _)| holder.is_none_or(|holder| *person == holder));
    let visible = people.filter(|(_, person)| holder.is_some() || person.partition == ctx.partition());
    let cards = visible.flat_map(|(person, held)| held.cards.iter().map(move |card| (person, card)));
    let mut fitting = cards.filter(|(_, card)| key.fits(card));
    let (holder, card) = fitting.next().ok_or_else(|| ctx.absent(Refusal::NotFound))?;
    if fitting.next().is_some() {
        return fail("More than one credential has this number");
    }
    Ok((holder, card.clone()))
}

/// ModifyCredential.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let Found { holder: key, mut card, by_hotstamp } = find(ctx, false)?;
    let hotstamp = ctx.params.filled("HOTSTAMP").filter(|_| !by_hotstamp);
    let (disabled, status) = (ctx.flag("DISABLED")?, status(ctx)?);
    let exp = ctx.date(ctx.params, "CARDEXPDATE")?;
    if disabled.is_none() && status.is_none() && hotstamp.is_none() && exp == DateParam::Absent {
        return fail(
            "At least one of Disabled, Hotstamp, Card Status or Card Expiration date parameters must be specified.",
        );
    }
    if disabled.is_some() && status.is_some() {
        return fail("Only one of Disabled and Card Status parameters may be specified.");
    }
    let by_flag = disabled.map(|disabled| if disabled { "Disabled" } else { "Active" });
    card.status = status.or(by_flag).unwrap_or(card.status);
    card.exp = exp.over(card.exp);
    card.hotstamp = hotstamp.map_or(card.hotstamp, str::to_owned);
    let person = ctx.store.people.get_mut(key);
    let held = person.and_then(|p| p.cards.iter_mut().find(|held| held.id == card.id));
    if let Some(held) = held {
        *held = card;
    }
    touch(ctx, key);
    Ok(Success::Code)
}

/// RemoveCredential.
pub(super) fn remove(ctx: &mut Ctx<'_>) -> Done {
    let Found { holder, card, .. } = find(ctx, true)?;
    ctx.store.people.remove_card(holder, card.id);
    touch(ctx, holder);
    Ok(Success::Code)
}

/// GetCardFormats: plain names, enabled or not.
pub(super) fn formats(ctx: &mut Ctx<'_>) -> Done {
    let keep = ctx.twists.short().unwrap_or(usize::MAX);
    let mut xml = Xml::new();
    xml.element("CARDFORMATS", |xml| {
        ctx.store.formats.iter().take(keep).for_each(|format| xml.leaf("CARDFORMAT", &format.name));
    });
    Ok(Success::Details(xml))
}

/// GetCardAccessDetails: the holder of a card and its accesses.
pub(super) fn access_details(ctx: &mut Ctx<'_>) -> Done {
    let encoded = digits(ctx.required("ENCODEDNUM")?).unwrap_or_default();
    let format = ctx.required("CARDFORMAT")?.to_owned();
    let holder = ctx.store.people.holder(&format, &encoded).and_then(|key| ctx.store.people.get(key));
    let Some(person) = holder else { return Err(ctx.absent(Refusal::NotFound)) };
    let Some(card) = person.cards.iter().find(|c| c.format == format && c.encoded == encoded) else {
        return Err(ctx.absent(Refusal::NotFound));
    };
    let mut xml = Xml::new().with("PERSONID", &person.id);
    xml.leaf("DISABLED", if card.status == "Active" { "0" } else { "1" });
    xml.leaf("EXPDATE", &ctx.date_text(card.exp));
    ctx.card_accesses(&mut xml, &format, &encoded)?;
    Ok(Success::Details(xml))
}
