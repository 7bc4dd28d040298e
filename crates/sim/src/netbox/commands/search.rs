//! SearchPersonData: every parameter is an optional filter (2.7).

use jiff::civil::Date;

use super::super::dates::read_date;
use super::super::store::{CARD_STATUSES, Card, Person, TEXTS};
use super::person_xml::Shape;
use super::{Ctx, Done, Refusal, Start, fail};

/// SearchPersonData.
pub(super) fn search(ctx: &mut Ctx<'_>) -> Done {
    let filter = Filter::of(ctx)?;
    let shape = Shape::of(ctx)?;
    ctx.subject = filter.subject();
    let Start::At(start) = ctx.start()? else {
        return Ok(Ctx::past_end().into_details("PEOPLE"));
    };
    let people = &ctx.store.people;
    let pool: Box<dyn Iterator<Item = (u64, &Person)>> = match (&filter.exact_id(), filter.deleted) {
        (Some(id), _) => {
            let key = people.find(id).filter(|key| *key >= start);
            Box::new(key.and_then(|key| Some((key, people.get(key)?))).into_iter())
        }
        (None, Some(false)) => Box::new(people.live_from(start)),
        (None, _) => Box::new(people.from(start)),
    };
    let page = ctx.page(pool.filter(|(_, person)| filter.takes(ctx, person)), |ctx, xml, _, person| {
        xml.element("PERSON", |xml| shape.write(ctx, xml, person));
    });
    // A shortened list is still a success; a listing that ends later has -1.
    if page.count == 0 && start == 0 && ctx.twists.short().is_none() {
        return Err(ctx.absent(Refusal::NotFound));
    }
    Ok(page.into_details("PEOPLE"))
}

/// The comparison of texts.
#[derive(Clone, Debug, Default)]
struct Compare {
    fold: bool,
    wildcard: Option<char>,
}

