//! A person as GetPerson and SearchPersonData show it (2.7).

use super::super::store::{Assignment, Card, Person};
use super::super::xml::Xml;
use super::{Ctx, Refusal};

/// The optional parts that the caller asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    level_details: bool,
    credential_ids: bool,
}

impl Shape {
    pub(super) fn of(ctx: &Ctx<'_>) -> Result<Self, Refusal> {
        let details = ctx.flag("ACCESSLEVELDETAILS")?.unwrap_or(false);
        let level_details = details && ctx.switches.is("levels.details", "blocks");
        Ok(Self { level_details, credential_ids: ctx.flag("WANTCREDENTIALID")?.unwrap_or(false) })
    }

    /// Writes all fields and containers, also empty ones.
    pub(super) fn write(self, ctx: &Ctx<'_>, xml: &mut Xml, person: &Person) {
        let text = |xml: &mut Xml, name: &str| xml.leaf(name, person.text(name));
        let partition = ctx.store.partitions.get(&person.partition).map_or("", |p| p.name.as_str());
        xml.leaf("PERSONID", &person.id);
        for name in ["FIRSTNAME", "MIDDLENAME", "LASTNAME", "USERNAME", "ROLE", "AUTHTYPE"] {
            text(xml, name);
        }
        xml.leaf("PARTITION", partition);
        xml.leaf("ACTDATE", &ctx.date_text(person.act));
        xml.leaf("EXPDATE", &ctx.date_text(person.exp));
        for number in 1..=20 {
            text(xml, &format!("UDF{number}"));
        }
        text(xml, "PIN");
        text(xml, "NOTES");
        xml.leaf("DELETED", if person.deleted { "TRUE" } else { "FALSE" });
        text(xml, "PICTUREURL");
        text(xml, "BADGELAYOUT");
        xml.leaf("LASTMOD", &person.edited.date().to_string());
        xml.leaf("LASTEDIT", &ctx.date_text(Some(person.edited)));
        xml.leaf("LASTEDITPERSONID", &person.edited_by);
        for name in CONTACT {
            text(xml, name);
        }
        self.containers(ctx, xml, person);
    }

    fn containers(self, ctx: &Ctx<'_>, xml: &mut Xml, person: &Person) {
        xml.element("VEHICLES", |xml| {
            for vehicle in &person.vehicles {
                xml.element("VEHICLE", |xml| vehicle.iter().for_each(|(name, value)| xml.leaf(name, value)));
            }
        });
        xml.element("ACCESSLEVELS", |xml| {
            person.levels.iter().for_each(|assignment| self.level(ctx, xml, assignment));
        });
        xml.element("ACCESSCARDS", |xml| person.cards.iter().for_each(|card| self.card(ctx, xml, card)));
    }

    fn level(self, ctx: &Ctx<'_>, xml: &mut Xml, assignment: &Assignment) {
        let name = ctx.store.levels.get(&assignment.level).map_or("", |level| level.name.as_str());
        if !self.level_details {
            return xml.leaf("ACCESSLEVEL", name);
        }
        xml.element("ACCESSLEVEL", |xml| {
            xml.leaf("ACCESSLEVELNAME", name);
            xml.leaf("ACTDATE", &ctx.date_text(assignment.act));
            xml.leaf("EXPDATE", &ctx.date_text(assignment.exp));
            xml.leaf("AUTOREMOVE", if assignment.auto_remove { "1" } else { "0" });
        });
    }

    fn card(self, ctx: &Ctx<'_>, xml: &mut Xml, card: &Card) {
        xml.element("ACCESSCARD", |xml| {
            xml.leaf("ENCODEDNUM", &card.encoded);
            xml.leaf("HOTSTAMP", &card.hotstamp);
            xml.leaf("CARDFORMAT", &card.format);
            xml.leaf("DISABLED", if card.status == "Active" { "0" } else { "1" });
            xml.leaf("CARDSTATUS", card.status);
            xml.leaf("CARDEXPDATE", &ctx.date_text(card.exp));
            if self.credential_ids {
                xml.leaf("CREDENTIALID", &card.id.to_string());
            }
        });
    }
}

const CONTACT: [&str; 10] = [
    "CONTACTPHONE",
    "MOBILEPHONE",
    "CONTACTEMAIL",
    "CONTACTSMSEMAIL",
    "CONTACTLOCATION",
    "OTHERCONTACTNAME",
    "OTHERCONTACTPHONE1",
    "OTHERCONTACTPHONE2",
    "MSUENABLED",
    "BLUEDIAMONDENABLED",
];
