//! Accesses as the API shows them (2.10).

use super::commands::{Ctx, Refusal, fail};
use super::log::Record;
use super::xml::Xml;

/// The reasons that InsertActivity knows (2.10), each with its number in REASON. The document names no
/// number but the empty REASON of a grant: these numbers are chosen, and a seed may have its own table.
const REASONS: [(&str, &str); 6] = [
    ("DISABLED", "72"),
    ("EXPIRED", "73"),
    ("LOCATION", "1"),
    ("PIN", "3"),
    ("TIME", "2"),
    ("UNKNOWN", "64"),
];

/// The name of a granted access in the table of a seed.
const GRANTED: &str = "GRANTED";

/// The reason of that name, if InsertActivity knows it.
pub(super) fn reason(word: &str) -> Option<&'static str> {
    REASONS.iter().map(|(reason, _)| *reason).find(|reason| *reason == word)
}

/// Accesses in the order of the answer.
pub(super) struct AccessPage<'r> {
    records: Vec<&'r Record>,
    is_last: bool,
}

impl<'r> AccessPage<'r> {
    /// The first `most` of these.
    pub(super) fn of(mut matching: impl Iterator<Item = &'r Record>, most: usize) -> Self {
        let records = matching.by_ref().take(most).collect();
        Self { records, is_last: matching.next().is_none() }
    }

    /// The same, marked as the last.
    pub(super) fn ending_here(self) -> Self {
        Self { is_last: true, ..self }
    }

    /// ACCESSES, with or without the holders.
    pub(super) fn write(&self, ctx: &Ctx<'_>, xml: &mut Xml, holder: bool) {
        xml.element("ACCESSES", |xml| self.records.iter().for_each(|r| access(ctx, xml, r, holder)));
    }

    /// NEXTLOGID: the highest LOGID of the page plus one, in either direction, or `cursor` for an empty page. Where
    /// NetBox ends a listing with it, -1 on the last page (A7).
    pub(super) fn next_logid(&self, ctx: &Ctx<'_>, cursor: Option<u64>) -> String {
        if self.is_last && ctx.ends_with_minus_one() {
            return "-1".to_owned();
        }
        let next = self.records.iter().map(|record| record.id + 1).max().or(cursor);
        next.map(|id| id.to_string()).unwrap_or_default()
    }
}

/// One record, with or without the holder.
fn access(ctx: &Ctx<'_>, xml: &mut Xml, record: &Record, holder: bool) {
    let number = |key: Option<u64>| key.map(|key| key.to_string()).unwrap_or_default();
    let reader = record.reader.and_then(|key| ctx.store.readers.get(&key)).map_or("", |r| r.name.as_str());
    let portal = record.portal.and_then(|key| ctx.store.portals.get(&key)).map_or("", |p| p.name.as_str());
    let at = ctx.date_text(Some(record.at));
    let (kind, reason) = ctx.type_and_reason(record);
    xml.element("ACCESS", |xml| {
        xml.leaf("LOGID", &record.id.to_string());
        if holder {
            xml.leaf("PERSONID", &record.person);
            xml.leaf("READER", reader);
        }
        xml.leaf("DTTM", &at);
        xml.leaf("NODEDTTM", &at);
        xml.leaf("TYPE", kind);
        xml.leaf("REASON", reason);
        xml.leaf("READERKEY", &number(record.reader));
        xml.leaf("PORTALKEY", &number(record.portal));
        xml.leaf("PORTALNAME", portal);
    });
}

impl Ctx<'_> {
    /// TYPE and REASON of an access, by the switch `history.reasons` (2.16 #10, A2).
    fn type_and_reason(&self, record: &Record) -> (&str, &str) {
        let word = if record.is_granted() { GRANTED } else { record.reason };
        let custom = self.reasons.get(word).filter(|_| self.switches.is("history.reasons", "custom"));
        if let Some((kind, reason)) = custom {
            return (kind, reason);
        }
        let number = REASONS.iter().find(|(reason, _)| *reason == record.reason).map_or("", |(_, n)| *n);
        let as_text = self.switches.is("history.reasons", "text");
        (if record.is_granted() { "1" } else { "2" }, if as_text { record.reason } else { number })
    }

    /// Whether NEXTLOGID is -1 on the last page: on older versions, which answer on the old path (A7).
    fn ends_with_minus_one(&self) -> bool {
        self.switches.is("history.end", "minus-one") || self.switches.is("path.v1", "on")
    }

    /// MAXRECORDS within the limits of the switches.
    pub(super) fn max_records(&self) -> Result<usize, Refusal> {
        let asked = match self.params.filled("MAXRECORDS") {
            None => self.switches.count("history.default").unwrap_or(999),
            Some(text) => text.parse().or_else(|_| fail("Invalid MAXRECORDS"))?,
        };
        Ok(asked.min(self.switches.count("history.max").unwrap_or(usize::MAX)))
    }

    /// The accesses of one card, newest first, and NEXTLOGID (2.8).
    pub(super) fn card_accesses(&self, xml: &mut Xml, format: &str, encoded: &str) -> Result<(), Refusal> {
        let most = self.max_records()?;
        let oldest = self.date(self.params, "OLDESTDTTM")?.value();
        let fits =
            |r: &&Record| r.format == format && r.encoded == encoded && oldest.is_none_or(|o| o <= r.at);
        let page = AccessPage::of(self.store.log.accesses_from(0).rev().filter(fits), most);
        page.write(self, xml, false);
        xml.leaf("NEXTLOGID", &page.next_logid(self, None));
        Ok(())
    }
}
