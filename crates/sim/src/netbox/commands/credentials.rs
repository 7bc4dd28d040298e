//! Credentials and card formats (2.8).

use super::super::store::{CARD_STATUSES, Card};
use super::super::xml::Xml;
use super::{Ctx, DateParam, Done, Refusal, Success, fail, people};

/// AddCredential.
pub(super) fn add(ctx: &mut Ctx<'_>) -> Done {
    let key = people::find_living(ctx)?;
    let card = new_card(ctx)?;
    if ctx.store.people.holder(&card.format, &card.encoded).is_some() {
        return match ctx.switches.get("card.duplicate") {
            "code" => Err(Refusal::Duplicate),
            _ => fail("Duplicate Credential"),
        };
    }
    let wanted = ctx.flag("WANTCREDENTIALID")?.unwrap_or(false);
    let id = ctx.store.people.add_card(key, card).ok_or(Refusal::NotFound)?;
    touch(ctx, key);
    Ok(if wanted {
        Success::Details(Xml::new().with("CREDENTIALID", &id.to_string()))
    } else {
        Success::Code
    })
}

/// The card the parameters describe: one number may stand for both.
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

/// The card a command is about: by CREDENTIALID, or by format and one of its numbers. Also whether HOTSTAMP
/// was needed to find it.
fn find(ctx: &Ctx<'_>, person: u64) -> Result<(Card, bool), Refusal> {
    let cards = ctx.store.people.get(person).map(|p| p.cards.as_slice()).unwrap_or_default();
    let absent = || ctx.absent(Refusal::NotFound);
    if let Some(id) = ctx.optional_key("CREDENTIALID")? {
        return cards.iter().find(|c| c.id == id).map(|c| (c.clone(), false)).ok_or_else(absent);
    }
    let format = ctx.required("CARDFORMAT")?;
    let encoded = ctx.params.filled("ENCODEDNUM").and_then(digits);
    let hotstamp = ctx.params.filled("HOTSTAMP");
    if encoded.is_none() && hotstamp.is_none() {
        return fail("Missing ENCODEDNUM");
    }
    let fits = |card: &&Card| match &encoded {
        Some(encoded) => card.encoded == *encoded,
        None => Some(card.hotstamp.as_str()) == hotstamp,
    };
    let card = cards.iter().filter(|card| card.format == format).find(fits);
    card.map(|card| (card.clone(), encoded.is_none())).ok_or_else(absent)
}

/// ModifyCredential.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let key = people::find_living(ctx)?;
    let (mut card, by_hotstamp) = find(ctx, key)?;
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
    let key = people::find_living(ctx)?;
    let (card, _) = find(ctx, key)?;
    ctx.store.people.remove_card(key, card.id);
    touch(ctx, key);
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

/// GetCardAccessDetails: whose card it is and where it was used.
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