#[derive(Clone, Debug, Default)]
struct Filter {
    compare: Compare,
    id: Option<String>,
    texts: Vec<(&'static str, String)>,
    /// Keys of the level that is searched for; none when no level has the name.
    level: Option<Vec<u64>>,
    card: Vec<CardFilter>,
    vehicle: Vec<(&'static str, String)>,
    oldest: Option<Date>,
    newest: Option<Date>,
    deleted: Option<bool>,
    partition: Option<u64>,
}

#[derive(Clone, Debug)]
enum CardFilter {
    Hotstamp(String),
    Encoded(String),
    Format(String),
    Status(String),
}

impl Filter {
    fn of(ctx: &Ctx<'_>) -> Result<Self, Refusal> {
        let filled = |name: &str| ctx.params.filled(name).map(str::to_owned);
        let texts = TEXTS.into_iter().filter_map(|name| Some((name, filled(name)?))).collect();
        let vehicles = ["VEHICLELICNUM", "VEHICLETAGNUM"];
        let level = |name: String| ctx.store.level_key(&name, ctx.partition()).into_iter().collect();
        let all = ctx.flag("ALLPARTITIONS")?;
        let all = all.unwrap_or_else(|| ctx.switches.is("search.partitions", "all"));
        Ok(Self {
            compare: Compare::of(ctx)?,
            id: filled("PERSONID"),
            texts,
            level: filled("ACCESSLEVEL").map(level),
            card: card_filters(ctx)?,
            vehicle: vehicles.into_iter().filter_map(|name| Some((name, filled(name)?))).collect(),
            oldest: date(ctx, "OLDESTLASTMOD")?,
            newest: date(ctx, "NEWESTLASTMOD")?,
            deleted: deleted(ctx)?,
            partition: (!all).then(|| ctx.partition()),
        })
    }

    /// The id, if it can be looked up instead of compared.
    fn exact_id(&self) -> Option<String> {
        self.id.clone().filter(|_| !self.compare.fold && self.compare.wildcard.is_none())
    }

    fn subject(&self) -> String {
        let texts = self.texts.iter().map(|(name, value)| format!("{name}={value}"));
        self.id.iter().map(|id| format!("PERSONID={id}")).chain(texts).collect::<Vec<_>>().join(" ")
    }

    fn takes(&self, ctx: &Ctx<'_>, person: &Person) -> bool {
        let day = person.edited.date();
        self.deleted.is_none_or(|wanted| person.deleted == wanted)
            && self.partition.is_none_or(|wanted| person.partition == wanted)
            && self.id.as_ref().is_none_or(|id| self.compare.same(id, &person.id))
            && self.texts.iter().all(|(name, value)| self.compare.same(value, person.text(name)))
            && self
                .level
                .as_ref()
                .is_none_or(|wanted| person.levels.iter().any(|held| wanted.contains(&held.level)))
            && self.oldest.is_none_or(|oldest| oldest <= day)
            && self.newest.is_none_or(|newest| day <= newest)
            && self.takes_things(person)
            && (ctx.store.partitions.contains_key(&person.partition))
    }

    fn takes_things(&self, person: &Person) -> bool {
        let fits = |card: &Card| self.card.iter().all(|filter| filter.takes(&self.compare, card));
        let cards = self.card.is_empty() || person.cards.iter().any(fits);
        let vehicle = |(name, value): &(&str, String)| {
            let mut plates = person.vehicles.iter().filter_map(|v| v.get(*name));
            plates.any(|plate| self.compare.same(value, plate))
        };
        cards && self.vehicle.iter().all(vehicle)
    }
}

impl CardFilter {
    fn takes(&self, compare: &Compare, card: &Card) -> bool {
        match self {
            Self::Hotstamp(value) => compare.same(value, &card.hotstamp),
            Self::Encoded(value) => compare.same(value, &card.encoded),
            Self::Format(value) => compare.same(value, &card.format),
            Self::Status(value) => value == card.status,
        }
    }
}

fn card_filters(ctx: &Ctx<'_>) -> Result<Vec<CardFilter>, Refusal> {
    let filled = |name: &str| ctx.params.filled(name).map(str::to_owned);
    let status = filled("CARDSTATUS");
    if let Some(status) = status.as_deref().filter(|status| !CARD_STATUSES.contains(status)) {
        return fail(format!("Card status does not exist: {status}"));
    }
    let filters = [
        filled("HOTSTAMP").map(CardFilter::Hotstamp),
        filled("RAWCARDNUMBER").map(CardFilter::Encoded),
        filled("CARDFORMAT").map(CardFilter::Format),
        status.map(CardFilter::Status),
    ];
    Ok(filters.into_iter().flatten().collect())
}

/// `None`: both. Without DELETED the switch `search.deleted` decides (2.16 #14).
fn deleted(ctx: &Ctx<'_>) -> Result<Option<bool>, Refusal> {
    match ctx.params.filled("DELETED").unwrap_or_else(|| ctx.switches.get("search.deleted")) {
        all if all.eq_ignore_ascii_case("ALL") => Ok(None),
        text => ctx.read_flag("DELETED", text).map(Some),
    }
}

fn date(ctx: &Ctx<'_>, name: &str) -> Result<Option<Date>, Refusal> {
    let Some(text) = ctx.params.filled(name) else { return Ok(None) };
    let day = text.split(' ').next().and_then(read_date);
    day.map_or_else(|| fail(format!("Invalid {name}")), |day| Ok(Some(day)))
}

impl Compare {
    fn of(ctx: &Ctx<'_>) -> Result<Self, Refusal> {
        let wild = ctx.flag("WILDCARDSEARCH")?.unwrap_or(false);
        let sign = ctx.switches.get("search.wildcard").chars().next().filter(|c| "*%".contains(*c));
        Ok(Self { fold: ctx.flag("CASEINSENSITIVE")?.unwrap_or(false), wildcard: sign.filter(|_| wild) })
    }

    fn same(&self, wanted: &str, found: &str) -> bool {
        if self.fold {
            return self.matches(&wanted.to_lowercase(), &found.to_lowercase());
        }
        self.matches(wanted, found)
    }

    /// With a wildcard the pieces of the text must occur in order, which needs no backtracking.
    fn matches(&self, wanted: &str, found: &str) -> bool {
        let Some(sign) = self.wildcard.filter(|sign| wanted.contains(*sign)) else {
            return wanted == found;
        };
        let pieces: Vec<&str> = wanted.split(sign).collect();
        let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
        let Some(rest) = found.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
            return false;
        };
        let middle = &pieces[1..pieces.len() - 1];
        let step = |rest: &str, piece: &&str| rest.find(piece).map(|at| at + piece.len());
        middle.iter().try_fold(rest, |rest, piece| step(rest, piece).map(|at| &rest[at..])).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_any_text_and_only_when_switched_on() {
        let star = Compare { fold: false, wildcard: Some('*') };
        for (wanted, found) in
            [("a*", "abc"), ("*c", "abc"), ("a*c", "ac"), ("*b*", "abc"), ("*", ""), ("a*b*c", "axbyc")]
        {
            assert!(star.same(wanted, found), "{wanted} {found}");
        }
        for (wanted, found) in [("a*a", "a"), ("b*", "abc"), ("a*x*c", "abc"), ("A*", "abc")] {
            assert!(!star.same(wanted, found), "{wanted} {found}");
        }
        assert!(!Compare::default().same("a*", "abc"));
        assert!(Compare { fold: true, wildcard: None }.same("ÄB", "äb"));
    }
}
