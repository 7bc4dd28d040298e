//! Accesses as the API shows them (2.10).

use super::commands::{Ctx, Refusal, fail};
use super::log::Record;
use super::xml::Xml;

/// One record, with or without the holder.
pub(super) fn access(ctx: &Ctx<'_>, xml: &mut Xml, record: &Record, holder: bool) {
    let number = |key: Option<u64>| key.map(|key| key.to_string()).unwrap_or_default();
    let reader = record.reader.and_then(|key| ctx.store.readers.get(&key)).map_or("", |r| r.name.as_str());
    let portal = record.portal.and_then(|key| ctx.store.portals.get(&key)).map_or("", |p| p.name.as_str());
    let at = ctx.date_text(Some(record.at));
    xml.element("ACCESS", |xml| {
        xml.leaf("LOGID", &record.id.to_string());
        if holder {
            xml.leaf("PERSONID", &record.person);
            xml.leaf("READER", reader);
        }
        xml.leaf("DTTM", &at);
        xml.leaf("NODEDTTM", &at);
        xml.leaf("TYPE", &record.kind);
        xml.leaf("REASON", &record.reason);
        xml.leaf("READERKEY", &number(record.reader));
        xml.leaf("PORTALKEY", &number(record.portal));
        xml.leaf("PORTALNAME", portal);
    });
}

impl Ctx<'_> {
    /// MAXRECORDS within what the switches allow.
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
        let found: Vec<&Record> = self.store.log.accesses_from(0).rev().filter(fits).take(most).collect();
        xml.element("ACCESSES", |xml| found.iter().for_each(|record| access(self, xml, record, false)));
        let next = found.iter().map(|record| record.id + 1).max();
        xml.leaf("NEXTLOGID", &next.map(|id| id.to_string()).unwrap_or_default());
        Ok(())
    }
}
